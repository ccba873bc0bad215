#include <ctime>
#include <new>
#include <type_traits>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

static const int TRIALS = TILE * LANES;
// Why a trial failed.
static const int32_t NOT_FINITE = 1, TIMED_OUT = 2;

// What every generated kernel is made of besides arithmetic: values, events, matrix products.
struct Array {
  const void *data;
  int64_t length, by_candidate, by_trial, by_element;
};
struct Table {
  const double *values;
  int64_t rows, columns;
  double epsilon, factor;
};
struct Connections {
  int64_t n_synapses, first_pre, n_pre, first_post, n_post;
  const int32_t *pre, *post;         // of each synapse, from the first one of either side
  const int64_t *starts;             // (post + 1,) of each row in the next two
  const int32_t *synapses, *sources;
};
struct Queue {
  int64_t n_delays;
  const int64_t *delays;             // in steps, the longest first
  const int64_t *starts;             // (source * delay + 1,) of each row in the next one
  const int32_t *synapses;
  int64_t n_pending;                 // steps for which synapses were under way before the run
  const int64_t *pending_starts;
  const int32_t *pending;
};
struct Clock {
  double dt;
  int64_t every, offset, first, ticks;  // in steps of the kernel, and in its own
};
struct Generated {
  const int64_t *starts;             // (tick + 1,)
  const int32_t *elements;
};
struct Before {
  int64_t n;
  const int32_t *elements;
};
struct Range {
  int64_t first, stop;
};
struct Chosen {
  const int32_t *elements;
  int64_t n, every, n_samples;
  T *to;                             // (candidate, value, sample, element, trial)
  T *average;                        // (candidate, value, element, trial), or null
};
struct Entry {
  int64_t tick;
  int32_t element, trial;
};
struct Noted {
  Entry *entries;
  double *values;
  int64_t n, capacity;
};
struct Run {
  int64_t n_trials, n_candidates, n_steps, n_channels, steps_per_input, n_bins;
  int64_t average_start, average_stop, ends_failed, keeps_events;
  int64_t keys_by_candidate, weights_by_candidate;
  uint64_t first_step;
  double unit_seconds;               // most processor time of a candidate's tile; 0: no limit
  const int64_t *sizes, *slots, *bin_stops;
  const double *constants;
  const Array *arrays;
  const Table *tables;
  const Connections *connections;
  const Queue *queues;
  const Clock *clocks;
  const Generated *generated;
  const Before *before;              // events of the last step before the run
  const Range *logged;
  const Chosen *chosen;
  const uint64_t *keys;              // (candidate, trial)
  const double *input_weights;       // (candidate, element, channel)
  Array inputs;                      // (bin, channel) of each trial
  int32_t *spike_count;              // (candidate, bin, element, trial)
  void *const *final_state;          // per array, or null: (candidate, element, trial)
  int32_t *failed;                   // (candidate, trial)
  Noted *noted;                      // (candidate, tile, log)
  volatile int64_t *progress;        // steps done of the unit that started last, and: stop
};

// Of this thread alone, so that other work of the machine hardly matters.
inline double processor_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}

class Workspace {
  void *taken[MOST_ARRAYS];
  int n = 0;

 public:
  ~Workspace() {
    while (n) free(taken[--n]);
  }
  template <class A> A *raw(size_t size) {
    const size_t bytes = (size * sizeof(A) + 127) / 64 * 64;
    return (A *)(taken[n++] = aligned_alloc(64, bytes));
  }
  template <class A> A *zeros(size_t size) {
    A *const memory = raw<A>(size);
    memset((void *)memory, 0, size * sizeof(A));
    return memory;
  }
};

INLINE V real(V x) { return x; }
INLINE V real(T x) { return vec(x); }
INLINE V real(VI x) { return to_real(x); }
INLINE V real(I x) { return vec(T(x)); }

// One bit for each trial.
INLINE uint32_t bits_of(VI mask) {
  uint32_t bits = 0;
#if defined(__AVX512F__) && defined(__AVX512DQ__) && WIDTH == 64
  if (sizeof(T) == 4) return _mm512_movepi32_mask((__m512i)mask);
  return _mm512_movepi64_mask((__m512i)mask);
#elif defined(__AVX2__) && WIDTH == 32
  if (sizeof(T) == 4) return uint32_t(_mm256_movemask_ps((__m256)mask));
  return uint32_t(_mm256_movemask_pd((__m256d)mask));
#elif defined(__SSE2__) && WIDTH == 16
  if (sizeof(T) == 4) return uint32_t(_mm_movemask_ps((__m128)mask));
  return uint32_t(_mm_movemask_pd((__m128d)mask));
#else
  for (int lane = 0; lane < LANES; lane++) bits |= uint32_t(mask[lane] != 0) << lane;
#endif
  return bits;
}
INLINE VI mask_of(uint32_t bits) {
  VI lane_bits;
  for (int lane = 0; lane < LANES; lane++) lane_bits[lane] = I(1) << lane;
  return ((VI{} + I(bits)) & lane_bits) != 0;
}
static const uint32_t ALL = LANES == 32 ? ~0u : (1u << LANES) - 1;

// To which elements, on which trials, an event happened in each of the last steps.
struct Events {
  struct Happened {
    int32_t at;
    uint32_t bits;
  };
  Happened *happened;
  int32_t *counts;
  int64_t capacity, slots;
  Events(Workspace &space, int64_t capacity_, int64_t slots_)
      : happened(space.raw<Happened>(capacity_ * slots_)),
        counts(space.zeros<int32_t>(slots_)),
        capacity(capacity_),
        slots(slots_) {}
  int64_t slot_of(int64_t tick) const { return (tick + slots) % slots; }
  void begin(int64_t tick) { counts[slot_of(tick)] = 0; }
  void begin_with(const Before &before) {
    for (int64_t p = 0; p < before.n; p++)
      for (int b = 0; b < TILE; b++) note(-1, before.elements[p] * TILE + b, ALL);
  }
  void note(int64_t tick, int64_t at, uint32_t bits) {
    const int64_t slot = slot_of(tick);
    happened[slot * capacity + counts[slot]++] = {int32_t(at), bits};
  }
  const Happened *start(int64_t tick) const { return happened + slot_of(tick) * capacity; }
  const Happened *stop(int64_t tick) const { return start(tick) + counts[slot_of(tick)]; }
};

static void note(Noted &noted, int64_t tick, int64_t element, int64_t trial, int n_values,
                 const double *values) {
  if (noted.n == noted.capacity) {
    noted.capacity = noted.capacity ? 2 * noted.capacity : 1024;
    noted.entries = (Entry *)realloc(noted.entries, noted.capacity * sizeof(Entry));
    noted.values = (double *)realloc(noted.values, noted.capacity * n_values * sizeof(double) + 1);
  }
  noted.entries[noted.n] = {tick, int32_t(element), int32_t(trial)};
  if (n_values) memcpy(noted.values + noted.n * n_values, values, n_values * sizeof(double));
  noted.n++;
}
extern "C" void neurotrain_forget(Noted *noted) {
  free(noted->entries);
  free(noted->values);
}

// Whole numbers come as int64, truth values as int8 and are all ones for true here.
INLINE T real_at(const Array &array, int64_t candidate, int64_t i) {
  return T(((const double *)array.data)[candidate * array.by_candidate + i * array.by_element]);
}
INLINE I truth_at(const Array &array, int64_t candidate, int64_t i) {
  return -I(((const int8_t *)array.data)[candidate * array.by_candidate + i * array.by_element] != 0);
}
template <class A> static void fill_parameter(A *to, const Array &array, int64_t candidate) {
  for (int64_t i = 0; i < array.length; i++)
    if constexpr (std::is_same<A, T>::value) to[i] = real_at(array, candidate, i);
    else to[i] = truth_at(array, candidate, i);
}
// (element, trial), each lane from its own trial; lanes beyond the last trial repeat it.
template <class A, class From>
static void fill_state(A *to, const Array &array, int64_t candidate, int64_t first, int64_t n_trials,
                       int sign) {
  const From *const from = (const From *)array.data + candidate * array.by_candidate;
  for (int64_t i = 0; i < array.length; i++)
    for (int k = 0; k < TRIALS; k++) {
      const int64_t trial = first + k < n_trials ? first + k : n_trials - 1;
      const From value = from[trial * array.by_trial + i * array.by_element];
      if (sign < 0) to[i * TILE + k / LANES][k % LANES] = -(value != 0);
      else to[i * TILE + k / LANES][k % LANES] = value;
    }
}

// Stores the lanes that are trials.
template <class A, class X> INLINE void save(A *to, X x, int64_t lanes) {
  if (lanes >= LANES) memcpy((void *)to, &x, sizeof(X));
  else
    for (int64_t lane = 0; lane < lanes; lane++) to[lane] = x[lane];
}

// ROWS rows of weights, packed presynaptic element after presynaptic element, times the sources.
INLINE void multiply(const T *packed, const V *source, int64_t n_pre, V *sum) {
  V accumulated[ROWS][TILE] = {};
  for (int64_t j = 0; j < n_pre; j++) {
#pragma GCC unroll 32
    for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 8
      for (int b = 0; b < TILE; b++)
        accumulated[r][b] += packed[j * ROWS + r] * source[j * TILE + b];
  }
  memcpy((void *)sum, accumulated, sizeof(accumulated));
}
INLINE size_t packed_at(int64_t post, int64_t pre, int64_t n_pre) {
  return ((post / ROWS) * n_pre + pre) * ROWS + post % ROWS;
}
INLINE int64_t blocks_of(int64_t n) { return (n + ROWS - 1) / ROWS; }

// Brian2's TimedArray: half a step of tolerance on a grid that is fine enough for the clock.
INLINE double table_value(const Table &table, double t, int64_t column) {
  if (column < 0 || column >= table.columns) return NAN;
  const double row = (t / table.epsilon + 0.5) / table.factor;
  const int64_t whole = row < 0 ? 0 : row >= table.rows ? table.rows - 1 : int64_t(row);
  return table.values[whole * table.columns + column];
}
template <class A> struct IsVector { static const bool value = sizeof(A) == WIDTH; };
template <class A> INLINE auto lane_of(A x, int lane) {
  if constexpr (IsVector<A>::value) return x[lane];
  else return x;
}
template <class F, class... A> INLINE auto each_lane(F f, A... x) {
  if constexpr ((IsVector<A>::value || ...)) {
    V result;
    for (int lane = 0; lane < LANES; lane++) result[lane] = T(f(lane_of(x, lane)...));
    return result;
  } else
    return T(f(x...));
}
template <class A> INLINE auto nt_table(const Table &table, A t) {
  return each_lane([&](double s) { return table_value(table, s, 0); }, t);
}
template <class A, class B> INLINE auto nt_table(const Table &table, A t, B column) {
  return each_lane([&](double s, double k) { return table_value(table, s, int64_t(k)); }, t, column);
}

// The input variable: weights (element, channel) times channels, for the coming input bin.
static void present(const Run &run, int64_t candidate, int64_t first, int64_t bin, V *to,
                    int64_t n) {
  const double *const weights = run.input_weights + candidate * run.weights_by_candidate;
  const Array &inputs = run.inputs;
  for (int64_t at = 0; at < n * TILE; at++) to[at] = V{};
  for (int64_t k = 0; k < run.n_channels; k++) {
    V channel[TILE];
    for (int lane = 0; lane < TRIALS; lane++) {
      const int64_t trial = first + lane < run.n_trials ? first + lane : run.n_trials - 1;
      channel[lane / LANES][lane % LANES] = T(((const double *)
          inputs.data)[trial * inputs.by_trial + (bin * run.n_channels + k) * inputs.by_element]);
    }
    for (int64_t i = 0; i < n; i++)
      for (int b = 0; b < TILE; b++)
        to[i * TILE + b] += T(weights[i * run.n_channels + k]) * channel[b];
  }
}
