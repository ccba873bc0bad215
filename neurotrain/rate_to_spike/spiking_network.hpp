// Leaky integrate-and-fire neurons whose learned currents are fed back through few factors.

// In the order of kernel.py. Matrices of weights come by presynaptic columns: (factor, neuron),
// (input, neuron), (neuron, neuron). A null pointer stands for what a run does without.
struct SpikingRun {
  int64_t n_neurons, n_factors, n_outputs, n_inputs, n_pool, tiles_to_a_side;
  int64_t slow, fast, refractory_steps, n_steps, teach, first_inhibiting;
  double decay_v, decay_slow, decay_fast, threshold, reset, inhibition;
  const double *constant, *encoders, *input_weights, *random_slow, *random_fast;
  const int64_t *pool;
  // What a run goes on with and leaves behind.
  double *v, *slow_current, *fast_current, *inhibitory_current, *traces, *feedback, *decoders;
  double *tiles, *columns;
  int64_t *pending, *waiting;
  const double *inputs, *wanted;  // (time, input), (time, factor + output)
  const uint8_t *learns;          // (time,)
  double *readouts, *current_sums;  // (time, factor + output), (neuron,)
  uint8_t *spikes;                  // (time, neuron)
  // If there are any, feedback (neuron,) comes through them, and not through the factors
  // (factor,), which are what (factor, neuron) makes of it.
  ConstrainedRun *constrained;
  const double *unspread;
  double *random_currents;  // (time, neuron)
};

class SpikingNetwork {
 public:
  explicit SpikingNetwork(const SpikingRun &run)
      : run_(run), n_(run.n_neurons), rows_(run.n_factors + run.n_outputs), current_(n_),
        learning_(run.tiles_to_a_side, run.tiles, run.columns, run.pending),
        gain_(learning_.size()), goal_(n_), learned_(n_) {
    if (!run.constrained) return;
    weights_.emplace(*run.constrained);
    shown_.resize(run.constrained->n_regressors);
  }

  void advance() {
    for (int64_t t = 0; t < run_.n_steps; t++) {
      sum_currents(t);
      move_membranes();
      find_spikes(t);
      double *readout = run_.readouts + t * rows_;
      multiply(run_.decoders, run_.traces, readout, rows_, learning_.size());
      const double *wanted = run_.wanted + t * rows_;
      if (weights_) {
        feed_back_constrained(t, readout, wanted);
      } else {
        const double *feedback = run_.teach ? wanted : readout;
        std::copy(feedback, feedback + run_.n_factors, run_.feedback);
      }
      if (run_.learns[t]) learn(readout, wanted);
    }
    learning_.flush();
    if (weights_) weights_->flush();
  }

 private:
  void sum_currents(int64_t t) {
    std::fill(current_.begin(), current_.end(), 0.0);
    double *current = current_.data();
    if (weights_) add_scaled(current, 1, run_.feedback, n_);
    else add_columns(run_.encoders, run_.feedback, current, n_, run_.n_factors);
    if (run_.random_slow) add_scaled(current, 1, run_.slow_current, n_);
    if (run_.random_fast) add_scaled(current, 1, run_.fast_current, n_);
    if (run_.current_sums) add_scaled(run_.current_sums, 1, current, n_);
    add_columns(run_.input_weights, run_.inputs + t * run_.n_inputs, current, n_, run_.n_inputs);
    const double inhibition = *run_.inhibitory_current;
    for (int64_t i = 0; i < n_; i++) current[i] += run_.constant[i] + inhibition;
  }

  void move_membranes() {
    const double decay = run_.decay_v;
    for (int64_t i = 0; i < n_; i++) {
      const double moved = current_[i] + (run_.v[i] - current_[i]) * decay;
      run_.v[i] = run_.waiting[i] ? run_.v[i] : moved;
      run_.waiting[i] -= run_.waiting[i] != 0;
    }
  }

  // From here to the next step: what the spikes add to currents and traces.
  void find_spikes(int64_t t) {
    if (run_.random_slow) scale(run_.slow_current, run_.decay_slow, n_);
    if (run_.random_fast) scale(run_.fast_current, run_.decay_fast, n_);
    double *slow = run_.slow ? run_.traces : nullptr;
    double *fast = run_.fast ? run_.traces + (run_.slow ? run_.n_pool : 0) : nullptr;
    if (slow) scale(slow, run_.decay_slow, run_.n_pool);
    if (fast) scale(fast, run_.decay_fast, run_.n_pool);
    int64_t n_inhibiting = 0;
    for (int64_t i = 0; i < n_; i++) {
      if (run_.spikes) run_.spikes[t * n_ + i] = run_.v[i] > run_.threshold;
      if (!(run_.v[i] > run_.threshold)) continue;
      n_inhibiting += i >= run_.first_inhibiting;
      run_.v[i] = run_.reset;
      run_.waiting[i] = run_.refractory_steps > 1 ? run_.refractory_steps - 1 : 0;
      if (run_.random_slow) add_scaled(run_.slow_current, 1, run_.random_slow + i * n_, n_);
      if (run_.random_fast) add_scaled(run_.fast_current, 1, run_.random_fast + i * n_, n_);
      if (run_.pool[i] < 0) continue;
      if (slow) slow[run_.pool[i]] += 1;
      if (fast) fast[run_.pool[i]] += 1;
    }
    double &inhibitory = *run_.inhibitory_current;
    inhibitory = inhibitory * run_.decay_fast + run_.inhibition * double(n_inhibiting);
    if (run_.random_currents) keep_random_currents(run_.random_currents + t * n_);
  }

  void keep_random_currents(double *kept) const {
    std::fill(kept, kept + n_, 0.0);
    if (run_.random_slow) add_scaled(kept, 1, run_.slow_current, n_);
    if (run_.random_fast) add_scaled(kept, 1, run_.fast_current, n_);
  }

  void feed_back_constrained(int64_t t, double *readout, const double *wanted) {
    // The last of their regressors is a constant: what a neuron receives from outside.
    std::copy(run_.traces, run_.traces + shown_.size() - 1, shown_.begin());
    shown_.back() = 1;
    weights_->multiply_by(shown_.data(), learned_.data());
    multiply(run_.unspread, learned_.data(), readout, run_.n_factors, n_);
    std::fill(goal_.begin(), goal_.end(), 0.0);
    add_columns(run_.encoders, wanted, goal_.data(), n_, run_.n_factors);
    const std::vector<double> &feedback = run_.teach ? goal_ : learned_;
    std::copy(feedback.begin(), feedback.end(), run_.feedback);
    if (run_.learns[t]) weights_->learn(shown_.data(), goal_.data(), learned_.data());
  }

  void learn(const double *readout, const double *wanted) {
    const int64_t size = learning_.size();
    learning_.update(run_.traces, gain_.data());
    for (int64_t i = weights_ ? run_.n_factors : 0; i < rows_; i++)
      add_scaled(run_.decoders + i * size, wanted[i] - readout[i], gain_.data(), size);
  }

  static void scale(double *x, double factor, int64_t n) {
    for (int64_t i = 0; i < n; i++) x[i] *= factor;
  }

  const SpikingRun &run_;
  const int64_t n_, rows_;
  std::vector<double> current_;
  RecursiveLeastSquares learning_;
  std::vector<double> gain_, goal_, learned_, shown_;
  std::optional<ConstrainedWeights> weights_;
};

extern "C" void neurotrain_advance(const SpikingRun *run) { SpikingNetwork(*run).advance(); }
