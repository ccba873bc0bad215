// Steps of a network forth and back, one candidate after the other. Arrays are (trial, element)
// with the elements in whole vectors.
INLINE V load(const T *from) { V x; memcpy(&x, from, sizeof(V)); return x; }
INLINE void store(T *to, V x) { memcpy((void *)to, &x, sizeof(V)); }
INLINE void add_to(T *to, V x) { store(to, load(to) + x); }
INLINE V exprel_slope(V x, V y) {
  // (exp(x) - y)/x, by its series near 0.
  const VI small = truth(nt_abs(x) < T(1e-2));
  const V series = T(0.5) + x * (T(1) / T(3) + x * (T(0.125) + x * (T(1) / T(30) +
                   x * (T(1) / T(144)))));
  return choose(small, series, (nt_exp(x) - y) / choose(small, T(1), x));
}

struct Run {
  int64_t n_candidates, n_trials, n_steps, frame, n_samples;
  const double *k;                  // constants
  const double *clocks;             // (step, value)
  T *frames;                        // (candidate, step + 1, frame)
  const T *const *fixed;
  const int64_t *fixed_by_candidate;
  T *const *fixed_gradients;
  const T *const *matrices;         // (candidate, source, target)
  const T *const *transposed;       // (candidate, target, source)
  const int64_t *matrices_by_candidate, *transposed_by_candidate;
  T *const *matrix_gradients;
  const T *inputs;                  // (candidate, bin, trial, element)
  T *input_gradients;
  int64_t inputs_by_candidate, inputs_by_bin;
  const int64_t *input_bins;        // (step,)
  const int64_t *count_bins;        // (step,), -1 for none
  const int64_t *averaged;          // (step,)
  const int64_t *samples;           // (step,), -1 for none
  T *counts;                        // (candidate, bin, trial, element)
  int64_t counts_by_candidate;
  T *totals;                        // (candidate, name, trial, element)
  T *sampled;                       // (candidate, name, sample, trial, element)
  int64_t recorded;                 // trials times elements
  T *adjoint;                       // (candidate, 2, frame), the first one of the last step
  const int64_t *sizes, *padded;    // of each object, and in whole vectors
  const int64_t *offsets;           // of each part of a frame
};

// c (m, n) += or = sum over k of a (m, k) b (k, n); n is in whole vectors.
template <int ROWS_, int COLUMNS_>
INLINE void tile(int64_t n_k, const T *a, int64_t a_m, int64_t a_k, const T *b, int64_t b_k, T *c,
                 int64_t c_m, bool adds) {
  V sum[ROWS_][COLUMNS_] = {};
  for (int64_t k = 0; k < n_k; k++) {
    V row[COLUMNS_];
    for (int j = 0; j < COLUMNS_; j++) row[j] = load(b + k * b_k + j * LANES);
    for (int i = 0; i < ROWS_; i++)
      for (int j = 0; j < COLUMNS_; j++) sum[i][j] += a[i * a_m + k * a_k] * row[j];
  }
  for (int i = 0; i < ROWS_; i++)
    for (int j = 0; j < COLUMNS_; j++) {
      T *const to = c + i * c_m + j * LANES;
      store(to, adds ? load(to) + sum[i][j] : sum[i][j]);
    }
}
template <int COLUMNS_>
static void columns(int64_t n_m, int64_t n_k, const T *a, int64_t a_m, int64_t a_k, const T *b,
                    int64_t b_k, T *c, int64_t c_m, bool adds) {
  int64_t m = 0;
  for (; m + 4 <= n_m; m += 4)
    tile<4, COLUMNS_>(n_k, a + m * a_m, a_m, a_k, b, b_k, c + m * c_m, c_m, adds);
  for (; m < n_m; m++)
    tile<1, COLUMNS_>(n_k, a + m * a_m, a_m, a_k, b, b_k, c + m * c_m, c_m, adds);
}
static void multiply(int64_t n_m, int64_t n_n, int64_t n_k, const T *a, int64_t a_m, int64_t a_k,
                     const T *b, int64_t b_k, T *c, int64_t c_m, bool adds) {
  int64_t n = 0;
  for (; n + 2 * LANES <= n_n; n += 2 * LANES)
    columns<2>(n_m, n_k, a, a_m, a_k, b + n, b_k, c + n, c_m, adds);
  for (; n < n_n; n += LANES)
    columns<1>(n_m, n_k, a, a_m, a_k, b + n, b_k, c + n, c_m, adds);
}

static void constants_of(const Run &run, T *k) {
  for (int64_t i = 0; i < N_CONSTANTS; i++) k[i] = T(run.k[i]);
}

extern "C" void neurotrain_forward(const Run *run_) {
  const Run &run = *run_;
  const int64_t n_trials = run.n_trials;
  T k[N_CONSTANTS + 1];
  constants_of(run, k);
  for (int64_t p = 0; p < run.n_candidates; p++)
    for (int64_t step = 0; step < run.n_steps; step++) {
      T *const old = run.frames + (p * (run.n_steps + 1) + step) * run.frame;
      T *const now = old + run.frame;
      (void)now;
    @FORWARD@
    }
}

extern "C" void neurotrain_backward(const Run *run_) {
  const Run &run = *run_;
  const int64_t n_trials = run.n_trials;
  T k[N_CONSTANTS + 1];
  constants_of(run, k);
  for (int64_t p = 0; p < run.n_candidates; p++) {
    T *to_new = run.adjoint + 2 * p * run.frame, *to_old = to_new + run.frame;
    for (int64_t step = run.n_steps - 1; step >= 0; step--) {
      const T *const old = run.frames + (p * (run.n_steps + 1) + step) * run.frame;
      memset((void *)to_old, 0, run.frame * sizeof(T));
    @BACKWARD@
      T *const swapped = to_new;
      to_new = to_old;
      to_old = swapped;
    }
    if (to_new != run.adjoint + 2 * p * run.frame)
      memcpy((void *)(run.adjoint + 2 * p * run.frame), to_new, run.frame * sizeof(T));
  }
}
