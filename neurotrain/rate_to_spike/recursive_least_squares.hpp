// Recursive least squares without forgetting: P = (alpha I + sum of s s')^-1, the gain P s / (1 + s' P s).
//
// An update reads and writes all of P, so that memory is what it costs. Half of that is spared by
// keeping the lower triangle only, in tiles of SIDE x SIDE; and most of the writing by keeping the
// last updates aside: P = tiles - W W', where an update adds a column to W, and every PENDING
// updates W W' goes into the tiles at once.
class RecursiveLeastSquares {
 public:
  // `tiles` by columns of tiles, from the diagonal down, each tile by columns; diagonal tiles whole.
  // Vectors have `tiles_to_a_side` * SIDE values, zeros at the end. Those after the first
  // `used_tiles` * SIDE, where there is nothing but zeros, are left out.
  RecursiveLeastSquares(int64_t tiles_to_a_side, double *tiles, double *columns, int64_t *pending,
                        int64_t used_tiles)
      : side_(tiles_to_a_side), used_(used_tiles), size_(used_ * SIDE), tiles_(tiles),
        columns_(columns), pending_(*pending) {}
  RecursiveLeastSquares(int64_t tiles_to_a_side, double *tiles, double *columns, int64_t *pending)
      : RecursiveLeastSquares(tiles_to_a_side, tiles, columns, pending, tiles_to_a_side) {}

  int64_t size() const { return size_; }

  // Takes in the regressors; `gain` is that of the updated P.
  void update(const double *s, double *gain) {
    double *column = next_column();
    product(s, column);
    const double denominator = 1 + dot(column, s, size_);
    for (int64_t i = 0; i < size_; i++) gain[i] = column[i] / denominator;
    subtract_column(denominator);
  }

  // y = P x
  void product(const double *x, double *y) const {
    multiply_tiles(x, y);
    for (int64_t c = 0; c < pending_; c++) {
      const double *earlier = columns_ + c * side_ * SIDE;
      add_scaled(y, -dot(earlier, x, size_), earlier, size_);
    }
  }

  // Where to put the column c for P -= c c' / divisor.
  double *next_column() { return columns_ + pending_ * side_ * SIDE; }
  void subtract_column(double divisor) {
    double *column = next_column();
    const double root = std::sqrt(divisor);
    for (int64_t i = 0; i < size_; i++) column[i] /= root;
    if (++pending_ == PENDING) flush();
  }

  // P += c c' / divisor
  void add_column(const double *c, double divisor) {
    flush();
    const double root = std::sqrt(divisor);
    for (int64_t i = 0; i < size_; i++) columns_[i] = c[i] / root;
    pending_ = 1;
    each_tile<1>();
  }

  // Brings all that is pending into the tiles.
  void flush() { each_tile<-1>(); }

  // Puts row and column `from` in the place of `to`, of the first `count`, and leaves zeros.
  void move(int64_t from, int64_t to, int64_t count) {
    flush();
    const double own = *at(from, from);
    for (int64_t k = 0; k < count; k++) set(to, k, *at(from, k));
    set(to, to, own);
    for (int64_t k = 0; k < count; k++) set(from, k, 0);
  }

 private:
  static const int ROWS = SIDE / LANES;

  double *tiles_of_column(int64_t j) const {
    return tiles_ + (j * side_ - j * (j - 1) / 2) * SIDE * SIDE;
  }

  double *at(int64_t i, int64_t j) const {
    if (i / SIDE < j / SIDE) std::swap(i, j);
    double *tile = tiles_of_column(j / SIDE) + (i / SIDE - j / SIDE) * SIDE * SIDE;
    return tile + j % SIDE * SIDE + i % SIDE;
  }

  void set(int64_t i, int64_t j, double value) {
    *at(i, j) = *at(j, i) = value;
  }

  void multiply_tiles(const double *x, double *y) const {
    memset(y, 0, size_ * sizeof(double));
    for (int64_t j = 0; j < used_; j++) {
      const double *tile = tiles_of_column(j);
      V below[SIDE] = {};
      add_tile<false>(tile, x + j * SIDE, x + j * SIDE, y + j * SIDE, below);
      tile += SIDE * SIDE;
      for (int64_t i = j + 1; i < used_; i++, tile += SIDE * SIDE)
        add_tile<true>(tile, x + j * SIDE, x + i * SIDE, y + i * SIDE, below);
      for (int64_t k = 0; k < SIDE; k++) y[j * SIDE + k] += sum_of_lanes(below[k]);
    }
  }

  // y_i += T x_j, and where the tile stands for its mirror image too, below += T' x_i.
  template <bool mirrored>
  INLINE void add_tile(const double *tile, const double *x_j, const double *x_i, double *y_i,
                              V *below) {
    V sums[ROWS], rows[ROWS];
    for (int r = 0; r < ROWS; r++) {
      sums[r] = load(y_i + r * LANES);
      rows[r] = load(x_i + r * LANES);
    }
    for (int64_t k = 0; k < SIDE; k++) {
      const V x = vec(x_j[k]);
      V sum = below[k];
      for (int r = 0; r < ROWS; r++) {
        const V values = load(tile + k * SIDE + r * LANES);
        sums[r] = fused(values, x, sums[r]);
        if (mirrored) sum = fused(values, rows[r], sum);
      }
      if (mirrored) below[k] = sum;
    }
    for (int r = 0; r < ROWS; r++) store(y_i + r * LANES, sums[r]);
  }

  template <int sign> void each_tile() {
    for (int64_t j = 0; j < used_; j++) {
      double *tile = tiles_of_column(j);
      for (int64_t i = j; i < used_; i++, tile += SIDE * SIDE) add_pending<sign>(tile, i, j);
    }
    pending_ = 0;
  }

  template <int sign> void add_pending(double *tile, int64_t i, int64_t j) const {
    static const int HIGH = ROWS < 4 ? ROWS : 4, WIDE = 4;
    for (int64_t row = 0; row < SIDE; row += HIGH * LANES)
      for (int64_t k = 0; k < SIDE; k += WIDE) {
        V sums[WIDE][HIGH];
        for (int q = 0; q < WIDE; q++)
          for (int r = 0; r < HIGH; r++)
            sums[q][r] = load(tile + (k + q) * SIDE + row + r * LANES);
        for (int64_t c = 0; c < pending_; c++) {
          const double *column = columns_ + c * side_ * SIDE;
          for (int q = 0; q < WIDE; q++) {
            const V factor = vec(sign * column[j * SIDE + k + q]);
            for (int r = 0; r < HIGH; r++)
              sums[q][r] = fused(load(column + i * SIDE + row + r * LANES), factor, sums[q][r]);
          }
        }
        for (int q = 0; q < WIDE; q++)
          for (int r = 0; r < HIGH; r++)
            store(tile + (k + q) * SIDE + row + r * LANES, sums[q][r]);
      }
  }

  const int64_t side_, used_, size_;
  double *const tiles_, *const columns_;
  int64_t &pending_;
};

// Of regressors that somebody else simulates.
extern "C" void neurotrain_update(int64_t tiles_to_a_side, double *tiles, double *columns,
                                  int64_t *pending, const double *s, double *gain) {
  RecursiveLeastSquares(tiles_to_a_side, tiles, columns, pending).update(s, gain);
}

extern "C" void neurotrain_flush(int64_t tiles_to_a_side, double *tiles, double *columns,
                                 int64_t *pending) {
  RecursiveLeastSquares(tiles_to_a_side, tiles, columns, pending).flush();
}
