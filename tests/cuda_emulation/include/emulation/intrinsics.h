// What device code may call: barriers, warps, atomics, bits, vectors.
#pragma once

namespace emulation {

inline void wait(Barrier barrier, const char* file, int line) {
    if (!Block::current()) fatal("a barrier outside of a kernel");
    Block::current()->wait(barrier, file, line);
}

template <class To, class From>
To bits(From from) {
    static_assert(sizeof(To) == sizeof(From));
    To to;
    std::memcpy(&to, &from, sizeof to);
    return to;
}

}  // namespace emulation

#define __syncthreads() ::emulation::wait(::emulation::Barrier::block, __FILE__, __LINE__)
#define __syncwarp(...) ::emulation::wait(::emulation::Barrier::warp, __FILE__, __LINE__)
#define __shfl_sync(mask, value, source, ...)                                                  \
    ::emulation::Block::current()->exchange(value, (source) & 31, __FILE__, __LINE__)
#define __shfl_xor_sync(mask, value, lanes, ...)                                               \
    ::emulation::Block::current()->exchange(                                                   \
        value, ::emulation::Block::current()->lane() ^ (lanes), __FILE__, __LINE__)
#define __shfl_down_sync(mask, value, delta, ...)                                              \
    ::emulation::Block::current()->exchange(                                                   \
        value,                                                                                 \
        ::emulation::Block::current()->lane() + (delta) < 32                                   \
            ? ::emulation::Block::current()->lane() + (delta)                                  \
            : ::emulation::Block::current()->lane(),                                           \
        __FILE__, __LINE__)
#define __shfl_up_sync(mask, value, delta, ...)                                                \
    ::emulation::Block::current()->exchange(                                                   \
        value,                                                                                 \
        ::emulation::Block::current()->lane() >= unsigned(delta)                               \
            ? ::emulation::Block::current()->lane() - (delta)                                  \
            : ::emulation::Block::current()->lane(),                                           \
        __FILE__, __LINE__)

inline void __threadfence() {}
inline void __threadfence_block() {}
inline void __threadfence_system() {}

// The types for which a GPU has them.
template <class T>
inline constexpr bool is_atomic = std::is_same_v<T, int> || std::is_same_v<T, unsigned> ||
                                  std::is_same_v<T, unsigned long long> ||
                                  std::is_same_v<T, float> || std::is_same_v<T, double>;
template <class T, class U>
T atomicAdd(T* at, U value) {
    static_assert(is_atomic<T>, "CUDA has no atomicAdd for this type");
    return std::exchange(*at, *at + T(value));
}
template <class T, class U>
T atomicSub(T* at, U value) {
    static_assert(std::is_same_v<T, int> || std::is_same_v<T, unsigned>);
    return std::exchange(*at, *at - T(value));
}
template <class T, class U>
T atomicExch(T* at, U value) {
    return std::exchange(*at, T(value));
}
template <class T, class U>
T atomicMax(T* at, U value) {
    return std::exchange(*at, std::max(*at, T(value)));
}
template <class T, class U>
T atomicMin(T* at, U value) {
    return std::exchange(*at, std::min(*at, T(value)));
}
template <class T, class U>
T atomicOr(T* at, U value) {
    return std::exchange(*at, *at | T(value));
}
template <class T, class U>
T atomicAnd(T* at, U value) {
    return std::exchange(*at, *at & T(value));
}
template <class T, class U, class V>
T atomicCAS(T* at, U expected, V value) {
    return std::exchange(*at, *at == T(expected) ? T(value) : *at);
}

template <class T>
T __ldg(const T* at) {
    return *at;
}
inline long long __double_as_longlong(double x) { return emulation::bits<long long>(x); }
inline double __longlong_as_double(long long x) { return emulation::bits<double>(x); }
inline int __float_as_int(float x) { return emulation::bits<int>(x); }
inline float __int_as_float(int x) { return emulation::bits<float>(x); }
inline unsigned __float_as_uint(float x) { return emulation::bits<unsigned>(x); }
inline float __uint_as_float(unsigned x) { return emulation::bits<float>(x); }
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __clz(int x) { return x ? __builtin_clz(x) : 32; }
inline int __clzll(long long x) { return x ? __builtin_clzll(x) : 64; }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }
inline unsigned __umulhi(unsigned x, unsigned y) { return uint64_t(x) * y >> 32; }
inline unsigned long long __umul64hi(unsigned long long x, unsigned long long y) {
    return static_cast<unsigned __int128>(x) * y >> 64;
}
inline float __fmaf_rn(float x, float y, float z) { return std::fma(x, y, z); }
inline double __fma_rn(double x, double y, double z) { return std::fma(x, y, z); }
inline float __fmul_rn(float x, float y) { return x * y; }
inline double __dmul_rn(double x, double y) { return x * y; }
inline float __fadd_rn(float x, float y) { return x + y; }
inline double __dadd_rn(double x, double y) { return x + y; }
inline float __fdiv_rn(float x, float y) { return x / y; }
inline double __ddiv_rn(double x, double y) { return x / y; }
inline float __expf(float x) { return std::exp(x); }
inline float __logf(float x) { return std::log(x); }
inline float rsqrtf(float x) { return 1 / std::sqrt(x); }
inline double rsqrt(double x) { return 1 / std::sqrt(x); }
inline int __double2int_rn(double x) { return static_cast<int>(std::nearbyint(x)); }
inline int __float2int_rn(float x) { return static_cast<int>(std::nearbyint(x)); }
inline void __trap() { emulation::fatal("a kernel calls __trap"); }

template <class T, class U, class = std::enable_if_t<std::is_arithmetic_v<T> && std::is_arithmetic_v<U>>>
std::common_type_t<T, U> min(T x, U y) {
    using Both = std::common_type_t<T, U>;
    return Both(y) < Both(x) ? Both(y) : Both(x);
}
template <class T, class U, class = std::enable_if_t<std::is_arithmetic_v<T> && std::is_arithmetic_v<U>>>
std::common_type_t<T, U> max(T x, U y) {
    using Both = std::common_type_t<T, U>;
    return Both(x) < Both(y) ? Both(y) : Both(x);
}

#define EMULATED_VECTORS(type, name)                                                           \
    struct alignas(2 * sizeof(type)) name##2 {                                                 \
        type x, y;                                                                             \
    };                                                                                         \
    struct name##3 {                                                                           \
        type x, y, z;                                                                          \
    };                                                                                         \
    struct alignas(sizeof(type) < 4 ? 4 * sizeof(type) : 16) name##4 {                         \
        type x, y, z, w;                                                                       \
    };                                                                                         \
    inline name##2 make_##name##2(type x, type y) { return {x, y}; }                           \
    inline name##3 make_##name##3(type x, type y, type z) { return {x, y, z}; }                \
    inline name##4 make_##name##4(type x, type y, type z, type w) { return {x, y, z, w}; }
EMULATED_VECTORS(int, int)
EMULATED_VECTORS(float, float)
EMULATED_VECTORS(double, double)
#undef EMULATED_VECTORS
struct alignas(8) uint2 {
    unsigned x, y;
};
struct alignas(16) uint4 {
    unsigned x, y, z, w;
};
inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }
