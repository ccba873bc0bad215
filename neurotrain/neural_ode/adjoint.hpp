// The exact derivative of the steps that were taken, their sizes held fixed.
//
// With stages k_i = f(Y_i), Y_i = y + h sum_j a_ij k_j, and mu_i = J_i^T lambda_i:
//   lambda_i - h a_ii J_i^T lambda_i = h (b_i lambda + sum_{j>i} a_ji mu_j)
//   lambda <- lambda + sum_i mu_i
// and each stage adds (df / dparameters)^T lambda_i to the gradient; Sanz-Serna, SIAM Review 58
// (2016) 3-33, section 4.
class Adjoint {
 public:
  Adjoint(const Run &run, Network &network)
      : run_(run), method_(*METHODS[run.method]), network_(network), n_(run.n_states),
        lambda_(n_), own_(n_), stage_(n_), jacobian_(n_ * n_), transposed_(n_) {
    // The last stage of a method that hands it to the next step adds nothing to this one.
    n_stages_ = method_.n_stages - method_.last_is_first;
    slopes_.assign(n_stages_, Array(n_));
    mu_.assign(n_stages_, Array(n_));
    for (int i = 0; i < n_stages_; i++) traces_.push_back(network.trace());
  }

  // Adds to the network's gradient that of one trajectory; cotangents (time, state).
  void add(const Kept &kept, const double *cotangents) {
    lambda_.clear();
    const int64_t record = 3 + n_ * (1 + (method_.implicit ? method_.n_stages : 0));
    for (int64_t at = kept.n - record; at >= 0; at -= record) {
      const double *own = kept.values + at;
      const int64_t reached = int64_t(own[2]);
      for (int64_t k = 0; reached && k < n_; k++)
        lambda_.data()[k] += T(cotangents[reached * n_ + k]);
      trace_stages(own[0], own[1], own + 3);
      step_back(own[0], own[1]);
    }
  }

 private:
  const Run &run_;
  const Method &method_;
  Network &network_;
  const int64_t n_;
  int n_stages_;
  Array lambda_, own_, stage_, jacobian_;
  Factorized transposed_;
  std::vector<Array> slopes_, mu_;
  std::vector<Trace> traces_;

  T speed(double place) const { return run_.log_time ? T(std::exp(place)) : T(1); }

  void trace_stages(double place, double size, const double *states) {
    T *stage = stage_.data();
    for (int i = 0; i < n_stages_; i++) {
      for (int64_t k = 0; k < n_; k++) {
        T sum = T(0);
        for (int j = 0; !method_.implicit && j < i; j++)
          if (method_.a[i][j] != T(0)) sum += method_.a[i][j] * slopes_[j].data()[k];
        stage[k] = T(states[method_.implicit ? (i + 1) * n_ + k : k]) + T(size) * sum;
      }
      T *slope = slopes_[i].data();
      network_.linearize(stage, slope, traces_[i]);
      for (int64_t k = 0; k < n_; k++) slope[k] *= speed(place + method_.c[i] * size);
    }
  }

  void step_back(double place, double size) {
    const T h = T(size);
    T *own = own_.data();
    for (int i = n_stages_ - 1; i >= 0; i--) {
      const T speed = this->speed(place + method_.c[i] * size);
      for (int64_t k = 0; k < n_; k++) {
        T sum = method_.b[i] * lambda_.data()[k];
        for (int j = i + 1; j < n_stages_; j++)
          if (method_.a[j][i] != T(0)) sum += method_.a[j][i] * mu_[j].data()[k];
        own[k] = h * sum;
      }
      if (method_.implicit) {
        network_.jacobian(traces_[i], jacobian_.data());
        const bool regular =
            transposed_.factorize(jacobian_.data(), h * method_.a[i][i] * speed, true);
        if (regular) transposed_.solve(own);
        else own[0] = std::numeric_limits<T>::quiet_NaN();
      }
      for (int64_t k = 0; k < n_; k++) own[k] *= speed;
      network_.pull_back(traces_[i], own, mu_[i].data());
    }
    for (int i = 0; i < n_stages_; i++)
      for (int64_t k = 0; k < n_; k++) lambda_.data()[k] += mu_[i].data()[k];
  }
};
