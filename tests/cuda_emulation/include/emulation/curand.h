// Random numbers with cuRAND's functions, from other streams than cuRAND's.
#pragma once

#define CURAND_H_
enum curandStatus_t {
    CURAND_STATUS_SUCCESS = 0,
    CURAND_STATUS_VERSION_MISMATCH = 100,
    CURAND_STATUS_NOT_INITIALIZED = 101,
    CURAND_STATUS_ALLOCATION_FAILED = 102,
    CURAND_STATUS_TYPE_ERROR = 103,
    CURAND_STATUS_OUT_OF_RANGE = 104,
    CURAND_STATUS_LENGTH_NOT_MULTIPLE = 105,
    CURAND_STATUS_DOUBLE_PRECISION_REQUIRED = 106,
    CURAND_STATUS_LAUNCH_FAILURE = 201,
    CURAND_STATUS_PREEXISTING_FAILURE = 202,
    CURAND_STATUS_INITIALIZATION_FAILED = 203,
    CURAND_STATUS_ARCH_MISMATCH = 204,
    CURAND_STATUS_INTERNAL_ERROR = 999,
};
enum curandRngType_t {
    CURAND_RNG_PSEUDO_DEFAULT = 100,
    CURAND_RNG_PSEUDO_XORWOW = 101,
    CURAND_RNG_PSEUDO_MRG32K3A = 121,
    CURAND_RNG_PSEUDO_MTGP32 = 141,
    CURAND_RNG_PSEUDO_MT19937 = 142,
    CURAND_RNG_PSEUDO_PHILOX4_32_10 = 161,
};
enum curandOrdering_t {
    CURAND_ORDERING_PSEUDO_BEST = 100,
    CURAND_ORDERING_PSEUDO_DEFAULT = 101,
    CURAND_ORDERING_PSEUDO_SEEDED = 102,
};
typedef std::mt19937_64* curandGenerator_t;

inline curandStatus_t curandCreateGenerator(curandGenerator_t* generator, curandRngType_t) {
    *generator = new std::mt19937_64;
    return CURAND_STATUS_SUCCESS;
}
inline curandStatus_t curandDestroyGenerator(curandGenerator_t generator) {
    delete generator;
    return CURAND_STATUS_SUCCESS;
}
inline curandStatus_t curandSetPseudoRandomGeneratorSeed(curandGenerator_t generator,
                                                         unsigned long long seed) {
    generator->seed(seed);
    return CURAND_STATUS_SUCCESS;
}
inline curandStatus_t curandSetGeneratorOffset(curandGenerator_t, unsigned long long) {
    return CURAND_STATUS_SUCCESS;
}
inline curandStatus_t curandSetGeneratorOrdering(curandGenerator_t, curandOrdering_t) {
    return CURAND_STATUS_SUCCESS;
}

namespace emulation {
template <class T, class Distribution>
curandStatus_t draw(curandGenerator_t generator, T* to, size_t count, Distribution distribution) {
    require_side(to, count * sizeof(T), true, "curandGenerate");
    DeviceAccess access;
    for (size_t i = 0; i < count; ++i) to[i] = distribution(*generator);
    return CURAND_STATUS_SUCCESS;
}
template <class T>
curandStatus_t draw_normal(curandGenerator_t generator, T* to, size_t count, T mean, T deviation) {
    if (count % 2) return CURAND_STATUS_LENGTH_NOT_MULTIPLE;
    return draw(generator, to, count, std::normal_distribution<T>(mean, deviation));
}
}  // namespace emulation

inline curandStatus_t curandGenerateUniform(curandGenerator_t generator, float* to, size_t count) {
    return emulation::draw(generator, to, count, std::uniform_real_distribution<float>());
}
inline curandStatus_t curandGenerateUniformDouble(curandGenerator_t generator, double* to,
                                                  size_t count) {
    return emulation::draw(generator, to, count, std::uniform_real_distribution<double>());
}
inline curandStatus_t curandGenerateNormal(curandGenerator_t generator, float* to, size_t count,
                                           float mean, float deviation) {
    return emulation::draw_normal(generator, to, count, mean, deviation);
}
inline curandStatus_t curandGenerateNormalDouble(curandGenerator_t generator, double* to,
                                                 size_t count, double mean, double deviation) {
    return emulation::draw_normal(generator, to, count, mean, deviation);
}
inline curandStatus_t curandGeneratePoisson(curandGenerator_t generator, unsigned* to,
                                            size_t count, double mean) {
    return emulation::draw(generator, to, count, std::poisson_distribution<unsigned>(mean));
}

struct curandState {
    std::minstd_rand generator;
};
typedef curandState curandState_t;
inline void curand_init(unsigned long long seed, unsigned long long sequence, unsigned long long,
                        curandState* state) {
    state->generator.seed(static_cast<unsigned>(seed * 1000003 + sequence));
}
inline float curand_uniform(curandState* state) {
    return 1 - std::uniform_real_distribution<float>()(state->generator);
}
inline double curand_uniform_double(curandState* state) {
    return 1 - std::uniform_real_distribution<double>()(state->generator);
}
inline float curand_normal(curandState* state) {
    return std::normal_distribution<float>()(state->generator);
}
inline double curand_normal_double(curandState* state) {
    return std::normal_distribution<double>()(state->generator);
}
inline unsigned curand_poisson(curandState* state, double mean) {
    return std::poisson_distribution<unsigned>(mean)(state->generator);
}
