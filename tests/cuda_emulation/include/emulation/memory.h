// Device memory: one stretch of addresses that host code may not touch, filled with NaN.
#pragma once

namespace emulation {

[[noreturn]] inline void fatal(const std::string& what) {
    std::fflush(stdout);
    std::fprintf(stderr, "CUDA emulation: %s\n", what.c_str());
    std::abort();
}

inline long setting(const char* name, long otherwise) {
    const char* text = std::getenv(name);
    return text && *text ? std::atol(text) : otherwise;
}

class DeviceMemory {
   public:
    static constexpr size_t reserved = size_t(1) << 36, page = 4096, alignment = 256;

    DeviceMemory() : is_guarded_(setting("CUDA_EMULATION_GUARD", 1)) {
        void* start = mmap(nullptr, reserved, PROT_NONE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (start == MAP_FAILED) fatal("no address space for device memory");
        start_ = static_cast<char*>(start);
    }

    // The block starts at a multiple of `alignment`, as cudaMalloc's, and ends in a gap.
    void* allocate(size_t bytes) {
        const size_t room = room_of(bytes);
        char* block = take_freed(room);
        if (!block) {
            if (used_ + room > reserved) return nullptr;
            block = start_ + used_;
            used_ += room;
            protect();
        }
        blocks_[block] = bytes;
        open();
        fill(block, bytes, room);
        close();
        return block;
    }

    void release(void* pointer) {
        if (!pointer) return;
        const auto found = blocks_.find(static_cast<char*>(pointer));
        if (found == blocks_.end()) fatal("cudaFree of what cudaMalloc did not give");
        const auto [block, bytes] = *found;
        const size_t room = room_of(bytes);
        open();
        std::memset(block, 0xFF, bytes);
        close();
#if defined(__SANITIZE_ADDRESS__)
        // Never used again, so that later use is seen.
        ASAN_POISON_MEMORY_REGION(block, room);
#else
        freed_.emplace(room, block);
#endif
        blocks_.erase(found);
    }

    void add_symbol(const void* start, size_t bytes) {
        symbols_[static_cast<const char*>(start)] = bytes;
    }

    bool is_device(const void* pointer) const {
        const auto* at = static_cast<const char*>(pointer);
        return (at >= start_ && at < start_ + reserved) || holds(symbols_, at, 1);
    }

    // Whether all of the bytes lie in one block that is in use.
    bool is_allocated(const void* pointer, size_t bytes) const {
        const auto* at = static_cast<const char*>(pointer);
        return holds(blocks_, at, bytes) || holds(symbols_, at, bytes);
    }

    // After a kernel: the gaps behind the blocks hold what they held.
    void require_gaps() const {
#if !defined(__SANITIZE_ADDRESS__)
        static const std::vector<char> untouched(2 * alignment, char(0xFF));
        for (const auto& [block, bytes] : blocks_)
            if (std::memcmp(block + bytes, untouched.data(), room_of(bytes) - bytes))
                fatal("a kernel writes beyond device memory of " + std::to_string(bytes) + " bytes");
#endif
    }

    void open() {
        if (depth_++ == 0) protect();
    }
    void close() {
        if (--depth_ == 0) protect();
    }
    bool is_open() const { return depth_; }

   private:
    static size_t room_of(size_t bytes) {
        return (bytes + alignment) / alignment * alignment + alignment;
    }

    template <class Blocks>
    static bool holds(const Blocks& blocks, const char* at, size_t bytes) {
        auto next = std::upper_bound(blocks.begin(), blocks.end(), at,
                                     [](const char* a, const auto& b) { return a < b.first; });
        if (next == blocks.begin()) return false;
        --next;
        return at + bytes <= next->first + next->second;
    }

    char* take_freed(size_t room) {
        const auto found = freed_.find(room);
        if (found == freed_.end()) return nullptr;
        char* block = found->second;
        freed_.erase(found);
        return block;
    }

    // The address sanitizer names the line of a kernel that goes into the gap.
    static void fill(char* block, [[maybe_unused]] size_t bytes, size_t room) {
#if defined(__SANITIZE_ADDRESS__)
        ASAN_UNPOISON_MEMORY_REGION(block, room);
#endif
        std::memset(block, 0xFF, room);
#if defined(__SANITIZE_ADDRESS__)
        ASAN_POISON_MEMORY_REGION(block + bytes, room - bytes);
#endif
    }

    // Host code that follows a device pointer dies, as it would on a machine with a GPU.
    void protect() {
        const int access = depth_ || !is_guarded_ ? PROT_READ | PROT_WRITE : PROT_NONE;
        const size_t length = (used_ + page - 1) / page * page;
        if ((length != length_ || access != access_) && length) mprotect(start_, length, access);
        length_ = length;
        access_ = access;
    }

    char* start_;
    size_t used_ = 0, length_ = 0;
    int depth_ = 0, access_ = PROT_NONE;
    bool is_guarded_;
    std::map<char*, size_t> blocks_;
    std::multimap<size_t, char*> freed_;
    std::map<const char*, size_t> symbols_;
};

inline DeviceMemory& device_memory() {
    // Never destroyed: a program's global vectors free theirs at its very end.
    static DeviceMemory* memory = new DeviceMemory;
    return *memory;
}

struct DeviceAccess {
    DeviceAccess() { device_memory().open(); }
    ~DeviceAccess() { device_memory().close(); }
    DeviceAccess(const DeviceAccess&) = delete;
};

}  // namespace emulation
