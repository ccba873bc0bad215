// A product of matrices with a tile in shared memory, and faults to plant in it.
#include <cuda_runtime.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

constexpr int tile_size = 32;
enum Fault {
    none,
    first_barrier,
    second_barrier,
    bound,
    transposed,
    host_pointer,
    pointer_in_structure,
    freed_pointer,
    direction,
    size,
    host_access,
    uninitialized,
    divergent_barrier,
    block_too_large,
    n_faults
};
const char* names[] = {"none",          "first_barrier", "second_barrier",       "bound",
                       "transposed",    "host_pointer",  "pointer_in_structure", "freed_pointer",
                       "direction",     "size",          "host_access",          "uninitialized",
                       "divergent_barrier", "block_too_large"};

__constant__ double scale;
struct Operands {
    int n;
    const double* weights;
    const double* rates;
};

template <int T>
__global__ void __launch_bounds__(T) multiply(Operands given, double* __restrict__ sums, int fault) {
    __shared__ double tile[T];
    const int n = given.n, i = blockIdx.x * T + threadIdx.x, row = blockIdx.y;
    double sum = 0;
    for (int start = 0; start < n; start += T) {
        const int j = start + threadIdx.x;
        tile[threadIdx.x] = j < n ? given.rates[row * n + j] : 0;
        if (fault != first_barrier) __syncthreads();
        if (fault == divergent_barrier && i < n) __syncthreads();
        for (int k = 0; i < n && k < T && start + k < n; ++k)
            sum += given.weights[fault == transposed ? i * n + start + k : (start + k) * n + i] *
                   tile[k];
        if (fault != second_barrier) __syncthreads();
    }
    if (i < n || fault == bound) sums[row * n + i] = scale * sum;
}

__global__ void total(const double* values, int n, double* sum) {
    extern __shared__ double part[];
    part[threadIdx.x] = 0;
    for (int i = threadIdx.x; i < n; i += blockDim.x) part[threadIdx.x] += values[i];
    for (int reach = blockDim.x / 2; reach; reach /= 2) {
        __syncthreads();
        if (threadIdx.x < reach) part[threadIdx.x] += part[threadIdx.x + reach];
    }
    if (threadIdx.x == 0) atomicAdd(sum, part[0]);
}

std::vector<double> numbers(size_t n) {
    std::vector<double> made(n);
    for (size_t i = 0; i < n; ++i) made[i] = double(i * 7919 % 101) - 50;
    return made;
}

double* on_device(const std::vector<double>& values) {
    double* copy;
    cudaMalloc(&copy, values.size() * sizeof(double));
    cudaMemcpy(copy, values.data(), values.size() * sizeof(double), cudaMemcpyHostToDevice);
    return copy;
}

int main(int count, char** words) {
    int fault = none;
    while (count > 1 && fault < n_faults && std::strcmp(names[fault], words[1])) ++fault;
    const int n = 70, rows = 3;
    const auto weights = numbers(n * n), rates = numbers(rows * n);
    std::vector<double> sums(rows * n), expected(rows * n);
    double factor = 0.5, sum = 0, expected_sum = 0;
    for (int row = 0; row < rows; ++row)
        for (int i = 0; i < n; ++i) {
            for (int j = 0; j < n; ++j)
                expected[row * n + i] += factor * weights[j * n + i] * rates[row * n + j];
            expected_sum += expected[row * n + i];
        }

    double *w = on_device(weights), *r = on_device(rates), *s, *t;
    cudaMalloc(&s, sums.size() * sizeof(double));
    cudaMalloc(&t, sizeof(double));
    if (fault != uninitialized) cudaMemset(t, 0, sizeof(double));
    if (fault == freed_pointer) cudaFree(s);
    if (fault == host_access) sums[0] = s[0];
    cudaMemcpyToSymbol(scale, &factor, sizeof factor);
    const int threads = fault == block_too_large ? 2048 : tile_size;
    multiply<tile_size><<<dim3((n + tile_size - 1) / tile_size, rows), threads>>>(
        Operands{n, fault == pointer_in_structure ? weights.data() : w, r},
        fault == host_pointer ? sums.data() : s, fault);
    total<<<1, 64, 64 * sizeof(double)>>>(s, rows * n, t);
    if (cudaGetLastError() != cudaSuccess) {
        std::puts("a launch failed");
        return 1;
    }
    const size_t bytes = sums.size() * sizeof(double);
    cudaMemcpy(sums.data(), s, fault == size ? bytes + 8 : bytes,
               fault == direction ? cudaMemcpyHostToDevice : cudaMemcpyDeviceToHost);
    cudaMemcpy(&sum, t, sizeof sum, cudaMemcpyDeviceToHost);
    for (double* pointer : {w, r, s, t}) cudaFree(pointer);
    for (int i = 0; i < rows * n; ++i)
        if (!(std::abs(sums[i] - expected[i]) < 1e-9)) return std::puts("wrong products"), 1;
    if (!(std::abs(sum - expected_sum) < 1e-9)) return std::puts("wrong total"), 1;
    std::puts("right");
}
