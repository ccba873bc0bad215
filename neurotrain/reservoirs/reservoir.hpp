// A reservoir of rate units that learns to move: one trial, step after step.

// In the order of kernel.py.
struct ReservoirRun {
  int64_t n_units, n_outputs, n_inputs, n_steps, n_segments, tiles_to_a_side, update_every;
  // Truth values: what is in the output, what explores, and what learns.
  int64_t mastery, exploration, explores, teacher_learns, mastery_learns, exploration_learns;
  int64_t only_improvements, smooth_teacher, feedback_given;
  double step, noise, reward_low_pass, output_low_pass, amplitude, amplitude_power;
  double exploration_rate, reward_power, threshold, mastery_rate, reward_noise;
  // By rows, each of a multiple of LANES entries: starts (unit + 1,), sources and weights.
  const int64_t *starts;
  const int32_t *sources;
  const double *weights;
  // (output, unit), (input, unit); (time, input), (time, output), (time, 2)
  const double *feedback_weights, *input_weights, *inputs, *feedback, *targets;
  const double *lengths, *origin, *costs;  // (segment,), (2,), (output,)
  double *x, *activity, *output;           // (unit,), (unit,), (output,)
  double *low_passes;                      // of the error, of exploration, and of the output
  double *mastery_weights, *exploration_weights;  // (output, unit) by rows of `size`
  double *tiles, *columns;
  int64_t *pending;
  uint64_t *random;                        // (4,)
  double *outputs, *errors, *gates;        // (time, output), (time,), (1,)
};

// Blackman & Vigna (2021), xoshiro256++.
class Random {
 public:
  explicit Random(uint64_t *state) : s_(state) {}
  // Between -1 and 1.
  double uniform() { return (next() >> 11) * 0x1p-52 - 1; }

 private:
  static uint64_t rotated(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
  uint64_t next() {
    const uint64_t result = rotated(s_[0] + s_[3], 23) + s_[0], shifted = s_[1] << 17;
    s_[2] ^= s_[0];
    s_[3] ^= s_[1];
    s_[1] ^= s_[2];
    s_[0] ^= s_[3];
    s_[2] ^= shifted;
    s_[3] = rotated(s_[3], 45);
    return result;
  }
  uint64_t *const s_;
};

INLINE V gathered(const double *x, const int32_t *at) {
#if defined(__AVX512F__)
  return (V)_mm512_i32gather_pd(_mm256_loadu_si256((const __m256i *)at), x, 8);
#elif defined(__AVX2__)
  return (V)_mm256_i32gather_pd(x, _mm_loadu_si128((const __m128i *)at), 8);
#else
  V values;
  for (int lane = 0; lane < LANES; lane++) values[lane] = x[at[lane]];
  return values;
#endif
}

class Reservoir {
 public:
  explicit Reservoir(const ReservoirRun &run)
      : run_(run), random_(run.random),
        squares_(run.tiles_to_a_side, run.tiles, run.columns, run.pending),
        size_(squares_.size()), explored_(run.n_outputs) {}

  void go() {
    for (int64_t t = 0; t < run_.n_steps; t++) {
      advance_units(t);
      read_out();
      const double improved = judge(t);
      if (run_.exploration_learns) learn_by_exploring(improved);
      if (t % run_.update_every == 0 && (run_.mastery_learns || run_.teacher_learns))
        learn_by_squares(t);
    }
  }

 private:
  void advance_units(int64_t t) {
    const double *back = run_.feedback_given ? run_.feedback + t * run_.n_outputs : run_.output;
    for (int64_t i = 0; i < run_.n_units; i++) run_.x[i] += run_.step * (current(i) - run_.x[i]);
    for (int64_t k = 0; k < run_.n_outputs; k++)
      add_scaled(run_.x, run_.step * back[k], run_.feedback_weights + k * size_, run_.n_units);
    for (int64_t k = 0; k < run_.n_inputs; k++)
      add_scaled(run_.x, run_.step * run_.inputs[t * run_.n_inputs + k],
                 run_.input_weights + k * size_, run_.n_units);
    for (int64_t i = 0; i < size_; i += LANES) store(run_.activity + i, nt_tanh(load(run_.x + i)));
    if (run_.explores)
      for (int64_t i = 0; i < run_.n_units; i++) run_.activity[i] += run_.noise * random_.uniform();
  }

  double current(int64_t i) const {
    V sums[2] = {};
    int64_t at = run_.starts[i];
    const int64_t end = run_.starts[i + 1];
    for (; at + 2 * LANES <= end; at += 2 * LANES)
      for (int r = 0; r < 2; r++) {
        const int64_t k = at + r * LANES;
        sums[r] = fused(load(run_.weights + k), gathered(run_.activity, run_.sources + k), sums[r]);
      }
    if (at < end)
      sums[0] = fused(load(run_.weights + at), gathered(run_.activity, run_.sources + at), sums[0]);
    return sum_of_lanes(sums[0] + sums[1]);
  }

  void read_out() {
    const double amplitude =
        run_.explores ? run_.amplitude * std::pow(10 * run_.low_passes[0], run_.amplitude_power) : 0;
    for (int64_t k = 0; k < run_.n_outputs; k++) {
      explored_[k] = 0;
      if (run_.exploration)
        explored_[k] = dot(run_.exploration_weights + k * size_, run_.activity, size_);
      if (run_.exploration && run_.explores) explored_[k] += amplitude * random_.uniform();
      run_.output[k] = explored_[k];
      if (run_.mastery)
        run_.output[k] += dot(run_.mastery_weights + k * size_, run_.activity, size_);
    }
  }

  // Returns by how much the error is above what it was of late.
  double judge(int64_t t) {
    double position[2], *mean_output = run_.low_passes + 1 + run_.n_outputs;
    place(position);
    double error = 0;
    for (int d = 0; d < 2; d++) {
      const double missing = position[d] - run_.targets[2 * t + d];
      error += missing * missing;
    }
    for (int64_t k = 0; k < run_.n_outputs; k++)
      error += run_.costs[k] * std::fabs(run_.output[k] - mean_output[k]);
    for (int64_t k = 0; k < run_.n_outputs; k++)
      mean_output[k] += run_.output_low_pass * (run_.output[k] - mean_output[k]);
    run_.errors[t] = error;
    for (int64_t k = 0; k < run_.n_outputs; k++) run_.outputs[t * run_.n_outputs + k] = run_.output[k];
    if (run_.reward_noise > 0) error = std::fabs(error + run_.reward_noise * random_.uniform());
    run_.low_passes[0] += run_.reward_low_pass * (error - run_.low_passes[0]);
    for (int64_t k = 0; k < run_.n_outputs; k++)
      run_.low_passes[1 + k] += run_.output_low_pass * (explored_[k] - run_.low_passes[1 + k]);
    return error - run_.low_passes[0];
  }

  // A pen, or the hand of an arm whose outputs are the angles of its joints by pi.
  void place(double *position) const {
    if (run_.n_segments == 0) {
      position[0] = run_.output[0];
      position[1] = run_.output[1];
      return;
    }
    position[0] = run_.origin[0];
    position[1] = run_.origin[1];
    double angle = 0;
    for (int64_t k = 0; k < run_.n_segments; k++) {
      angle += M_PI * run_.output[k];
      position[0] += run_.lengths[k] * std::sin(angle);
      position[1] += run_.lengths[k] * std::cos(angle);
    }
  }

  void learn_by_exploring(double improved) {
    if (run_.only_improvements && improved > 0) return;
    const double told = -std::copysign(std::pow(std::fabs(improved), run_.reward_power), improved);
    for (int64_t k = 0; k < run_.n_outputs; k++)
      add_scaled(run_.exploration_weights + k * size_,
                 run_.exploration_rate * told * (explored_[k] - run_.low_passes[1 + k]),
                 run_.activity, size_);
  }

  // Mastery learns from exploration while errors are small; the published baseline from the target.
  void learn_by_squares(int64_t t) {
    double gate = 1;
    if (!run_.teacher_learns) gate = 0.5 * (1 - std::tanh(5e5 * (run_.low_passes[0] - run_.threshold)));
    run_.gates[0] += gate;
    if (gate < 1e-12) return;
    double *column = squares_.next_column();
    squares_.product(run_.activity, column);
    const double share = 1 / (1 + dot(column, run_.activity, size_));
    for (int64_t k = 0; k < run_.n_outputs; k++) {
      double missing = run_.smooth_teacher ? run_.low_passes[1 + k] : explored_[k];
      if (run_.teacher_learns) missing = run_.targets[2 * t + k] - run_.output[k];
      const double factor = run_.mastery_rate * gate * share * missing;
      add_scaled(run_.mastery_weights + k * size_, factor, column, size_);
    }
    squares_.subtract_column(1 / (gate * share));
  }

  const ReservoirRun &run_;
  Random random_;
  RecursiveLeastSquares squares_;
  const int64_t size_;
  std::vector<double> explored_;
};

extern "C" void neurotrain_reservoir(const ReservoirRun *run) { Reservoir(*run).go(); }
