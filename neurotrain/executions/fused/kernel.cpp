// One candidate on one tile of trials: the whole time loop, state in cache.
//
// Arrays of the tile lie [element][trial]. A matrix product accumulates ROWS rows of weights times
// TILE vectors of trials in registers, and the same rows are updated at once.
@FUNCTIONS@

extern "C" void neurotrain_run(const Run *run, int64_t candidate, int64_t tile) {
  const int64_t first = tile * TRIALS, n_trials = run->n_trials;
  Workspace space;
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
  VI failed[TILE] = {};
  bool timed_out = false;
  const double deadline = run->unit_seconds > 0 ? processor_seconds() + run->unit_seconds : 0;
  int64_t bin = 0;
  (void)bin;
  for (int64_t step = 0; step < run->n_steps; step++) {
    if (run->progress && !(step & 63)) {
      if (run->progress[1]) return;
      run->progress[0] = step;
    }
    @TICKS@
    @STEP@
    @BINS@
    if ((step + 1) % CHECK_EVERY == 0 || step + 1 == run->n_steps) {
      @FINITE@
      bool all = run->ends_failed;
      for (int b = 0; b < TRIALS; b++)
        all = all && (failed[b / LANES][b % LANES] || first + b >= n_trials);
      timed_out = !all && run->unit_seconds > 0 && step + 1 < run->n_steps &&
             processor_seconds() > deadline;
      if (all || timed_out) break;
    }
  }
  @FINAL@
  for (int b = 0; b < TRIALS; b++)
    if (first + b < n_trials)
      run->failed[candidate * n_trials + first + b] =
          failed[b / LANES][b % LANES] ? NOT_FINITE : timed_out ? TIMED_OUT : 0;
}
