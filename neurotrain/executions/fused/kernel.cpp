// One candidate on one tile of trials: the whole time loop, state in cache.
//
// Arrays of the tile lie [element][trial]. A matrix product accumulates ROWS rows of weights times
// TILE vectors of trials in registers, and the same rows are updated at once.
@FUNCTIONS@

INLINE void simulate(const Run *run, int64_t candidate, int64_t tile, Workspace &space) {
  const int64_t first = tile * TRIALS, n_trials = run->n_trials;
  (void)candidate;
  const auto lanes = [&](int b) {
    const int64_t left = n_trials - first - b * LANES;
    return left < 0 ? int64_t(0) : left < LANES ? left : int64_t(LANES);
  };
  (void)lanes;
  @CONSTANTS@
  @INVARIANTS@
  @ARRAYS@
  @WEIGHTS@
  @NOISE@
  bool timed_out = false;
  const Watch watch(*run);
  int64_t bin = 0;
  (void)bin;
  barrier();
  for (int64_t step = 0; step < run->n_steps; step++) {
    if (watch.told_to_stop(step)) return;
    @TICKS@
    @STEP@
    @BINS@
    if ((step + 1) % CHECK_EVERY == 0 || step + 1 == run->n_steps) {
      @FINITE@
      barrier();
      bool all = run->ends_failed;
      for (int b = 0; b < TRIALS; b++)
        all = all && (failed[b / LANES][b % LANES] || first + b >= n_trials);
      timed_out = !all && step + 1 < run->n_steps && watch.is_late();
      if (all || timed_out) break;
    }
  }
  @FINAL@
  @KEPT@
  each_trial([&](int b) {
    for (int lane = 0; lane < lanes(b); lane++)
      run->failed[candidate * n_trials + first + b * LANES + lane] =
          failed[b][lane] ? NOT_FINITE : timed_out ? TIMED_OUT : 0;
  });
}
