// Runge-Kutta methods and the linear algebra of their implicit stages.
static const int MOST_STAGES = 7;

// The new state is y + h sum_i b_i k_i, its error about h sum_i e_i k_i, of size h^order.
struct Method {
  int n_stages;
  bool implicit, last_is_first;
  int order;
  T a[MOST_STAGES][MOST_STAGES], b[MOST_STAGES], e[MOST_STAGES];
  double c[MOST_STAGES];
};

// The classical method of order 4; without an estimate of the error.
static const Method RK4 = {
    4, false, false, 4,
    {{}, {T(1. / 2)}, {0, T(1. / 2)}, {0, 0, 1}},
    {T(1. / 6), T(1. / 3), T(1. / 3), T(1. / 6)},
    {},
    {0, 1. / 2, 1. / 2, 1}};

// Dormand and Prince, J. Comput. Appl. Math. 6 (1980) 19-26: order 5, with an estimate of order 4.
static const Method DOPRI5 = {
    7, false, true, 5,
    {{},
     {T(1. / 5)},
     {T(3. / 40), T(9. / 40)},
     {T(44. / 45), T(-56. / 15), T(32. / 9)},
     {T(19372. / 6561), T(-25360. / 2187), T(64448. / 6561), T(-212. / 729)},
     {T(9017. / 3168), T(-355. / 33), T(46732. / 5247), T(49. / 176), T(-5103. / 18656)},
     {T(35. / 384), 0, T(500. / 1113), T(125. / 192), T(-2187. / 6784), T(11. / 84)}},
    {T(35. / 384), 0, T(500. / 1113), T(125. / 192), T(-2187. / 6784), T(11. / 84), 0},
    {T(71. / 57600), 0, T(-71. / 16695), T(71. / 1920), T(-17253. / 339200), T(22. / 525),
     T(-1. / 40)},
    {0, 1. / 5, 3. / 10, 4. / 5, 8. / 9, 1, 1}};

// Hairer and Wanner, Solving Ordinary Differential Equations II, table 6.5: L-stable, of order 4,
// with an estimate of order 3.
static const Method SDIRK4 = {
    5, true, false, 4,
    {{T(1. / 4)},
     {T(1. / 2), T(1. / 4)},
     {T(17. / 50), T(-1. / 25), T(1. / 4)},
     {T(371. / 1360), T(-137. / 2720), T(15. / 544), T(1. / 4)},
     {T(25. / 24), T(-49. / 48), T(125. / 16), T(-85. / 12), T(1. / 4)}},
    {T(25. / 24), T(-49. / 48), T(125. / 16), T(-85. / 12), T(1. / 4)},
    {T(-3. / 16), T(-27. / 32), T(25. / 32), 0, T(1. / 4)},
    {1. / 4, 3. / 4, 11. / 20, 1. / 2, 1}};

// Where the Newton iteration of each stage of SDIRK4 begins: polynomials through the state before
// the step and the stages already known, at the stage's time.
static const T GUESSES[5][5] = {{1},
                                {-2, 3},
                                {T(-0.32), T(0.88), T(0.44)},
                                {0, T(1. / 12), T(-1. / 8), T(25. / 24)},
                                {0, 1, 3, 0, -3}};

static const Method *const METHODS[] = {&RK4, &DOPRI5, &SDIRK4};

// I - factor J, as lower and upper triangle with row exchanges; of its transpose alike.
class Factorized {
 public:
  explicit Factorized(int64_t n) : n_(n), lu_(n * n), swaps_(n) {}

  // Returns whether the matrix can be inverted.
  bool factorize(const T *jacobian, T factor, bool transposed) {
    for (int64_t i = 0; i < n_; i++)
      for (int64_t j = 0; j < n_; j++)
        lu_[i * n_ + j] = T(i == j) - factor * jacobian[transposed ? j * n_ + i : i * n_ + j];
    for (int64_t k = 0; k < n_; k++) {
      int64_t best = k;
      for (int64_t i = k + 1; i < n_; i++)
        if (std::abs(lu_[i * n_ + k]) > std::abs(lu_[best * n_ + k])) best = i;
      swaps_[k] = best;
      if (best != k)
        for (int64_t j = k; j < n_; j++) std::swap(lu_[k * n_ + j], lu_[best * n_ + j]);
      const T pivot = lu_[k * n_ + k];
      if (!(std::abs(pivot) > T(0)) || !std::isfinite(pivot)) return false;
      for (int64_t i = k + 1; i < n_; i++) {
        const T share = lu_[i * n_ + k] /= pivot;
        for (int64_t j = k + 1; j < n_; j++) lu_[i * n_ + j] -= share * lu_[k * n_ + j];
      }
    }
    return true;
  }

  void solve(T *x) const {
    for (int64_t k = 0; k < n_; k++) {
      std::swap(x[k], x[swaps_[k]]);
      for (int64_t i = k + 1; i < n_; i++) x[i] -= lu_[i * n_ + k] * x[k];
    }
    for (int64_t k = n_ - 1; k >= 0; k--) {
      x[k] /= lu_[k * n_ + k];
      for (int64_t i = 0; i < k; i++) x[i] -= lu_[i * n_ + k] * x[k];
    }
  }

 private:
  int64_t n_;
  std::vector<T> lu_;
  std::vector<int64_t> swaps_;
};
