// One trajectory: steps of a method, their control, and a record of them for the adjoint.

// What a call is given, as in kernel.py.
struct Run {
  int64_t n_candidates, n_trajectories, n_times, n_parameters, groups;
  int64_t n_states, width, depth, power, has_biases;
  int64_t method;     // an index of METHODS
  int64_t log_time;   // whether steps are taken in the logarithm of time
  int64_t steps;      // of fixed size from one time to the next; 0: of a size that is controlled
  int64_t max_steps;  // tried on a trajectory, where the size is controlled
  int64_t keeps;      // whether the steps are kept
  double rtol;
  const double *atol;         // (state)
  const double *parameters;   // (candidate, parameter)
  const double *starts;       // (trajectory, state)
  const double *times;        // (trajectory, time)
  double *states;             // (candidate, trajectory, time, state)
  int32_t *reason;            // (candidate, trajectory)
  int64_t *tried;             // (candidate, trajectory)
  struct Kept *kept;          // (candidate, trajectory)
  const double *cotangents;   // (candidate, trajectory, time, state)
  double *gradient;           // (candidate, group, parameter)
  int64_t *next;              // the next unit of work, which threads share
  volatile int64_t *stop;     // not 0: come to an end
};

// The accepted steps of a trajectory, each: time, size, the time's index if one was reached or
// else 0, state, and the states at the stages of an implicit method.
struct Kept {
  double *values;
  int64_t n;
};

// As in solution.py.
enum Reason { DONE, TOO_MANY_STEPS, NOT_FINITE, NEWTON, STEP_TOO_SMALL, STOPPED };

INLINE bool is_finite(const T *x, int64_t n) {
  T sum = T(0);
  for (int64_t i = 0; i < n; i++) sum += x[i] - x[i];
  return sum == T(0);
}

static const T EPSILON = std::numeric_limits<T>::epsilon();

class Integration {
 public:
  Integration(const Run &run, Network &network)
      : run_(run), method_(*METHODS[run.method]), network_(network), n_(run.n_states),
        y_(n_), next_(n_), error_(n_), scale_(n_), f_(n_), jacobian_(n_ * n_), newton_(n_) {
    stages_.assign(MOST_STAGES, Array(n_));
    slopes_.assign(MOST_STAGES, Array(n_));
    // What cannot be resolved in this precision cannot be asked for.
    rtol_ = std::max(T(run.rtol), 50 * EPSILON);
  }

  // Integrates from the first of the times to the last, as far as it comes.
  Reason integrate(const double *start, const double *times, double *states) {
    for (int64_t i = 0; i < n_; i++) y_.data()[i] = T(start[i]);
    note(states);
    time_ = place(times[0]);
    const Reason begun = begin(place(times[1]) - time_);
    if (begun != DONE) return begun;
    for (int64_t k = 1; k < run_.n_times; k++) {
      const double target = place(times[k]);
      const Reason reason = run_.steps ? step_evenly(target, k) : step_towards(target, k);
      if (reason != DONE) return reason;
      note(states + k * n_);
    }
    return DONE;
  }

  int64_t tried = 0;
  std::vector<double> kept;

 private:
  const Run &run_;
  const Method &method_;
  Network &network_;
  const int64_t n_;
  Array y_, next_, error_, scale_, f_, jacobian_, guessed_;
  Factorized newton_;
  std::vector<Array> stages_, slopes_;
  T rtol_, newton_rate_ = T(1);
  double time_ = 0, size_ = 0, error_before_ = 1e-4;
  bool has_jacobian_ = false, rejected_ = false;
  Reason last_failure_ = DONE;

  double place(double time) const { return run_.log_time ? std::log(time) : time; }
  // By what the field is multiplied: dy / d ln(t) = t f(y).
  T speed(double place) const { return run_.log_time ? T(std::exp(place)) : T(1); }

  void note(double *states) const {
    for (int64_t i = 0; i < n_; i++) states[i] = double(y_.data()[i]);
  }

  // The slope at the start, in the place of the last stage of a step before; a first step size.
  Reason begin(double span) {
    T *k = slopes_[last()].data();
    slope_at(y_.data(), time_, k);
    if (!is_finite(k, n_)) return NOT_FINITE;
    guessed_ = slopes_[last()];
    set_scale();
    const double state = norm(y_.data()), slope = norm(k);
    const bool usual = state > 1e-5 && slope > 1e-5;
    size_ = std::min(span, usual ? 0.01 * state / slope : 0.01 * span);
    return DONE;
  }
  int last() const { return method_.n_stages - 1; }

  void slope_at(const T *y, double place, T *k) {
    network_.evaluate(y, k);
    const T own = speed(place);
    for (int64_t i = 0; i < n_; i++) k[i] *= own;
  }

  void set_scale() {
    for (int64_t i = 0; i < n_; i++)
      scale_.data()[i] = T(run_.atol[i]) + rtol_ * std::abs(y_.data()[i]);
  }
  double norm(const T *x) const {
    double sum = 0;
    for (int64_t i = 0; i < n_; i++) {
      const double share = double(x[i]) / double(scale_.data()[i]);
      sum += share * share;
    }
    return std::sqrt(sum / double(n_));
  }

  Reason step_evenly(double target, int64_t k) {
    const double first = time_, size = (target - first) / double(run_.steps);
    for (int64_t s = 0; s < run_.steps; s++) {
      if (*run_.stop) return STOPPED;
      tried++;
      time_ = first + double(s) * size;
      const Reason reason = attempt(size);
      if (reason != DONE) return reason;
      accept(size, s + 1 == run_.steps ? k : 0);
    }
    time_ = target;
    return DONE;
  }

  Reason step_towards(double target, int64_t k) {
    while (time_ < target) {
      if (*run_.stop) return STOPPED;
      if (tried == run_.max_steps) return TOO_MANY_STEPS;
      tried++;
      const double left = target - time_;
      // Two halves rather than a step and a bit.
      const bool arrives = size_ >= left * (1 - 1e-10);
      const double size = arrives ? left : std::min(size_, 0.5 * left);
      if (time_ + size == time_) return last_failure_ == DONE ? STEP_TOO_SMALL : last_failure_;
      const Reason reason = attempt(size);
      const double error = reason == DONE ? norm_of_error() : 0;
      if (reason != DONE || !(error <= 1)) {
        reject(size, reason, error);
        continue;
      }
      control(size, error);
      accept(size, arrives ? k : 0);
      time_ = arrives ? target : time_ + size;
    }
    return DONE;
  }

  void reject(double size, Reason reason, double error) {
    double factor = reason == NEWTON ? 0.25 : 0.1;
    if (reason == DONE && std::isfinite(error))
      factor = std::max(0.1, 0.9 * std::pow(error, -1.0 / method_.order));
    last_failure_ = reason;
    size_ = size * factor;
    rejected_ = true;
  }

  // Proportional and integral control, Hairer and Wanner, section IV.2, (2.43c). A step that was
  // short only because it had to end at a time says little about the next one.
  void control(double size, double error) {
    const double beta = 0.04, alpha = 1.0 / method_.order - 0.75 * beta, own = std::max(error, 1e-10);
    double factor = 0.9 * std::pow(own, -alpha) * std::pow(error_before_, beta);
    factor = std::min(rejected_ ? 1.0 : 8.0, std::max(0.2, factor));
    const bool was_short = size < size_ && !rejected_;
    size_ = was_short ? std::max(size_, size * factor) : size * factor;
    error_before_ = std::max(error, 1e-4);
    last_failure_ = DONE;
    rejected_ = false;
  }

  double norm_of_error() {
    const T *y = y_.data(), *next = next_.data();
    for (int64_t i = 0; i < n_; i++)
      scale_.data()[i] = T(run_.atol[i]) + rtol_ * std::max(std::abs(y[i]), std::abs(next[i]));
    return norm(error_.data());
  }

  void accept(double size, int64_t reached) {
    if (run_.keeps) {
      kept.insert(kept.end(), {time_, size, double(reached)});
      keep(y_);
      for (int i = 0; method_.implicit && i < method_.n_stages; i++) keep(stages_[i]);
    }
    std::swap(y_, next_);
    guessed_ = slopes_[last()];
    set_scale();
    has_jacobian_ = false;
  }
  void keep(const Array &x) {
    for (int64_t i = 0; i < n_; i++) kept.push_back(double(x.data()[i]));
  }

  // Computes the next state and the error's estimate.
  Reason attempt(double size) {
    const Reason reason = method_.implicit ? implicit_stages(size) : explicit_stages(size);
    if (reason != DONE) return reason;
    combine(next_.data(), y_.data(), method_.b, method_.n_stages, T(size));
    if (!is_finite(next_.data(), n_)) return NOT_FINITE;
    if (run_.steps) return DONE;
    T *error = error_.data();
    for (int64_t i = 0; i < n_; i++) error[i] = T(0);
    combine(error, error, method_.e, method_.n_stages, T(size));
    // Without this the estimate grows with the stiffness, Hairer and Wanner, (8.20).
    if (method_.implicit) newton_.solve(error);
    return DONE;
  }

  // out = y + size sum_j weights_j k_j
  void combine(T *out, const T *y, const T *weights, int n_stages, T size) const {
    for (int64_t i = 0; i < n_; i++) {
      T sum = T(0);
      for (int j = 0; j < n_stages; j++)
        if (weights[j] != T(0)) sum += weights[j] * slopes_[j].data()[i];
      out[i] = y[i] + size * sum;
    }
  }

  Reason explicit_stages(double size) {
    int first = 0;
    if (method_.last_is_first) {
      // A step that was tried and rejected has left its own last slope there.
      if (!rejected_) slopes_[0] = slopes_[last()];
      first = 1;
    }
    for (int i = first; i < method_.n_stages; i++) {
      T *stage = stages_[i].data();
      combine(stage, y_.data(), method_.a[i], i, T(size));
      slope_at(stage, time_ + method_.c[i] * size, slopes_[i].data());
    }
    return DONE;
  }

  Reason implicit_stages(double size) {
    if (!has_jacobian_) linearize_at(y_.data());
    has_jacobian_ = true;
    const T own = method_.a[0][0] * T(size);
    for (int i = 0; i < method_.n_stages; i++) {
      const T factor = own * speed(time_ + method_.c[i] * size);
      // In the logarithm of time the field's speed changes within a step.
      if ((i == 0 || run_.log_time) && !factorize(factor)) return last_failure_;
      guess(i, own);
      // The state before the step and what is known of the stage.
      combine(next_.data(), y_.data(), method_.a[i], i, T(size));
      Reason reason = solve_stage(stages_[i].data(), factor);
      if (reason == NEWTON) {
        // The field is another one there, as where a neuron saturates.
        guess(i, own);
        linearize_at(stages_[i].data());
        has_jacobian_ = false;
        if (!factorize(factor)) return last_failure_;
        reason = solve_stage(stages_[i].data(), factor);
      }
      if (reason != DONE) return reason;
      for (int64_t k = 0; k < n_; k++)
        slopes_[i].data()[k] = (stages_[i].data()[k] - next_.data()[k]) / own;
    }
    return DONE;
  }

  void linearize_at(const T *y) {
    network_.linearize(y, f_.data());
    network_.jacobian(jacobian_.data());
    newton_rate_ = T(1);
  }
  bool factorize(T factor) {
    if (newton_.factorize(jacobian_.data(), factor, false)) return true;
    const bool finite = std::isfinite(factor) && is_finite(jacobian_.data(), n_ * n_);
    last_failure_ = finite ? NEWTON : NOT_FINITE;
    return false;
  }

  void guess(int i, T own) {
    T *stage = stages_[i].data();
    for (int64_t k = 0; k < n_; k++) {
      stage[k] = GUESSES[i][0] * y_.data()[k];
      if (i == 0) stage[k] += own * guessed_.data()[k];
      for (int j = 0; j < i; j++) stage[k] += GUESSES[i][j + 1] * stages_[j].data()[k];
    }
  }

  // Finds Y = known + factor f(Y) by simplified Newton iterations, Hairer and Wanner, IV.8.
  Reason solve_stage(T *stage, T factor) {
    const int most = 10;
    const double accuracy = 0.03, rounding = 4 * EPSILON / rtol_;
    double before = 0;
    T *step = error_.data();
    for (int iteration = 0; iteration < most; iteration++) {
      network_.evaluate(stage, f_.data());
      for (int64_t k = 0; k < n_; k++)
        step[k] = next_.data()[k] + factor * f_.data()[k] - stage[k];
      newton_.solve(step);
      const double size = norm(step);
      if (!std::isfinite(size)) return NOT_FINITE;
      for (int64_t k = 0; k < n_; k++) stage[k] += step[k];
      if (size <= rounding) return DONE;
      if (iteration) {
        const double contraction = size / before;
        if (contraction >= 1) return NEWTON;
        newton_rate_ = T(contraction / (1 - contraction));
        // What the iterations that are left would come to.
        const double left = std::pow(contraction, most - 1 - iteration);
        if (double(newton_rate_) * size * left > accuracy) return NEWTON;
      } else {
        newton_rate_ = std::pow(std::max(newton_rate_, EPSILON), T(0.8));
      }
      if (double(newton_rate_) * size <= accuracy) return DONE;
      before = size;
    }
    return NEWTON;
  }
};
