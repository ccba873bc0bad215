// A network of rate units, driven: what circulates in it is the target of the spiking network.

// In the order of kernel.py.
struct RateRun {
  int64_t n_units, n_drives, n_inputs, n_steps;
  double decay;
  // (unit, unit) by rows; (drive, unit); (input, unit)
  const double *recurrent, *drive_weights, *input_weights;
  const double *drives, *inputs;  // (time, drive), (time, input)
  double *x, *currents;           // (unit,), (time, unit)
};

// The exponential Euler step is exact for currents that stay the same during it.
extern "C" void neurotrain_drive(const RateRun *run) {
  const int64_t n = run->n_units, vectors = (n + LANES - 1) / LANES;
  std::vector<double> x(vectors * LANES), rates(vectors * LANES);
  std::copy(run->x, run->x + n, x.begin());
  for (int64_t t = 0; t < run->n_steps; t++) {
    for (int64_t i = 0; i < vectors * LANES; i += LANES) store(&rates[i], nt_tanh(load(&x[i])));
    double *current = run->currents + t * n;
    multiply(run->recurrent, rates.data(), current, n, n);
    add_columns(run->drive_weights, run->drives + t * run->n_drives, current, n, run->n_drives);
    std::copy(current, current + n, rates.begin());
    add_columns(run->input_weights, run->inputs + t * run->n_inputs, rates.data(), n,
                run->n_inputs);
    for (int64_t i = 0; i < n; i++) x[i] = rates[i] + (x[i] - rates[i]) * run->decay;
  }
  std::copy(x.begin(), x.begin() + n, run->x);
}
