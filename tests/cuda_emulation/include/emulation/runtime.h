// The part of the CUDA runtime that generated code calls. What a GPU would answer with garbage,
// or an error that nobody reads, ends the program.
#pragma once

enum cudaMemcpyKind {
    cudaMemcpyHostToHost,
    cudaMemcpyHostToDevice,
    cudaMemcpyDeviceToHost,
    cudaMemcpyDeviceToDevice,
    cudaMemcpyDefault,
};
enum cudaLimit { cudaLimitStackSize, cudaLimitPrintfFifoSize, cudaLimitMallocHeapSize };
enum cudaFuncAttribute {
    cudaFuncAttributeMaxDynamicSharedMemorySize = 8,
    cudaFuncAttributePreferredSharedMemoryCarveout = 9,
};
enum cudaDeviceAttr {
    cudaDevAttrMaxThreadsPerBlock = 1,
    cudaDevAttrMaxSharedMemoryPerBlock = 8,
    cudaDevAttrWarpSize = 10,
    cudaDevAttrMultiProcessorCount = 16,
    cudaDevAttrComputeCapabilityMajor = 75,
    cudaDevAttrComputeCapabilityMinor = 76,
    cudaDevAttrMaxSharedMemoryPerBlockOptin = 97,
};
struct cudaDeviceProp {
    char name[256];
    size_t totalGlobalMem, sharedMemPerBlock, sharedMemPerBlockOptin, sharedMemPerMultiprocessor;
    int major, minor, multiProcessorCount, maxThreadsPerBlock, maxThreadsPerMultiProcessor;
    int warpSize, regsPerBlock, regsPerMultiprocessor, l2CacheSize;
};
struct cudaFuncAttributes {
    size_t sharedSizeBytes, constSizeBytes, localSizeBytes;
    int maxThreadsPerBlock, numRegs;
};
struct emulated_event {
    std::chrono::steady_clock::time_point at;
};
typedef emulated_event* cudaEvent_t;
enum { cudaStreamDefault = 0, cudaStreamNonBlocking = 1 };
enum { cudaEventDefault = 0, cudaEventDisableTiming = 2 };

namespace emulation {

inline void require_side(const void* pointer, size_t bytes, bool on_device, const char* call) {
    if (device_memory().is_device(pointer) != on_device)
        fatal(std::string(call) + ": a pointer is on the wrong side for this direction");
    if (on_device && !device_memory().is_allocated(pointer, bytes))
        fatal(std::string(call) + " of " + std::to_string(bytes) +
              " bytes goes beyond the device memory that was allocated");
}

inline cudaError copy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
    if (!bytes) return cudaSuccess;
    const auto& memory = device_memory();
    const bool guess = kind == cudaMemcpyDefault;
    const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
    const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
    require_side(to, bytes, guess ? memory.is_device(to) : to_device, "cudaMemcpy");
    require_side(from, bytes, guess ? memory.is_device(from) : from_device, "cudaMemcpy");
    DeviceAccess access;
    std::memmove(to, from, bytes);
    return cudaSuccess;
}

// A variable of the device, of which the host has a namesake that only these calls may use.
template <class T>
void* symbol_address(T& symbol, size_t bytes, size_t offset) {
    if (offset + bytes > sizeof(T)) fatal("a copy goes beyond a variable of the device");
    device_memory().add_symbol(&symbol, sizeof(T));
    return const_cast<char*>(reinterpret_cast<const volatile char*>(&symbol)) + offset;
}

}  // namespace emulation

template <class T>
cudaError cudaMalloc(T** pointer, size_t bytes) {
    *pointer = static_cast<T*>(emulation::device_memory().allocate(bytes));
    return *pointer ? cudaSuccess : cudaErrorMemoryAllocation;
}
inline cudaError cudaFree(void* pointer) {
    emulation::device_memory().release(pointer);
    return cudaSuccess;
}
template <class T>
cudaError cudaMallocAsync(T** pointer, size_t bytes, cudaStream_t) {
    return cudaMalloc(pointer, bytes);
}
inline cudaError cudaFreeAsync(void* pointer, cudaStream_t) { return cudaFree(pointer); }
template <class T>
cudaError cudaMallocHost(T** pointer, size_t bytes) {
    *pointer = static_cast<T*>(std::malloc(bytes));
    if (*pointer) std::memset(static_cast<void*>(*pointer), 0xFF, bytes);
    return *pointer ? cudaSuccess : cudaErrorMemoryAllocation;
}
inline cudaError cudaFreeHost(void* pointer) {
    std::free(pointer);
    return cudaSuccess;
}
inline cudaError cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
    return emulation::copy(to, from, bytes, kind);
}
inline cudaError cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind,
                                 cudaStream_t = nullptr) {
    return emulation::copy(to, from, bytes, kind);
}
inline cudaError cudaMemset(void* to, int value, size_t bytes) {
    if (!bytes) return cudaSuccess;
    emulation::require_side(to, bytes, true, "cudaMemset");
    emulation::DeviceAccess access;
    std::memset(to, value, bytes);
    return cudaSuccess;
}
inline cudaError cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t = nullptr) {
    return cudaMemset(to, value, bytes);
}
template <class T>
cudaError cudaMemcpyToSymbol(T& symbol, const void* from, size_t bytes, size_t offset = 0,
                             cudaMemcpyKind kind = cudaMemcpyHostToDevice) {
    void* to = emulation::symbol_address(symbol, bytes, offset);
    if constexpr (std::is_pointer_v<T>) {
        void* stored;
        std::memcpy(&stored, from, sizeof stored);
        emulation::require_device(stored);
    }
    return emulation::copy(to, from, bytes, kind);
}
template <class T>
cudaError cudaMemcpyFromSymbol(void* to, T& symbol, size_t bytes, size_t offset = 0,
                               cudaMemcpyKind kind = cudaMemcpyDeviceToHost) {
    return emulation::copy(to, emulation::symbol_address(symbol, bytes, offset), bytes, kind);
}
template <class T>
cudaError cudaGetSymbolAddress(void** pointer, T& symbol) {
    *pointer = emulation::symbol_address(symbol, 0, 0);
    return cudaSuccess;
}

inline cudaError cudaGetLastError() { return std::exchange(emulation::last_error(), cudaSuccess); }
inline cudaError cudaPeekAtLastError() { return emulation::last_error(); }
inline const char* cudaGetErrorString(cudaError error) {
    switch (error) {
        case cudaSuccess: return "no error";
        case cudaErrorInvalidValue: return "invalid argument";
        case cudaErrorMemoryAllocation: return "out of memory";
        case cudaErrorInvalidConfiguration: return "invalid configuration argument";
        case cudaErrorNoDevice: return "no CUDA-capable device is detected";
    }
    return "unknown error";
}
inline const char* cudaGetErrorName(cudaError error) { return cudaGetErrorString(error); }

inline cudaError cudaDeviceSynchronize() { return cudaSuccess; }
inline cudaError cudaDeviceReset() { return cudaSuccess; }
inline cudaError cudaDeviceSetLimit(cudaLimit, size_t) { return cudaSuccess; }
inline cudaError cudaSetDevice(int device) {
    return device == 0 ? cudaSuccess : cudaErrorInvalidValue;
}
inline cudaError cudaGetDevice(int* device) {
    *device = 0;
    return cudaSuccess;
}
// CUDA_EMULATION_DEVICES=0 is a machine without a GPU.
inline cudaError cudaGetDeviceCount(int* count) {
    *count = static_cast<int>(emulation::setting("CUDA_EMULATION_DEVICES", 1));
    return *count ? cudaSuccess : cudaErrorNoDevice;
}
inline cudaError cudaMemGetInfo(size_t* left, size_t* total) {
    *left = *total = emulation::DeviceMemory::reserved;
    return cudaSuccess;
}
inline cudaError cudaDriverGetVersion(int* version) {
    *version = 13000;
    return cudaSuccess;
}
inline cudaError cudaRuntimeGetVersion(int* version) { return cudaDriverGetVersion(version); }
inline cudaError cudaGetDeviceProperties(cudaDeviceProp* about, int) {
    *about = {};
    std::strcpy(about->name, "emulated on a CPU");
    about->totalGlobalMem = emulation::DeviceMemory::reserved;
    about->sharedMemPerBlock = emulation::shared_bytes;
    about->sharedMemPerBlockOptin = about->sharedMemPerMultiprocessor = emulation::most_shared_bytes;
    about->major = 9;
    about->multiProcessorCount = 4;
    about->maxThreadsPerBlock = 1024;
    about->maxThreadsPerMultiProcessor = 2048;
    about->warpSize = 32;
    about->regsPerBlock = about->regsPerMultiprocessor = 65536;
    about->l2CacheSize = 4 << 20;
    return cudaSuccess;
}
inline cudaError cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
    switch (attribute) {
        case cudaDevAttrMaxThreadsPerBlock: *value = 1024; break;
        case cudaDevAttrMaxSharedMemoryPerBlock: *value = emulation::shared_bytes; break;
        case cudaDevAttrWarpSize: *value = 32; break;
        case cudaDevAttrMultiProcessorCount: *value = 4; break;
        case cudaDevAttrComputeCapabilityMajor: *value = 9; break;
        case cudaDevAttrComputeCapabilityMinor: *value = 0; break;
        case cudaDevAttrMaxSharedMemoryPerBlockOptin: *value = emulation::most_shared_bytes; break;
        default: return cudaErrorInvalidValue;
    }
    return cudaSuccess;
}

template <class Kernel>
cudaError cudaFuncSetAttribute(Kernel, cudaFuncAttribute attribute, int value) {
    if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaSuccess;
    if (value < 0 || size_t(value) > emulation::most_shared_bytes) return cudaErrorInvalidValue;
    size_t& allowed = emulation::allowed_shared_bytes();
    allowed = std::max(allowed, size_t(value));
    return cudaSuccess;
}
template <class Kernel>
cudaError cudaFuncGetAttributes(cudaFuncAttributes* about, Kernel) {
    *about = {0, 0, 0, 1024, 32};
    return cudaSuccess;
}
// CUDA_EMULATION_BLOCK is the block size that is said to be best.
template <class Kernel>
cudaError cudaOccupancyMaxPotentialBlockSize(int* grid, int* block, Kernel, size_t = 0, int = 0) {
    *grid = 4;
    *block = static_cast<int>(emulation::setting("CUDA_EMULATION_BLOCK", 256));
    return cudaSuccess;
}
template <class Kernel>
cudaError cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, Kernel, int, size_t) {
    *blocks = 2;
    return cudaSuccess;
}

inline cudaError cudaStreamCreate(cudaStream_t* stream) {
    *stream = nullptr;
    return cudaSuccess;
}
inline cudaError cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
    return cudaStreamCreate(stream);
}
inline cudaError cudaStreamDestroy(cudaStream_t) { return cudaSuccess; }
inline cudaError cudaStreamSynchronize(cudaStream_t) { return cudaSuccess; }
inline cudaError cudaEventCreate(cudaEvent_t* event) {
    *event = new emulated_event{};
    return cudaSuccess;
}
inline cudaError cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
    return cudaEventCreate(event);
}
inline cudaError cudaEventDestroy(cudaEvent_t event) {
    delete event;
    return cudaSuccess;
}
inline cudaError cudaEventRecord(cudaEvent_t event, cudaStream_t = nullptr) {
    event->at = std::chrono::steady_clock::now();
    return cudaSuccess;
}
inline cudaError cudaEventSynchronize(cudaEvent_t) { return cudaSuccess; }
inline cudaError cudaEventElapsedTime(float* ms, cudaEvent_t start, cudaEvent_t stop) {
    *ms = std::chrono::duration<float, std::milli>(stop->at - start->at).count();
    return cudaSuccess;
}
inline cudaError cudaStreamWaitEvent(cudaStream_t, cudaEvent_t, unsigned = 0) {
    return cudaSuccess;
}
inline cudaError cudaProfilerStart() { return cudaSuccess; }
inline cudaError cudaProfilerStop() { return cudaSuccess; }
