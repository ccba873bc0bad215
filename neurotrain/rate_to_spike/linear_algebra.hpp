// Products of matrices and vectors of doubles, vectorized for whatever processor compiles them.

INLINE V load(const double *x) {
  V value;
  memcpy(&value, x, WIDTH);
  return value;
}
INLINE void store(double *x, V value) { memcpy(x, &value, WIDTH); }

static double dot(const double *a, const double *b, int64_t n) {
  V sums[4] = {};
  int64_t i = 0;
  for (; i + 4 * LANES <= n; i += 4 * LANES)
    for (int r = 0; r < 4; r++)
      sums[r] = fused(load(a + i + r * LANES), load(b + i + r * LANES), sums[r]);
  for (; i + LANES <= n; i += LANES) sums[0] = fused(load(a + i), load(b + i), sums[0]);
  double sum = sum_of_lanes((sums[0] + sums[1]) + (sums[2] + sums[3]));
  for (; i < n; i++) sum += a[i] * b[i];
  return sum;
}

// y += scale * x
static void add_scaled(double *__restrict y, double scale, const double *__restrict x,
                       int64_t n) {
  for (int64_t i = 0; i < n; i++) y[i] += scale * x[i];
}

// y = A x, for A (rows, columns) by rows.
static void multiply(const double *a, const double *x, double *y, int64_t rows, int64_t columns) {
  for (int64_t i = 0; i < rows; i++) y[i] = dot(a + i * columns, x, columns);
}

// y += A x, for A by columns, which skips the columns that nothing goes into.
static void add_columns(const double *a, const double *x, double *y, int64_t rows,
                        int64_t columns) {
  for (int64_t j = 0; j < columns; j++)
    if (x[j] != 0) add_scaled(y, x[j], a + j * rows, rows);
}
