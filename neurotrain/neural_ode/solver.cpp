// Every trajectory of every candidate; each unit of work is a candidate's group of trajectories.

static Shape shape_of(const Run *run) {
  return {run->n_states, run->width, run->depth, run->power, run->has_biases};
}

template <class F> static void each_unit(const Run *run, Network &network, F f) {
  const int64_t n = run->n_candidates * run->groups;
  for (int64_t unit; (unit = __atomic_fetch_add(run->next, 1, __ATOMIC_RELAXED)) < n;) {
    const int64_t p = unit / run->groups, group = unit % run->groups;
    network.set(run->parameters + p * run->n_parameters);
    f(p, group, group * run->n_trajectories / run->groups,
      (group + 1) * run->n_trajectories / run->groups);
    if (*run->stop) return;
  }
}

extern "C" void neurotrain_solve(const Run *run) {
  Network network(shape_of(run), false);
  const int64_t b = run->n_trajectories, n = run->n_states, size = run->n_times * n;
  each_unit(run, network, [&](int64_t p, int64_t, int64_t first, int64_t stop) {
    for (int64_t k = first; k < stop; k++) {
      Integration own(*run, network);
      const int64_t at = p * b + k;
      run->reason[at] = own.integrate(run->starts + k * n, run->times + k * run->n_times,
                                      run->states + at * size);
      run->tried[at] = own.tried;
      if (!run->keeps || own.kept.empty()) continue;
      Kept &kept = run->kept[at];
      kept.n = int64_t(own.kept.size());
      kept.values = (double *)malloc(own.kept.size() * sizeof(double));
      memcpy(kept.values, own.kept.data(), own.kept.size() * sizeof(double));
    }
  });
}

extern "C" void neurotrain_gradient(const Run *run) {
  Network network(shape_of(run), true);
  Adjoint adjoint(*run, network);
  const int64_t b = run->n_trajectories, size = run->n_times * run->n_states;
  each_unit(run, network, [&](int64_t p, int64_t group, int64_t first, int64_t stop) {
    network.clear_gradient();
    for (int64_t k = first; k < stop && !*run->stop; k++)
      adjoint.add(run->kept[p * b + k], run->cotangents + (p * b + k) * size);
    network.get_gradient(run->gradient + (p * run->groups + group) * run->n_parameters);
  });
}

extern "C" void neurotrain_forget(Kept *kept, int64_t n) {
  for (int64_t k = 0; k < n; k++) free(kept[k].values);
}
