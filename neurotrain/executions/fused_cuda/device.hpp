// The words of the generated code on a device: a block of threads for one candidate and one tile of
// trials. Each (element, trial) is computed by one thread, from beginning to end, and all sums are
// added up in the order of a processor: neither the size of blocks nor the order of threads changes
// a bit. What one node of the step leaves to the next is made known by a barrier.

INLINE void barrier() { __syncthreads(); }
template <class F> INLINE void each(int64_t n, F f) {
  // A tile has fewer than 2^31 of anything, and wide whole numbers are slow.
  for (int at = threadIdx.x; at < int(n); at += blockDim.x) f(int64_t(at));
}
template <class F> INLINE void each_trial(F f) {
  for (int b = threadIdx.x; b < TILE; b += blockDim.x) f(b);
}
// f(i) of the synapses of a table: those onto an element by one thread, in their order.
template <class F> INLINE void each_synapse(const Connections &table, F f) {
  each(table.n_post, [&](int64_t row) {
    for (int64_t r = table.starts[row]; r < table.starts[row + 1]; r++) f(table.synapses[r]);
  });
}
template <class F> INLINE void each_synapse_and_trial(const Connections &table, F f) {
  each(table.n_post * TILE, [&](int64_t p) {
    const int64_t row = p / TILE;
    for (int64_t r = table.starts[row]; r < table.starts[row + 1]; r++)
      f(table.synapses[r], int(p % TILE));
  });
}
template <class F> INLINE void each_synapse_in_order(const Connections &table, F f) {
  each_trial([&](int b) {
    for (int64_t i = 0; i < table.n_synapses; i++) f(i, b);
  });
}

typedef std::integral_constant<int, 1> Single;
template <int, class F> INLINE void each_row(int64_t n, F group) {
  each(n * TILE, [&](int64_t p) { group(Single(), p / TILE, int(p % TILE)); });
}
// Where elements must find one another as those before have left them.
template <class F> INLINE void each_row_in_order(int64_t n, F group) {
  each_trial([&](int b) {
    for (int64_t p = 0; p < n; p++) group(Single(), p, b);
  });
}

// A thread multiplies ROWS rows of weights by the sources of its trial, and updates these rows.
struct OneTrial {
  int b;
};
struct Product {
  V sums[ROWS];
  MEMBER V &at(int64_t row, int) { return sums[row]; }
};
struct alignas(ROWS * sizeof(T) > 16 ? 16 : ROWS * sizeof(T)) PackedRow {
  T weight[ROWS];
};
INLINE void multiply(const T *packed, const V *source, int64_t n_pre, OneTrial trial,
                     Product &product) {
#pragma unroll
  for (int r = 0; r < ROWS; r++) product.sums[r] = T(0);
#pragma unroll 4
  for (int64_t j = 0; j < n_pre; j++) {
    const PackedRow row = ((const PackedRow *)packed)[j];
    const V x = source[j * TILE + trial.b];
#pragma unroll
    for (int r = 0; r < ROWS; r++) product.sums[r] = fused(row.weight[r], x, product.sums[r]);
  }
}
template <class F> INLINE void each_block(int64_t n_rows, F f) {
  each((n_rows + ROWS - 1) / ROWS * TILE,
       [&](int64_t p) { f(p / TILE * ROWS, OneTrial{int(p % TILE)}); });
}
// Unrolled, so that sums stay in registers.
template <int, class F> INLINE void each_row_of_block(OneTrial trial, int64_t present, F group) {
#pragma unroll
  for (int p = 0; p < ROWS; p++)
    if (p < present) group(Single(), p, trial.b);
}

// Arrays lie in shared memory while there is room, and then in the block's part of the scratch.
// Every thread counts for itself, and all come to the same places.
struct Workspace {
  char *shared, *scratch;
  int64_t left;
  static const int64_t ALIGNMENT = 16;
  __host__ __device__ static int64_t bytes(int64_t size, int64_t item) {
    return (size * item + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }
  template <class A> MEMBER A *raw(int64_t size) {
    const int64_t needed = bytes(size, sizeof(A));
    char *&from = needed <= left ? shared : scratch;
    if (needed <= left) left -= needed;
    A *const memory = (A *)from;
    from += needed;
    return memory;
  }
  template <class A> MEMBER A *zeros(int64_t size) {
    A *const memory = raw<A>(size);
    each(size, [&](int64_t i) { memory[i] = T(0); });
    barrier();
    return memory;
  }
};

static const uint32_t ALL = 1;
INLINE uint32_t bits_of(VI mask) { return mask[0] != 0; }

// Of each of the last steps, and each trial, one bit for every element to which an event happened.
struct Events {
  typedef uint32_t Item;
  Item *words;
  int64_t row, slots;
  __host__ __device__ static int64_t words_of(int64_t capacity) {
    return (capacity / TILE + 31) / 32 * TILE;
  }
  __host__ __device__ static int64_t items(int64_t capacity, int64_t slots) {
    return words_of(capacity) * slots;
  }
  MEMBER Events(Workspace &space, int64_t capacity, int64_t slots_)
      : words(space.raw<Item>(items(capacity, slots_))), row(words_of(capacity)), slots(slots_) {
    ::each(row * slots, [&](int64_t k) { words[k] = 0; });
    barrier();
  }
  MEMBER Item *of(int64_t tick) const { return words + (tick + slots) % slots * row; }
  MEMBER void begin(int64_t tick) {
    Item *const now = of(tick);
    ::each(row, [&](int64_t k) { now[k] = 0; });
    barrier();
  }
  MEMBER void begin_with(const Before &before) {
    ::each(before.n * TILE, [&](int64_t k) {
      note(-1, before.elements[k / TILE] * TILE + k % TILE, ALL);
    });
  }
  MEMBER void note(int64_t tick, int64_t at, uint32_t) {
    const int64_t i = at / TILE;
    atomicOr(of(tick) + i / 32 * TILE + at % TILE, 1u << (i % 32));
  }
  // f(element, trial, mask) of all that happened then: a trial's by one thread, in their order.
  template <class F> MEMBER void each(int64_t tick, F f) const {
    const Item *const then = of(tick);
    each_trial([&](int b) {
      for (int64_t word = 0; word < row / TILE; word++)
        for (Item left = then[word * TILE + b]; left; left &= left - 1)
          f(word * 32 + __ffs(int(left)) - 1, b, VI(-1));
    });
  }
};

// Time is not watched: a device is asked for a whole simulation at once.
struct Watch {
  MEMBER explicit Watch(const Run &) {}
  MEMBER bool told_to_stop(int64_t) const { return false; }
  MEMBER bool is_late() const { return false; }
};
INLINE void mark(VI &marked, VI mask) {
  if (any(mask)) marked = VI(-1);  // the same from every thread
}
