// The words of the generated code on a processor: one thread does everything in its order.
#include <ctime>
#include <new>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

INLINE void barrier() {}
template <class F> INLINE void each(int64_t n, F f) {
  for (int64_t at = 0; at < n; at++) f(at);
}
template <class F> INLINE void each_trial(F f) {
  for (int b = 0; b < TILE; b++) f(b);
}
// f(i) of the synapses of a table; those of an element in their order.
template <class F> INLINE void each_synapse(const Connections &table, F f) {
  for (int64_t i = 0; i < table.n_synapses; i++) f(i);
}
template <class F> INLINE void each_synapse_and_trial(const Connections &table, F f) {
  for (int64_t i = 0; i < table.n_synapses; i++)
    for (int b = 0; b < TILE; b++) f(i, b);
}
template <class F> INLINE void each_synapse_in_order(const Connections &table, F f) {
  each_synapse_and_trial(table, f);
}

// group(how many, first, b) of n rows, as many side by side as told, then those that are left.
template <int SIDE, class F> INLINE void each_row(int64_t n, F group) {
  int64_t p0 = 0;
  for (; p0 + SIDE <= n; p0 += SIDE)
    for (int b = 0; b < TILE; b++) group(std::integral_constant<int, SIDE>(), p0, b);
  if constexpr (SIDE > 1)
    for (; p0 + 1 <= n; p0++)
      for (int b = 0; b < TILE; b++) group(std::integral_constant<int, 1>(), p0, b);
}
// Where elements must find one another as those before have left them.
template <class F> INLINE void each_row_in_order(int64_t n, F group) { each_row<1>(n, group); }

// ROWS rows of weights, packed presynaptic element after presynaptic element, times the sources.
struct AllTrials {};
struct Product {
  V sums[ROWS][TILE];
  V &at(int64_t row, int b) { return sums[row][b]; }
};
INLINE void multiply(const T *packed, const V *source, int64_t n_pre, AllTrials, Product &product) {
  V accumulated[ROWS][TILE] = {};
  for (int64_t j = 0; j < n_pre; j++) {
#pragma GCC unroll 32
    for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 8
      for (int b = 0; b < TILE; b++)
        accumulated[r][b] += packed[j * ROWS + r] * source[j * TILE + b];
  }
  memcpy((void *)product.sums, accumulated, sizeof(accumulated));
}
// f(first row, trials) of every ROWS rows.
template <class F> INLINE void each_block(int64_t n_rows, F f) {
  for (int64_t block = 0; block < n_rows; block += ROWS) f(block, AllTrials());
}
template <int SIDE, class F> INLINE void each_row_of_block(AllTrials, int64_t present, F group) {
  each_row<SIDE>(present, group);
}
template <int, class F>
INLINE void each_row_of_block_in_order(AllTrials, int64_t present, F group) {
  each_row<1>(present, group);
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
  // f(element, vector of trials, mask) of all that happened then, in order.
  template <class F> __attribute__((always_inline)) void each(int64_t tick, F f) const {
    for (const Happened *one = start(tick); one < stop(tick); one++)
      f(int64_t(one->at / TILE), int(one->at % TILE), mask_of(one->bits));
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

// Of this thread alone, so that other work of the machine hardly matters.
inline double processor_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}


// When to stop before the end: when told to, and when time is up.
struct Watch {
  const Run &run;
  const double deadline;
  explicit Watch(const Run &run_)
      : run(run_),
        deadline(run.unit_seconds > 0 ? processor_seconds() + run.unit_seconds : 0) {}
  bool told_to_stop(int64_t step) const {
    if (!run.progress || step & 63) return false;
    if (run.progress[1]) return true;
    run.progress[0] = step;
    return false;
  }
  bool is_late() const { return run.unit_seconds > 0 && processor_seconds() > deadline; }
};
INLINE void mark(VI &marked, VI mask) { marked |= mask; }
