// Kernel launches: what a GPU would refuse, and the blocks of a grid one after another.
#pragma once

struct emulated_stream;
typedef emulated_stream* cudaStream_t;

enum cudaError {
    cudaSuccess = 0,
    cudaErrorInvalidValue = 1,
    cudaErrorMemoryAllocation = 2,
    cudaErrorInvalidConfiguration = 9,
    cudaErrorNoDevice = 100,
};
typedef cudaError cudaError_t;

// Shared memory that kernels declare static lies between these. The compiler keeps that of
// templates elsewhere, and the address sanitizer guards only what is in no such section.
extern "C" {
extern char __start_emulated_shared[] __attribute__((weak, visibility("hidden")));
extern char __stop_emulated_shared[] __attribute__((weak, visibility("hidden")));
}

namespace emulation {

inline cudaError& last_error() {
    static cudaError error = cudaSuccess;
    return error;
}

inline constexpr size_t shared_bytes = 48 * 1024, most_shared_bytes = 227 * 1024;
inline size_t& allowed_shared_bytes() {
    static size_t bytes = shared_bytes;
    return bytes;
}

// One block's dynamic shared memory, of exactly the bytes that the launch asks for.
class DynamicShared {
   public:
    static DynamicShared& instance() {
        static DynamicShared* one = new DynamicShared;
        return *one;
    }

    void reset(size_t bytes) {
#if defined(__SANITIZE_ADDRESS__)
        ASAN_UNPOISON_MEMORY_REGION(data_, sizeof data_);
        ASAN_POISON_MEMORY_REGION(data_ + bytes, sizeof data_ - bytes);
#endif
        std::memset(data_, 0xFF, bytes);
    }
    void* data() { return data_; }

   private:
    alignas(256) char data_[most_shared_bytes + 256];
};

inline bool is_mapped(const void* address) {
    const auto at = reinterpret_cast<uintptr_t>(address) / DeviceMemory::page * DeviceMemory::page;
    return msync(reinterpret_cast<void*>(at), 1, MS_ASYNC) == 0;
}

inline void require_device(const void* pointer) {
    if (!pointer) return;
    if (!device_memory().is_device(pointer)) fatal("a kernel is given a host pointer");
    if (!device_memory().is_allocated(pointer, 0))
        fatal("a kernel is given a pointer to device memory that is not in use");
}

// Pointers may also lie in a structure: there, whatever is an address of this process.
template <class T>
void require_device_in(const T& argument) {
    if constexpr (std::is_pointer_v<T>) {
        if constexpr (!std::is_function_v<std::remove_pointer_t<T>>) require_device(argument);
    } else if constexpr (std::is_class_v<T> && std::is_trivially_copyable_v<T>) {
        for (size_t i = 0; i + sizeof(void*) <= sizeof(T); i += sizeof(void*)) {
            void* word;
            std::memcpy(&word, reinterpret_cast<const char*>(&argument) + i, sizeof word);
            if (reinterpret_cast<uintptr_t>(word) >> 40 && is_mapped(word) &&
                !device_memory().is_device(word))
                fatal("a kernel is given a structure with a host pointer");
        }
    }
}

inline bool fits(dim3 grid, dim3 block, size_t bytes) {
    return grid.count() && block.count() && block.count() <= 1024 && block.x <= 1024 &&
           block.y <= 1024 && block.z <= 64 && grid.x <= 2147483647u && grid.y <= 65535 &&
           grid.z <= 65535 && bytes <= allowed_shared_bytes();
}

inline size_t& launches() {
    static size_t count = 0;
    return count;
}

inline void run_grid(dim3 grid, dim3 block, size_t bytes, char* shared, size_t n_shared,
                     const std::function<void()>& body) {
    static Block* threads = new Block;
    if (Block::current()) fatal("a kernel launches a kernel");
    if (!fits(grid, block, bytes)) {
        last_error() = cudaErrorInvalidConfiguration;
        return;
    }
    ++launches();
    DeviceAccess access;
    gridDim = grid;
    blockDim = block;
    const Order order = thread_order();
    for (unsigned i : ordered(grid.count(), order)) {
        blockIdx = {i % grid.x, i / grid.x % grid.y, i / (grid.x * grid.y)};
        if (n_shared) std::memset(shared, 0xFF, n_shared);
        DynamicShared::instance().reset(bytes);
        threads->run(block.count(), order, body);
    }
    device_memory().require_gaps();
}

// What `kernel<<<grid, block, bytes, stream>>>` becomes, to be called with the arguments.
template <class Kernel>
class Launch {
   public:
    Launch(Kernel kernel, dim3 grid, dim3 block, size_t bytes = 0, cudaStream_t = nullptr)
        : kernel_(kernel), grid_(grid), block_(block), bytes_(bytes) {}

    template <class... Arguments>
    void operator()(Arguments... arguments) const {
        (require_device_in(arguments), ...);
        run_grid(grid_, block_, bytes_, __start_emulated_shared,
                 __stop_emulated_shared - __start_emulated_shared,
                 [&] { kernel_(Arguments(arguments)...); });
    }

   private:
    Kernel kernel_;
    dim3 grid_, block_;
    size_t bytes_;
};

}  // namespace emulation
