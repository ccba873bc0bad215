// The Morris-Lecar network of the benchmark, written and tuned by hand: what the generated
// kernel is measured against. Euler's method, graded coupling, nothing recorded but spikes.
//
// REAL, WIDTH (bytes of a vector), TILE (vectors of trials side by side) and ROWS (rows of
// weights in registers) come from the command line; reference.py tries several and keeps the
// fastest. What a hand can do and a generator does not:
//   - everything that one step needs of the last one but the coupling is computed in advance
//     ("uncoupled"), and the sum over presynaptic neurons starts from it;
//   - constants are folded into the weights and into each other;
//   - tanh and cosh of the potassium gate share one exponential, all gates one division;
//   - exponentials are 2^x, whose factor is folded into the slopes, and are never out of range;
//   - on AVX-512, truth values are mask registers, and spikes are stored only where there are any.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#if WIDTH == 64 && defined(__AVX512DQ__)
#include <immintrin.h>
#define AVX512 1
#else
#define AVX512 0
#endif

typedef REAL T;
template <int bytes> struct SameWidth;
template <> struct SameWidth<4> { typedef int32_t type; };
template <> struct SameWidth<8> { typedef int64_t type; };
typedef SameWidth<sizeof(T)>::type I;
typedef T V __attribute__((vector_size(WIDTH)));
typedef I VI __attribute__((vector_size(WIDTH)));
static const int LANES = WIDTH / sizeof(T), TRIALS = TILE * LANES;
#define INLINE static inline __attribute__((always_inline))

INLINE V vec(T x) { return V{} + x; }

#if AVX512
typedef uint16_t Mask;
INLINE V round_off(V x, V *rest) {
  V r;
  if constexpr (sizeof(T) == 4) r = (V)_mm512_reduce_ps((__m512)x, 8);
  else r = (V)_mm512_reduce_pd((__m512d)x, 8);
  *rest = r;
  return x - r;
}
INLINE V scale(V x, V n) {
  if constexpr (sizeof(T) == 4) return (V)_mm512_scalef_ps((__m512)x, (__m512)n);
  else return (V)_mm512_scalef_pd((__m512d)x, (__m512d)n);
}
INLINE Mask above(V x, T level) {
  if constexpr (sizeof(T) == 4)
    return _mm512_cmp_ps_mask((__m512)x, _mm512_set1_ps(level), _CMP_GT_OQ);
  else return _mm512_cmp_pd_mask((__m512d)x, _mm512_set1_pd(level), _CMP_GT_OQ);
}
INLINE void count(VI *spikes, Mask mask) {
  if (__builtin_expect(mask, 0))
    for (int lane = 0; lane < LANES; lane++) (*spikes)[lane] += mask >> lane & 1;
}
static const Mask ALL = (1 << LANES) - 1;
#else
typedef VI Mask;
template <class R> struct Magic;
template <> struct Magic<double> {
  static constexpr double shift = 6755399441055744.0;  // 1.5 * 2^52: adding it rounds to integer
  static constexpr int mantissa = 52;
};
template <> struct Magic<float> {
  static constexpr float shift = 12582912.0f;  // 1.5 * 2^23
  static constexpr int mantissa = 23;
};
// Here n stays shifted: its lowest bits are the integer.
INLINE V round_off(V x, V *rest) {
  const V shifted = x + Magic<T>::shift;
  *rest = x - (shifted - Magic<T>::shift);
  return shifted;
}
INLINE V scale(V x, V n) {
  VI exponent, bits;
  memcpy(&exponent, &n, sizeof(V));
  memcpy(&bits, &x, sizeof(V));
  bits += exponent << Magic<T>::mantissa;
  memcpy(&x, &bits, sizeof(V));
  return x;
}
INLINE Mask above(V x, T level) { return x > level; }
INLINE void count(VI *spikes, Mask mask) { *spikes -= mask; }
static const Mask ALL = ~Mask{};
#endif

// Minimax coefficients of 2^x for |x| <= 1/2: relative error 2e-16 and 7e-8.
template <class R> struct Power;
template <> struct Power<double> {
  static constexpr int degree = 10;
  static constexpr double c[11] = {
      1.0000000000000000661,    0.6931471805599497751,    0.2402265069590876777,
      0.055504108664458831363,  0.009618129108034597006,  0.0013333558228561765893,
      0.00015403529961127075703, 0.000015252658116409854484, 1.3215662835959239446e-6,
      1.0208537929657404371e-7, 7.0372788467269008787e-9};
};
template <> struct Power<float> {
  static constexpr int degree = 5;
  static constexpr float c[6] = {1.0000000716546416382f,   0.69314696706526492761f,
                                 0.24022119723969178047f,  0.05550713272875391178f,
                                 0.0096755413310213911451f, 0.0013276472167819943329f};
};

INLINE V power_of_2(V x) {
  typedef Power<T> P;
  V r;
  const V n = round_off(x, &r);
  V p = vec(P::c[P::degree]);
#pragma GCC unroll 16
  for (int k = P::degree - 1; k >= 0; k--) p = p * r + P::c[k];
  return scale(p, n);
}

struct Constants {
  double dt, C, g_Ca, g_K, g_L, E_Ca, E_K, E_L, V1, V2, V3, V4, phi, V_t, K_p, I_0, I_scale,
      threshold, rest;
};

// Arrays lie (neuron, trial); `weights` (post, pre), `input_weights` (post, channel), `inputs`
// (bin, channel, trial). v and w are read and, at the end, written.
extern "C" void reference_run(const Constants *given, int64_t N, int64_t K, int64_t n_trials,
                              int64_t first, int64_t n_steps, int64_t steps_per_input,
                              const T *weights, const T *input_weights, const T *bias,
                              const T *inputs, T *v_all, T *w_all, int32_t *spike_count) {
  const Constants &c = *given;
  const int64_t blocks = (N + ROWS - 1) / ROWS, rows = blocks * ROWS;
  const double log2e = 1.4426950408889634074, per_C = c.dt / c.C;
  const T potassium_slope = T(log2e / (2 * c.V4)), potassium_shift = T(-c.V3 * log2e / (2 * c.V4));
  const T calcium_slope = T(-2 * log2e / c.V2), calcium_shift = T(2 * c.V1 * log2e / c.V2);
  const T synapse_slope = T(-log2e / c.K_p), synapse_shift = T(c.V_t * log2e / c.K_p);
  const T leak = T(1 - per_C * c.g_L), calcium = T(-per_C * c.g_Ca), potassium = T(-per_C * c.g_K);
  const T E_Ca = T(c.E_Ca), E_K = T(c.E_K), rate = T(0.5 * c.dt * c.phi);
  const T threshold = T(c.threshold), rest = T(c.rest);

  const size_t plane = rows * TILE;
  const size_t bytes = 6 * plane * sizeof(V) + plane * sizeof(Mask) + rows * N * sizeof(T) + 1024;
  char *const memory = (char *)aligned_alloc(64, (bytes + 63) / 64 * 64);
  memset(memory, 0, bytes);
  V *before = (V *)memory, *after = before + plane, *const uncoupled = after + plane;
  V *const gate = uncoupled + plane, *const driven = gate + plane;
  VI *const spikes = (VI *)(driven + plane);
  T *const packed = (T *)(spikes + plane);
  Mask *const ready = (Mask *)(packed + (rows * N + 63) / 64 * 64);

  T *next = packed;
  for (int64_t block = 0; block < N; block += ROWS)
    for (int64_t j = 0; j < N; j++)
      for (int64_t r = block; r < block + ROWS; r++)
        *next++ = r < N ? T(weights[r * N + j] * per_C * c.I_scale) : T(0);

  const auto drive = [&](int64_t bin) {
    for (int64_t i = 0; i < N; i++)
      for (int b = 0; b < TILE; b++) {
        V sum = vec(bias[i]), input;
        for (int64_t k = 0; k < K; k++) {
          memcpy(&input, inputs + (bin * K + k) * n_trials + first + b * LANES, sizeof(V));
          sum += input_weights[i * K + k] * input;
        }
        driven[i * TILE + b] =
            T(per_C) * (T(c.I_0) + T(c.I_scale) * sum) + T(per_C * c.g_L * c.E_L);
      }
  };
  // From v and w of one time: the synapses' source, and all of the next v and w but the coupling.
  const auto settle = [&](size_t at, V v, V *source) __attribute__((always_inline)) {
    const V w = gate[at];
    const V s = T(1) + power_of_2(v * synapse_slope + synapse_shift);
    const V m = T(1) + power_of_2(v * calcium_slope + calcium_shift);
    const V q = power_of_2(v * potassium_slope + potassium_shift);
    const V q2 = q * q, q4 = q2 * q2, sum = T(1) + q4, cosh = q * sum;
    const V sm = s * m, all = T(1) / (sm * cosh), of_gates = all * cosh;
    source[at] = of_gates * m;
    uncoupled[at] = driven[at] + leak * v + (calcium * (v - E_Ca)) * (of_gates * s) +
                    (potassium * (v - E_K)) * w;
    gate[at] = w + (rate + rate * q2) * (q4 - w * sum) * (all * sm);
  };

  for (int64_t i = 0; i < N; i++)
    for (int b = 0; b < TILE; b++) {
      memcpy((void *)(gate + i * TILE + b), w_all + i * n_trials + first + b * LANES, sizeof(V));
      ready[i * TILE + b] = ALL;
    }
  drive(0);
  for (int64_t i = 0; i < N; i++)
    for (int b = 0; b < TILE; b++) {
      V v;
      memcpy(&v, v_all + i * n_trials + first + b * LANES, sizeof(V));
      settle(i * TILE + b, v, before);
    }
  for (int64_t step = 1; step <= n_steps; step++) {
    if (step % steps_per_input == 0 && step < n_steps) drive(step / steps_per_input);
    for (int64_t block = 0; block < blocks; block++) {
      const T *const own = packed + block * ROWS * N;
      V v[ROWS][TILE];
      memcpy((void *)v, uncoupled + block * ROWS * TILE, sizeof(v));
      for (int64_t j = 0; j < N; j++)
#pragma GCC unroll 64
        for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 8
          for (int b = 0; b < TILE; b++) v[r][b] += own[j * ROWS + r] * before[j * TILE + b];
      if (step == n_steps)
        for (int64_t r = 0; r < ROWS && block * ROWS + r < N; r++)
          for (int b = 0; b < TILE; b++) {
            const int64_t to = (block * ROWS + r) * n_trials + first + b * LANES;
            memcpy(v_all + to, &v[r][b], sizeof(V));
            memcpy(w_all + to, gate + (block * ROWS + r) * TILE + b, sizeof(V));
          }
      for (int k = 0; k < ROWS * TILE; k++) {
        const size_t at = block * ROWS * TILE + k;
        const V now = (&v[0][0])[k];
        const Mask spiking = above(now, threshold) & ready[at];
        count(spikes + at, spiking);
        ready[at] = (ready[at] & ~spiking) | (ALL & ~above(now, rest));
        settle(at, now, after);
      }
    }
    V *const swapped = before;
    before = after;
    after = swapped;
  }
  for (int64_t i = 0; i < N; i++)
    for (int b = 0; b < TRIALS; b++)
      spike_count[i * n_trials + first + b] = int32_t(spikes[i * TILE + b / LANES][b % LANES]);
  free(memory);
}
