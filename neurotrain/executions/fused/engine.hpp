// What is done on all targets alike, in the words of the target.
INLINE V real(V x) { return x; }
INLINE V real(T x) { return vec(x); }
INLINE V real(VI x) { return to_real(x); }
INLINE V real(I x) { return vec(T(x)); }

// Whole numbers come as int64, truth values as int8 and are all ones for true here.
INLINE T real_at(const Array &array, int64_t candidate, int64_t i) {
  return T(((const double *)array.data)[candidate * array.by_candidate + i * array.by_element]);
}
INLINE I truth_at(const Array &array, int64_t candidate, int64_t i) {
  return -I(((const int8_t *)array.data)[candidate * array.by_candidate + i * array.by_element] != 0);
}
template <class A> INLINE void fill_parameter(A *to, const Array &array, int64_t candidate) {
  each(array.length, [&](int64_t i) {
    if constexpr (std::is_same<A, T>::value) to[i] = real_at(array, candidate, i);
    else to[i] = truth_at(array, candidate, i);
  });
}
// Of a lane: beyond the last trial, it is repeated.
INLINE int64_t trial_of(const Run &run, int64_t first, int64_t lane) {
  return first + lane < run.n_trials ? first + lane : run.n_trials - 1;
}
// (element, trial), each lane from its own trial.
template <class A, class From>
INLINE void fill_state(A *to, const Run &run, const Array &array, int64_t candidate, int64_t first,
                       int sign) {
  const From *const from = (const From *)array.data + candidate * array.by_candidate;
  each(array.length * TILE, [&](int64_t at) {
    for (int lane = 0; lane < LANES; lane++) {
      const int64_t trial = trial_of(run, first, at % TILE * LANES + lane);
      const From value = from[trial * array.by_trial + at / TILE * array.by_element];
      if (sign < 0) to[at][lane] = -(value != 0);
      else to[at][lane] = value;
    }
  });
}

// Stores the lanes that are trials.
template <class A, class X> INLINE void save(A *to, X x, int64_t lanes) {
  if (lanes >= LANES) memcpy((void *)to, &x, sizeof(X));
  else
    for (int64_t lane = 0; lane < lanes; lane++) to[lane] = x[lane];
}

INLINE size_t packed_at(int64_t post, int64_t pre, int64_t n_pre) {
  return ((post / ROWS) * n_pre + pre) * ROWS + post % ROWS;
}

// Brian2's TimedArray: half a step of tolerance on a grid that is fine enough for the clock.
INLINE double table_value(const Table &table, double t, int64_t column) {
  if (column < 0 || column >= table.columns) return NAN;
  const double row = (t / table.epsilon + 0.5) / table.factor;
  const int64_t whole = row < 0 ? 0 : row >= table.rows ? table.rows - 1 : int64_t(row);
  return table.values[whole * table.columns + column];
}
template <class A> struct IsVector {
  static const bool value = std::is_same<A, V>::value || std::is_same<A, VI>::value;
};
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
INLINE void present(const Run &run, int64_t candidate, int64_t first, int64_t bin, V *channels,
                    V *to, int64_t n) {
  const Array &inputs = run.inputs;
  const double *const now = (const double *)inputs.data + bin * run.n_channels * inputs.by_element;
  each(run.n_channels * TILE, [&](int64_t at) {
    for (int lane = 0; lane < LANES; lane++) {
      const int64_t trial = trial_of(run, first, at % TILE * LANES + lane);
      channels[at][lane] = T(now[trial * inputs.by_trial + at / TILE * inputs.by_element]);
    }
  });
  barrier();
  const double *const weights = run.input_weights + candidate * run.weights_by_candidate;
  each(n * TILE, [&](int64_t at) {
    const double *const weight = weights + at / TILE * run.n_channels;
    V sum = {};
    for (int64_t k = 0; k < run.n_channels; k++)
      sum = fused(vec(T(weight[k])), channels[k * TILE + at % TILE], sum);
    to[at] = sum;
  });
}
