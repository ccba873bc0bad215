// One block after the other takes a candidate and a tile of trials, until all are done.
extern "C" __global__ void __launch_bounds__(THREADS, RESIDENT)
    neurotrain_units(const Run *run, int64_t n_tiles, char *scratch, int64_t scratch_bytes,
                     int64_t shared_bytes) {
  extern __shared__ __align__(16) char shared[];
  const int64_t n_units = run->n_candidates * n_tiles;
  for (int64_t unit = blockIdx.x; unit < n_units; unit += gridDim.x) {
    Workspace space{shared, scratch + blockIdx.x * scratch_bytes, shared_bytes};
    simulate(run, unit / n_tiles, unit % n_tiles, space);
    barrier();
  }
}

// What a workspace will take from shared memory and from the scratch: it goes the same way.
struct Room {
  int64_t left, shared, scratch;
  template <class A> void add(int64_t size) {
    const int64_t needed = Workspace::bytes(size, sizeof(A));
    (needed <= left ? shared : scratch) += needed;
    if (needed <= left) left -= needed;
  }
};

// All of what follows returns 0 or the runtime's error. What a call brings lies on the host for
// neurotrain_room and on the device for neurotrain_launch.
extern "C" {
int neurotrain_device(int64_t *processors, int64_t *shared_bytes) {
  int n = 0, bytes = 0;
  cudaError_t error = cudaGetDeviceCount(&n);
  if (!error) error = cudaDeviceGetAttribute(&n, cudaDevAttrMultiProcessorCount, 0);
  if (!error) error = cudaDeviceGetAttribute(&bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, 0);
  *processors = n;
  *shared_bytes = bytes;
  return error;
}
void neurotrain_room(const Run *run, int64_t most_shared, int64_t *shared, int64_t *scratch) {
  Room room{most_shared, 0, 0};
  @ROOM@
  *shared = room.shared;
  *scratch = room.scratch;
}
int neurotrain_allocate(int64_t bytes, void **memory) { return cudaMalloc(memory, bytes); }
int neurotrain_free(void *memory) { return cudaFree(memory); }
int neurotrain_upload(void *to, const void *from, int64_t bytes) {
  return cudaMemcpy(to, from, bytes, cudaMemcpyHostToDevice);
}
int neurotrain_download(void *to, const void *from, int64_t bytes) {
  return cudaMemcpy(to, from, bytes, cudaMemcpyDeviceToHost);
}
// How many blocks run at once on a processor of the device.
int neurotrain_resident(int threads, int64_t shared, int *blocks) {
  cudaError_t error = cudaFuncSetAttribute(
      neurotrain_units, cudaFuncAttributeMaxDynamicSharedMemorySize, int(shared));
  if (!error)
    error = cudaOccupancyMaxActiveBlocksPerMultiprocessor(blocks, neurotrain_units, threads, shared);
  return error;
}
int neurotrain_launch(const Run *run, int64_t n_tiles, int blocks, int threads, int64_t shared,
                      void *scratch, int64_t scratch_bytes) {
  neurotrain_units<<<blocks, threads, shared>>>(run, n_tiles, (char *)scratch, scratch_bytes,
                                                shared);
  const cudaError_t error = cudaGetLastError();
  return error ? error : cudaDeviceSynchronize();
}
const char *neurotrain_error(int error) { return cudaGetErrorString(cudaError_t(error)); }
}
