// The threads of a block, one after another; a thread that waits at a barrier is set aside as a
// fiber, so that kernels without barriers pay nothing for them.
#pragma once

struct uint3 {
    unsigned x, y, z;
};
struct dim3 {
    unsigned x, y, z;
    constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
    size_t count() const { return size_t(x) * y * z; }
};
inline uint3 threadIdx, blockIdx;
inline dim3 blockDim, gridDim;
inline constexpr int warpSize = 32;

namespace emulation {

enum class Order { forward, reverse, shuffled };

inline Order thread_order() {
    const char* name = std::getenv("CUDA_EMULATION_ORDER");
    if (!name || !*name || !std::strcmp(name, "forward")) return Order::forward;
    if (!std::strcmp(name, "reverse")) return Order::reverse;
    if (!std::strcmp(name, "shuffled")) return Order::shuffled;
    fatal(std::string("CUDA_EMULATION_ORDER is forward, reverse or shuffled, not ") + name);
}

inline std::mt19937& shuffling() {
    static std::mt19937 generator(setting("CUDA_EMULATION_SEED", 1));
    return generator;
}

inline void put_in_order(std::vector<unsigned>& items, Order order) {
    std::sort(items.begin(), items.end());
    if (order == Order::reverse) std::reverse(items.begin(), items.end());
    if (order == Order::shuffled) std::shuffle(items.begin(), items.end(), shuffling());
}

inline std::vector<unsigned> ordered(size_t count, Order order) {
    std::vector<unsigned> items(count);
    std::iota(items.begin(), items.end(), 0u);
    put_in_order(items, order);
    return items;
}

struct Fiber {
    static constexpr size_t stack_bytes = 256 * 1024;
    ucontext_t context;
    jmp_buf place;
    void* stack;
    void* sanitizer_stack = nullptr;
    bool has_begun = false;
};

enum class Barrier { block, warp };

struct Waiting {
    Fiber* fiber = nullptr;
    Barrier barrier = Barrier::block;
    const char* file = nullptr;
    int line = 0;
};

class Block {
   public:
    // Runs `body` for each thread.
    void run(size_t n_threads, Order order, const std::function<void()>& body) {
        body_ = &body;
        order_ = order;
        n_threads_ = n_threads;
        to_start_ = ordered(n_threads, order);
        started_ = 0;
        waiting_.assign(n_threads, {});
        current() = this;
        while (started_ < n_threads) resume(idle_fiber());
        while (n_waiting_) go_on(released());
        current() = nullptr;
    }

    static Block*& current() {
        static Block* block = nullptr;
        return block;
    }

    void wait(Barrier barrier, const char* file, int line) {
        const unsigned thread = thread_;
        waiting_[thread] = {fiber_, barrier, file, line};
        ++n_waiting_;
        n_in_warps_ += barrier == Barrier::warp;
        leave(false);
        set_thread(thread);
    }

    // Every thread of a warp gives one value, and reads the one of another.
    template <class T>
    T exchange(T value, int lane, const char* file, int line) {
        static_assert(sizeof(T) <= sizeof(uint64_t));
        const unsigned warp = thread_ / 32 * 32;
        exchanged_.resize(std::max(exchanged_.size(), size_t(warp) + 32));
        std::memcpy(&exchanged_[thread_], &value, sizeof(T));
        wait(Barrier::warp, file, line);
        if (warp + lane < n_threads_) std::memcpy(&value, &exchanged_[warp + lane], sizeof(T));
        wait(Barrier::warp, file, line);
        return value;
    }

    unsigned lane() const { return thread_ % 32; }

   private:
    void set_thread(unsigned thread) {
        thread_ = thread;
        threadIdx.x = thread % blockDim.x;
        threadIdx.y = thread / blockDim.x % blockDim.y;
        threadIdx.z = thread / (blockDim.x * blockDim.y);
    }

    Fiber* idle_fiber() {
        if (idle_.empty()) {
            Fiber* made = new Fiber;
            made->stack = mmap(nullptr, Fiber::stack_bytes, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
            if (made->stack == MAP_FAILED) fatal("no memory for the stack of a thread");
            idle_.push_back(made);
        }
        Fiber* fiber = idle_.back();
        idle_.pop_back();
        return fiber;
    }

    // Which waiting threads go on: those of warps that are complete, else the block.
    const std::vector<unsigned>& released() {
        released_.clear();
        if (n_in_warps_)
            for (unsigned warp = 0; warp < n_threads_; warp += 32) release_warp(warp);
        if (released_.empty()) {
            require_the_same_barrier();
            for (unsigned i = 0; i < n_threads_; ++i)
                if (waiting_[i].fiber) released_.push_back(i);
        }
        put_in_order(released_, order_);
        return released_;
    }

    void release_warp(unsigned first) {
        const unsigned stop = std::min<size_t>(first + 32, n_threads_);
        for (unsigned i = first; i < stop; ++i)
            if (waiting_[i].fiber && waiting_[i].barrier == Barrier::block) return;
        for (unsigned i = first; i < stop; ++i)
            if (waiting_[i].fiber) released_.push_back(i);
    }

    void require_the_same_barrier() const {
        const Waiting* first = nullptr;
        for (const Waiting& at : waiting_) {
            if (!at.fiber) continue;
            if (!first) first = &at;
            if (at.line != first->line || std::strcmp(at.file, first->file))
                fatal("threads of a block wait at " + place(*first) + " and at " + place(at));
        }
        if (n_waiting_ != n_threads_)
            fatal("some threads of a block wait at " + place(*first) + ", others have ended");
    }

    static std::string place(const Waiting& at) {
        return std::string(at.file) + ":" + std::to_string(at.line);
    }

    void go_on(const std::vector<unsigned>& threads) {
        for (unsigned thread : threads) {
            Waiting& at = waiting_[thread];
            Fiber* fiber = std::exchange(at.fiber, nullptr);
            --n_waiting_;
            n_in_warps_ -= at.barrier == Barrier::warp;
            resume(fiber);
        }
    }

    // What a fiber does: threads to their ends, until one waits, and the next when it is used again.
    void work() {
        for (;;) {
            while (started_ < n_threads_) {
                set_thread(to_start_[started_++]);
                (*body_)();
            }
            idle_.push_back(fiber_);
            leave(true);
        }
    }

    static void enter() {
#if defined(__SANITIZE_ADDRESS__)
        __sanitizer_finish_switch_fiber(nullptr, &current()->home_bottom_, &current()->home_bytes_);
#endif
        current()->work();
    }

#if defined(__SANITIZE_ADDRESS__)
    void resume(Fiber* fiber) {
        fiber_ = fiber;
        void* own = nullptr;
        __sanitizer_start_switch_fiber(&own, fiber->stack, Fiber::stack_bytes);
        if (!fiber->has_begun) begin(fiber);
        swapcontext(&home_, &fiber->context);
        __sanitizer_finish_switch_fiber(own, nullptr, nullptr);
    }

    void leave(bool) {
        Fiber* fiber = fiber_;
        __sanitizer_start_switch_fiber(&fiber->sanitizer_stack, home_bottom_, home_bytes_);
        swapcontext(&fiber->context, &home_);
        __sanitizer_finish_switch_fiber(fiber->sanitizer_stack, &home_bottom_, &home_bytes_);
    }
#else
    // swapcontext calls the kernel of the operating system; jumps do not.
    void resume(Fiber* fiber) {
        fiber_ = fiber;
        if (_setjmp(home_place_)) return;
        if (fiber->has_begun) _longjmp(fiber->place, 1);
        begin(fiber);
        setcontext(&fiber->context);
    }

    void leave(bool) {
        if (!_setjmp(fiber_->place)) _longjmp(home_place_, 1);
    }
#endif

    void begin(Fiber* fiber) {
        fiber->has_begun = true;
        getcontext(&fiber->context);
        fiber->context.uc_stack.ss_sp = fiber->stack;
        fiber->context.uc_stack.ss_size = Fiber::stack_bytes;
        fiber->context.uc_link = nullptr;
        makecontext(&fiber->context, enter, 0);
    }

    const std::function<void()>* body_ = nullptr;
    Order order_ = Order::forward;
    size_t n_threads_ = 0, started_ = 0;
    unsigned thread_ = 0;
    std::vector<unsigned> to_start_;
    std::vector<Waiting> waiting_;
    std::vector<unsigned> released_;
    size_t n_waiting_ = 0, n_in_warps_ = 0;
    std::vector<Fiber*> idle_;
    std::vector<uint64_t> exchanged_;
    Fiber* fiber_ = nullptr;
    jmp_buf home_place_;
    ucontext_t home_;
    const void* home_bottom_ = nullptr;
    size_t home_bytes_ = 0;
};

}  // namespace emulation
