// Recurrent weights by Dale's law, sparse: each neuron learns the weights of its own inputs.
//
// Each neuron's weights are at every moment the minimum of the squared error so far among those of
// its free inputs; the others are held at zero. A weight that comes to the wrong side of zero is
// held, with the exact move of the others; one whose release would lower the error is released.
// That is the active-set method of nonnegative least squares (Lawson and Hanson 1974), one sample
// at a time. A neuron's P is the inverse of H on its free inputs. These come first among its
// inputs, so that what is held costs nothing.

// In the order of kernel.py. Padded to whole tiles; sources of -1 stand for nothing.
struct ConstrainedRun {
  int64_t n_neurons, n_regressors, n_sources, tiles_to_a_side, n_updates;
  double alpha;
  const double *signs;        // (regressor,): 1, -1, or 0 where it may have either
  int64_t *sources;           // (neuron, source): which regressor
  int64_t *n_free;            // (neuron,): how many of them are free, the first ones
  double *weights, *moments;  // (neuron, source): learned; sum of wanted * regressor
  double *correlations;       // (regressor, regressor): sum of products, H but for alpha
  double *tiles, *columns;    // of each neuron
  int64_t *pending;
};

class ConstrainedWeights {
 public:
  explicit ConstrainedWeights(ConstrainedRun &run)
      : run_(run), size_(run.tiles_to_a_side * SIDE), s_(size_), gain_(size_), b_(size_) {}

  // currents = J s
  void multiply_by(const double *s, double *currents) const {
    for (int64_t i = 0; i < run_.n_neurons; i++) {
      const int64_t *sources = run_.sources + i * size_;
      const double *weights = run_.weights + i * size_;
      double sum = 0;
      for (int64_t k = 0; k < run_.n_free[i]; k++) sum += weights[k] * s[sources[k]];
      currents[i] = sum;
    }
  }

  void learn(const double *s, const double *wanted, const double *currents) {
    for (int64_t r = 0; r < run_.n_regressors; r++)
      if (s[r] != 0)
        add_scaled(run_.correlations + r * run_.n_regressors, s[r], s, run_.n_regressors);
    for (int64_t i = 0; i < run_.n_neurons; i++) {
      Neuron neuron = of(i);
      for (int64_t k = 0; k < run_.n_sources; k++) s_[k] = s[neuron.sources[k]];
      add_scaled(neuron.moments, wanted[i], s_.data(), run_.n_sources);
      std::fill(s_.begin() + neuron.n_free, s_.end(), 0.0);
      neuron.inverse.update(s_.data(), gain_.data());
      add_scaled(neuron.weights, wanted[i] - currents[i], gain_.data(), neuron.n_free);
      hold_all(neuron);
    }
    if (++run_.n_updates % RELEASE_EVERY == 0)
      for (int64_t i = 0; i < run_.n_neurons; i++) {
        Neuron neuron = of(i);
        if (release_one(neuron)) hold_all(neuron);
      }
  }

  void flush() {
    for (int64_t i = 0; i < run_.n_neurons; i++) of(i).inverse.flush();
  }

 private:
  static const int64_t RELEASE_EVERY = 10;
  struct Neuron {
    int64_t *sources, &n_free;
    double *weights, *moments;
    RecursiveLeastSquares inverse;
  };

  Neuron of(int64_t i) {
    const int64_t n = run_.tiles_to_a_side, tiles = n * (n + 1) / 2 * SIDE * SIDE, at = i * size_;
    // With room for one to be released.
    const int64_t used = std::min(n, run_.n_free[i] / SIDE + 1);
    return {run_.sources + at,
            run_.n_free[i],
            run_.weights + at,
            run_.moments + at,
            {n, run_.tiles + i * tiles, run_.columns + at * PENDING, run_.pending + i, used}};
  }

  double sign_of(const Neuron &neuron, int64_t k) const { return run_.signs[neuron.sources[k]]; }

  void hold_all(Neuron &neuron) {
    while (true) {
      int64_t worst = -1;
      double lowest = 0;
      for (int64_t k = 0; k < neuron.n_free; k++) {
        const double along = neuron.weights[k] * sign_of(neuron, k);
        if (along < lowest) lowest = along, worst = k;
      }
      if (worst < 0) return;
      hold(neuron, worst);
    }
  }

  // At zero, while the others move to where the error is lowest.
  void hold(Neuron &neuron, int64_t held) {
    std::fill(b_.begin(), b_.end(), 0.0);
    b_[held] = 1;
    double *column = neuron.inverse.next_column();
    neuron.inverse.product(b_.data(), column);
    const double variance = column[held];
    if (variance > 0) {
      add_scaled(neuron.weights, -neuron.weights[held] / variance, column, neuron.n_free);
      neuron.inverse.subtract_column(variance);
    }
    neuron.weights[held] = 0;
    const int64_t last = neuron.n_free - 1;
    neuron.inverse.move(last, held, neuron.n_free);
    swap(neuron, held, last);
    neuron.n_free--;
  }

  // The held weight whose release lowers the error most steeply, moved to where it is lowest.
  bool release_one(Neuron &neuron) {
    int64_t best = -1;
    double steepest = 0;
    for (int64_t k = neuron.n_free; k < run_.n_sources; k++) {
      const double own = row_of(neuron, k)[neuron.sources[k]] + run_.alpha;
      const double slope = slope_of(neuron, k) * sign_of(neuron, k) / std::sqrt(own);
      if (slope > steepest) steepest = slope, best = k;
    }
    if (best < 0) return false;
    release(neuron, best);
    return true;
  }

  void release(Neuron &neuron, int64_t released) {
    const double *row = row_of(neuron, released), slope = slope_of(neuron, released);
    std::fill(b_.begin(), b_.end(), 0.0);
    for (int64_t q = 0; q < neuron.n_free; q++) b_[q] = row[neuron.sources[q]];
    neuron.inverse.product(b_.data(), gain_.data());
    const double own = row[neuron.sources[released]] + run_.alpha;
    const double rest = own - dot(b_.data(), gain_.data(), neuron.n_free);
    // A regressor that the free ones already give: nothing is to be gained from it.
    if (!(rest > 1e-10 * own)) return;
    const int64_t last = neuron.n_free++;
    swap(neuron, released, last);
    gain_[last] = -1;
    add_scaled(neuron.weights, -slope / rest, gain_.data(), neuron.n_free);
    neuron.inverse.add_column(gain_.data(), rest);
  }

  const double *row_of(const Neuron &neuron, int64_t k) const {
    return run_.correlations + neuron.sources[k] * run_.n_regressors;
  }

  // How steeply the error falls with a held weight.
  double slope_of(const Neuron &neuron, int64_t k) const {
    const double *row = row_of(neuron, k);
    double slope = neuron.moments[k];
    for (int64_t q = 0; q < neuron.n_free; q++)
      slope -= row[neuron.sources[q]] * neuron.weights[q];
    return slope;
  }

  static void swap(Neuron &neuron, int64_t one, int64_t other) {
    std::swap(neuron.sources[one], neuron.sources[other]);
    std::swap(neuron.weights[one], neuron.weights[other]);
    std::swap(neuron.moments[one], neuron.moments[other]);
  }

  ConstrainedRun &run_;
  const int64_t size_;
  std::vector<double> s_, gain_, b_;
};
