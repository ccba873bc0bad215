extern "C" void neurotrain_run(const Run *run, int64_t candidate, int64_t tile) {
  Workspace space;
  simulate(run, candidate, tile, space);
}
