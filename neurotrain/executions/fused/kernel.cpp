// One candidate on one tile of trials: the whole time loop, state in cache.
//
// Arrays of the tile lie [neuron][trial]. ROWS rows of weights times TILE vectors of trials are
// accumulated in registers and the same rows are updated at once.
static const int TRIALS = TILE * LANES;

struct Run {
  int64_t n_neurons, n_channels, n_trials, n_steps, first_step;
  int64_t steps_per_input, n_bins;
  int64_t average_start, average_stop, sample_every, n_samples;
  int64_t ends_failed;               // whether a tile whose trials have all failed may end
  double dt;
  const int64_t *bin_stops;          // (bin,) step after the last one of each bin
  const double *constants;
  const T *const *weights;           // per term: (candidate, post, pre)
  const int64_t *weight_strides;     // 0 where all candidates share them
  const T *input_weights;            // (candidate, post, channel)
  int64_t input_weight_stride;
  const T *inputs;                   // (input bin, channel, trial)
  const void *const *arrays;         // per array: (candidate, neuron[, trial])
  const int64_t *array_strides;
  int32_t *spike_count;              // (candidate, bin, neuron, trial)
  T *averages;                       // (candidate, observable, neuron, trial)
  T *samples;                        // (candidate, observable, sample, neuron, trial)
  void *const *final_state;          // per array, or null: (candidate, neuron, trial)
  int32_t *failed;                   // (candidate, trial)
};

struct Workspace {
  char *memory, *next;
  explicit Workspace(size_t vectors) {
    memory = next = (char *)aligned_alloc(64, ((vectors * sizeof(V) + 63) / 64 + 1) * 64);
  }
  ~Workspace() { free(memory); }
  template <class A> A *take(size_t n) {
    A *taken = (A *)next;
    next += n * sizeof(A);
    memset((void *)taken, 0, n * sizeof(A));
    return taken;
  }
};

// Weights of ROWS rows side by side, presynaptic neuron after presynaptic neuron; absent rows 0.
static void pack(const T *weights, int64_t n_post, int64_t n_pre, T *packed) {
  for (int64_t block = 0; block < n_post; block += ROWS)
    for (int64_t j = 0; j < n_pre; j++)
      for (int64_t r = 0; r < ROWS; r++, packed++)
        *packed = block + r < n_post ? weights[(block + r) * n_pre + j] : T(0);
}

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

INLINE V load(const T *trials) {
  V x;
  memcpy(&x, trials, sizeof(V));
  return x;
}

extern "C" void neurotrain_run(const Run *run, int64_t candidate, int64_t tile) {
  const int64_t N = run->n_neurons, blocks = (N + ROWS - 1) / ROWS, rows = blocks * ROWS;
  const int64_t padded = (run->n_trials + TRIALS - 1) / TRIALS * TRIALS, first = tile * TRIALS;
  const size_t plane = (size_t)rows * TILE;
  Workspace space((N_ARRAYS + 2 * N_TERMS + N_OBSERVED + 2) * plane + run->n_channels * TILE +
                  ((size_t)rows * (N_TERMS * N + run->n_channels) + LANES) / LANES + 1);
  const T dt = T(run->dt);
  double time = run->first_step * run->dt;
  @CONSTANTS@
  @INVARIANTS@
  @ARRAYS@
  V *before[N_TERMS + 1], *after[N_TERMS + 1];
  for (int k = 0; k < N_TERMS; k++) {
    before[k] = space.take<V>(plane);
    after[k] = space.take<V>(plane);
  }
  V *const driven = space.take<V>(plane);
  VI *const spikes = space.take<VI>(plane);
  V *const average = space.take<V>(N_OBSERVED * plane);
  V *const input = space.take<V>(run->n_channels * TILE);
  T *const packed_input = space.take<T>(rows * run->n_channels);
  T *const packed = space.take<T>(N_TERMS * rows * N);
  pack(run->input_weights + candidate * run->input_weight_stride, N, run->n_channels,
       packed_input);
  for (int k = 0; k < N_TERMS; k++)
    pack(run->weights[k] + candidate * run->weight_strides[k], N, N, packed + k * rows * N);

  const auto source = [&](int64_t i, int b, V *const *to) __attribute__((always_inline)) {
    const size_t at = i * TILE + b;
    const T x_t = T(time);
    (void)at, (void)x_t, (void)to;
    @SOURCES@
  };
  const auto observe = [&](int64_t i, int b, V *observed) __attribute__((always_inline)) {
    const size_t at = i * TILE + b;
    const T x_t = T(time);
    (void)at, (void)x_t, (void)observed;
    @OBSERVABLES@
  };
  const auto advance = [&](int64_t i, int b, const V *sums) __attribute__((always_inline)) {
    const size_t at = i * TILE + b;
    const T x_t = T(time);
    (void)sums, (void)x_t;
    @UPDATE@
  };
  const auto save_samples = [&](int64_t sample) {
    for (int64_t i = 0; i < N; i++)
      for (int b = 0; b < TILE; b++) {
        V observed[N_OBSERVED + 1];
        observe(i, b, observed);
        for (int k = 0; k < N_OBSERVED; k++) {
          const int64_t row = ((candidate * N_OBSERVED + k) * run->n_samples + sample) * N + i;
          memcpy(run->samples + row * padded + first + b * LANES, &observed[k], sizeof(V));
        }
      }
  };
  const auto save_spikes = [&](int64_t bin) {
    for (int64_t i = 0; i < N; i++) {
      int32_t *to = run->spike_count + ((candidate * run->n_bins + bin) * N + i) * padded + first;
      for (int b = 0; b < TRIALS; b++) to[b] = int32_t(spikes[i * TILE + b / LANES][b % LANES]);
    }
    memset((void *)spikes, 0, plane * sizeof(VI));
  };

  VI failed[TILE] = {};
  for (int64_t i = 0; i < N; i++)
    for (int b = 0; b < TILE; b++) source(i, b, before);
  int64_t bin = 0;
  for (int64_t step = 0; step < run->n_steps; step++) {
    time = (run->first_step + step) * run->dt;
    if (step % run->steps_per_input == 0 && run->n_channels > 0) {
      const int64_t wanted = step / run->steps_per_input;
      for (int64_t k = 0; k < run->n_channels; k++)
        for (int b = 0; b < TILE; b++)
          input[k * TILE + b] =
              load(run->inputs + (wanted * run->n_channels + k) * padded + first + b * LANES);
      for (int64_t block = 0; block < blocks; block++)
        multiply(packed_input + block * ROWS * run->n_channels, input, run->n_channels,
                 driven + block * ROWS * TILE);
    }
    if (N_OBSERVED && run->n_samples && step % run->sample_every == 0)
      save_samples(step / run->sample_every);
    if (N_OBSERVED && step >= run->average_start && step < run->average_stop)
      for (int64_t i = 0; i < N; i++)
        for (int b = 0; b < TILE; b++) {
          V observed[N_OBSERVED + 1];
          observe(i, b, observed);
          for (int k = 0; k < N_OBSERVED; k++) average[k * plane + i * TILE + b] += observed[k];
        }
    const double next = (run->first_step + step + 1) * run->dt;
    for (int64_t block = 0; block < blocks; block++) {
      V sums[N_TERMS + 1][ROWS][TILE];
#pragma GCC unroll 8
      for (int k = 0; k < N_TERMS; k++)
        multiply(packed + k * rows * N + block * ROWS * N, before[k], N, &sums[k][0][0]);
      const int64_t present = N - block * ROWS < ROWS ? N - block * ROWS : ROWS;
      time = (run->first_step + step) * run->dt;
      for (int64_t r = 0; r < present; r++)
        for (int b = 0; b < TILE; b++) {
          V own[N_TERMS + 1];
#pragma GCC unroll 8
          for (int k = 0; k < N_TERMS; k++) own[k] = sums[k][r][b];
          advance(block * ROWS + r, b, own);
        }
      // In a loop of its own: it waits for what the neuron has just computed, and the neurons'
      // waits overlap only where nothing else stands between them.
      time = next;
      for (int64_t r = 0; r < present; r++)
        for (int b = 0; b < TILE; b++) source(block * ROWS + r, b, after);
    }
    for (int k = 0; k < N_TERMS; k++) {
      V *const swapped = before[k];
      before[k] = after[k];
      after[k] = swapped;
    }
    while (bin < run->n_bins && run->bin_stops[bin] == step + 1) save_spikes(bin++);
    if ((step + 1) % CHECK_EVERY == 0 || step + 1 == run->n_steps) {
      for (int64_t i = 0; i < N; i++)
        for (int b = 0; b < TILE; b++) {
          const size_t at = i * TILE + b;
          (void)at;
          @FINITE@
        }
      bool all = run->ends_failed;
      for (int b = 0; b < TRIALS; b++)
        all = all && (failed[b / LANES][b % LANES] || first + b >= run->n_trials);
      if (all) break;
    }
  }

  const double steps = double(run->average_stop - run->average_start);
  for (int64_t i = 0; i < N; i++)
    for (int b = 0; b < TILE; b++) {
      const size_t at = i * TILE + b;
      for (int k = 0; k < N_OBSERVED; k++) {
        const V mean = average[k * plane + at] / T(steps > 0 ? steps : 1);
        const int64_t row = (candidate * N_OBSERVED + k) * N + i;
        memcpy(run->averages + row * padded + first + b * LANES, &mean, sizeof(V));
      }
      const int64_t to = (candidate * N + i) * padded + first + b * LANES;
      (void)to;
      @FINAL@
    }
  for (int b = 0; b < TRIALS; b++)
    run->failed[candidate * padded + first + b] = failed[b / LANES][b % LANES] ? 1 : 0;
}
