// Vectors of trials and the functions of Brian2's expression language on them.
//
// REAL (float or double) and WIDTH (bytes of a vector) are set by the compiler's command line.
// Truth values are integers of the same width, all ones for true, so that they are masks. There
// is no branch in any function that neurons need in every step, so that the compiler can
// interleave the chains of dependent instructions of several neurons.
//
// Largest error in units in the last place of the exact result, subnormal results included:
//              float  double
//   exp          1.2     1.2
//   expm1        2       2
//   exprel       2       2
//   tanh         2.5     2.5
//   sinh         2.5     2.5
//   cosh         1.5     1.5
//   log          1       1
//   log10        2       2
//   log1p        1       1
//   sqrt         0.5     0.5
//   sin          2       2
//   cos          2       2
//   pow          3      20      2 where the result is between 1e-20 and 1e20
// nt_power<n> is off by |n| / 2 + 0.5 at most; abs, sign, floor and ceil are exact; tan, arcsin,
// arccos, arctan and remainders are the C library's, lane by lane. NaN stays NaN; infinities,
// overflow and signs of zero are those of the C library.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <type_traits>
#if defined(__x86_64__) && !defined(ONE_LANE)
#include <immintrin.h>
#endif

typedef REAL T;
template <int bytes> struct SameWidth;
template <> struct SameWidth<4> { typedef int32_t type; };
template <> struct SameWidth<8> { typedef int64_t type; };
typedef SameWidth<sizeof(T)>::type I;
// What one thread has of a device is a single lane: it brings its own types, and its words for how
// functions and series are declared.
#ifndef ONE_LANE
#define DECLARE_VECTOR(type, name) typedef type name __attribute__((vector_size(WIDTH)))
#define INLINE static inline __attribute__((always_inline))
#define MEMBER
#define SERIES static constexpr
#endif
DECLARE_VECTOR(T, V);
DECLARE_VECTOR(I, VI);
DECLARE_VECTOR(std::make_unsigned_t<I>, VU);
static const int LANES = WIDTH / sizeof(T);

#ifndef ONE_LANE
template <class To, class From> INLINE To converted(From x) {
  return __builtin_convertvector(x, To);
}

INLINE T sum_of_lanes(V x) {
  T lanes[LANES];
  memcpy(lanes, &x, WIDTH);
  for (int half = LANES / 2; half; half /= 2)
    for (int k = 0; k < half; k++) lanes[k] += lanes[k + half];
  return lanes[0];
}
#endif

INLINE V vec(V x) { return x; }
INLINE VI vec(VI x) { return x; }
INLINE V vec(T x) { return x - V{}; }
INLINE VI vec(I x) { return x - VI{}; }

INLINE VI truth(VI x) { return x; }
INLINE I truth(bool x) { return -I(x); }

INLINE V to_real(V x) { return x; }
INLINE T to_real(T x) { return x; }
INLINE V to_real(VI x) { return converted<V>(x); }
INLINE T to_real(I x) { return T(x); }
INLINE VI to_integer(V x) { return converted<VI>(x); }
INLINE I to_integer(T x) { return I(x); }
INLINE VI to_integer(VI x) { return x; }
INLINE I to_integer(I x) { return x; }

template <class A, class B> INLINE auto choose(VI mask, A yes, B no) {
  return mask ? vec(yes) : vec(no);
}

template <class F> INLINE V lanewise(F f, V x) {
  for (int lane = 0; lane < LANES; lane++) x[lane] = f(x[lane]);
  return x;
}
template <class F> INLINE V lanewise(F f, V x, V y) {
  for (int lane = 0; lane < LANES; lane++) x[lane] = f(x[lane], y[lane]);
  return x;
}

// What processors do in one instruction, and what stands for it elsewhere. MM(op) is the
// intrinsic of this width and precision, NATIVE its type of vectors.
#define PASTE(a, b, c) a##b##c
#define JOIN(a, b, c) PASTE(a, b, c)
#define OF_float 1
#define OF_double 2
#if JOIN(OF_, REAL, ) == OF_float
#define SUFFIX _ps
#define NATIVE_SUFFIX
#else
#define SUFFIX _pd
#define NATIVE_SUFFIX d
#endif
#if WIDTH == 64
#define PREFIX _mm512_
#define NATIVE JOIN(__m512, NATIVE_SUFFIX, )
#elif WIDTH == 32
#define PREFIX _mm256_
#define NATIVE JOIN(__m256, NATIVE_SUFFIX, )
#else
#define PREFIX _mm_
#define NATIVE JOIN(__m128, NATIVE_SUFFIX, )
#endif
#define MM(op) JOIN(PREFIX, op, SUFFIX)
#ifdef ONE_LANE
#define HAS_FMA 1
#else
#if (WIDTH == 64 && defined(__AVX512DQ__)) || (WIDTH < 64 && defined(__AVX512VL__))
#define HAS_AVX512 1
#endif
#if HAS_AVX512 || (WIDTH == 32 && defined(__AVX__)) || (WIDTH == 16 && defined(__SSE2__))
#define HAS_MINIMUM 1
#endif
#if (WIDTH == 64 && defined(__AVX512F__)) || (WIDTH < 64 && defined(__FMA__)) || \
    defined(__aarch64__)
#define HAS_FMA 1
#endif
#if WIDTH < 64 && ((WIDTH == 32 && defined(__AVX__)) || (WIDTH == 16 && defined(__SSE4_1__)))
#define HAS_ROUND 1
#endif
#endif

template <class R> struct Format;
template <> struct Format<double> {
  static constexpr int mantissa = 52, bias = 1023, longest = 60;
  static constexpr double shift = 6755399441055744.0;  // 1.5 * 2^52: adding it rounds to integer
};
template <> struct Format<float> {
  static constexpr int mantissa = 23, bias = 127, longest = 30;
  static constexpr float shift = 12582912.0f;  // 1.5 * 2^23
};
typedef Format<T> F;
static const T INFINITE = std::numeric_limits<T>::infinity();
static const I SIGN = std::numeric_limits<I>::min();

INLINE VI as_bits(V x) { return (VI)x; }
INLINE V as_real(VI x) { return (V)x; }
INLINE VI not_finite(V x) { return ~truth(x - x == T(0)); }
#ifndef ONE_LANE
INLINE bool any(VI mask) {
  int64_t words[WIDTH / 8], found = 0;
  memcpy(words, &mask, WIDTH);
  for (int k = 0; k < WIDTH / 8; k++) found |= words[k];
  return found;
}
#endif

// Bounds that let NaN pass: where x is not a number, so is the outcome.
INLINE T at_least(T x, T limit) { return x < limit ? limit : x; }
INLINE T at_most(T x, T limit) { return x > limit ? limit : x; }
#if HAS_MINIMUM
INLINE V at_least(V x, T limit) { return (V)MM(max)((NATIVE)vec(limit), (NATIVE)x); }
INLINE V at_most(V x, T limit) { return (V)MM(min)((NATIVE)vec(limit), (NATIVE)x); }
INLINE V nt_sqrt(V x) { return (V)MM(sqrt)((NATIVE)x); }
#else
INLINE V at_least(V x, T limit) { return x < limit ? vec(limit) : x; }
INLINE V at_most(V x, T limit) { return x > limit ? vec(limit) : x; }
INLINE V nt_sqrt(V x) { return lanewise([](T y) { return std::sqrt(y); }, x); }
#endif

// a * b + c, rounded once where the processor can. Of a * b + c * d the compiler contracts one or
// the other product; spelled out, a result does not depend on the width of vectors.
#ifdef ONE_LANE
INLINE V fused(V a, V b, V c) { return std::fma(a[0], b[0], c[0]); }
#elif HAS_FMA && defined(__x86_64__)
INLINE V fused(V a, V b, V c) { return (V)MM(fmadd)((NATIVE)a, (NATIVE)b, (NATIVE)c); }
#else
INLINE V fused(V a, V b, V c) { return a * b + c; }
#endif
INLINE V nt_abs(V x) { return as_real(as_bits(x) & ~SIGN); }
INLINE V with_sign_of(V x, V sign) {
  return as_real((as_bits(x) & ~SIGN) | (as_bits(sign) & SIGN));
}
#if HAS_AVX512
INLINE V round_even(V x) { return (V)MM(roundscale)((NATIVE)x, 8); }
INLINE V nt_floor(V x) { return (V)MM(roundscale)((NATIVE)x, 9); }
INLINE V nt_ceil(V x) { return (V)MM(roundscale)((NATIVE)x, 10); }
#elif defined(ONE_LANE)
INLINE V round_even(V x) { return std::rint(x[0]); }
INLINE V nt_floor(V x) { return std::floor(x[0]); }
INLINE V nt_ceil(V x) { return std::ceil(x[0]); }
#elif HAS_ROUND
INLINE V round_even(V x) { return (V)MM(round)((NATIVE)x, 8); }
INLINE V nt_floor(V x) { return (V)MM(round)((NATIVE)x, 9); }
INLINE V nt_ceil(V x) { return (V)MM(round)((NATIVE)x, 10); }
#else
INLINE V round_even(V x) { return (x + F::shift) - F::shift; }  // of a moderate x
INLINE V nt_floor(V x) {
  const T whole = T(I(1) << F::mantissa);  // from here on, all numbers are
  const V magnitude = nt_abs(x), near = (magnitude + whole) - whole, n = with_sign_of(near, x);
  return magnitude < whole ? with_sign_of(n > x ? n - T(1) : n, x) : x;
}
INLINE V nt_ceil(V x) { return -nt_floor(-x); }
#endif

// 2^n for a whole n, small enough that the power is a normal number.
INLINE V power_of_2(V n) {
  return as_real(as_bits(n + (F::shift + F::bias)) << F::mantissa);
}
// p * 2^n for a whole n, rounded once, also where it overflows or is subnormal.
#if HAS_AVX512
INLINE V times_power_of_2(V p, V n) { return (V)MM(scalef)((NATIVE)p, (NATIVE)n); }
#else
INLINE V times_power_of_2(V p, V n) {
  const V half = round_even(T(0.5) * n);
  return p * power_of_2(half) * power_of_2(n - half);
}
#endif

// x = 2^n * m with 0.75 <= m < 1.5, for finite positive x; what it is of others, see nt_log.
#if HAS_AVX512
INLINE V split_exponent(V x, V *n) {
  const V m = (V)MM(getmant)((NATIVE)x, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_nan);
  *n = (V)MM(getexp)((NATIVE)x) - (V)MM(getexp)((NATIVE)m);
  return m;
}
INLINE V log_of_special(V, V y) { return y; }
#else
INLINE V split_exponent(V x, V *n) {
  const T whole = T(I(1) << F::mantissa);
  const VI subnormal = x < std::numeric_limits<T>::min();
  x = subnormal ? x * whole : x;
  // As digits of a number that size, for want of a conversion of wide integers.
  const VI exponent = (VI)((VU)x >> F::mantissa);
  const V shifted = as_real((exponent & (2 * F::bias + 1)) | as_bits(vec(whole)));
  V m = as_real((as_bits(x) & ((I(1) << F::mantissa) - 1)) | as_bits(vec(T(1))));
  const VI large = m >= T(1.5);
  const V offset = subnormal ? vec(whole + T(F::bias + F::mantissa)) : vec(whole + T(F::bias));
  *n = (shifted - offset) + (large ? vec(T(1)) : V{});
  return large ? T(0.5) * m : m;
}
INLINE V log_of_special(V x, V y) {
  const T nan = std::numeric_limits<T>::quiet_NaN();
  y = x > T(0) ? y : (x == T(0) ? vec(-INFINITE) : vec(nan));
  return x == INFINITE ? x : y;
}
#endif

template <int count> INLINE V polynomial(const T (&c)[count], V x) {
  V p = c[count - 1] * x + c[count - 2];
#pragma GCC unroll 16
  for (int k = count - 3; k >= 0; k--) p = p * x + c[k];
  return p;
}

// Coefficients by Remez exchange; relative errors in single and double precision are
// 3e-9 and 1e-17 of exp(r), |r| <= ln(2)/2, and of the short one, |r| <= ln(2)/32;
// 1e-10 and 3e-19 of log(m), 0.75 <= m < 1.5; 4e-9 and 4e-18 of sin(r), 1e-10 and 5e-20 of
// cos(r), |r| <= pi/4.
template <class R> struct Coefficients;
template <> struct Coefficients<double> {
  // exp(r) = 1 + r + r^2 q(r)
  SERIES double exp[10] = {
      0.5000000000000011,     0.16666666666666413,    0.041666666666530155, 0.008333333333494461,
      0.0013888888943630136,  0.00019841269506578756, 2.480149309888657e-05, 2.755758637375234e-06,
      2.763024838563396e-07,  2.5000061637458264e-08};
  SERIES double short_exp[5] = {0.499999999999996, 0.1666666666440897,
                                         0.04166666669333444, 0.008333472197986073,
                                         0.001388859384637205};
  // log((1 + s) / (1 - s)) = 2 s + s^3 R(s^2)
  SERIES double log[8] = {
      0.666666666666666,  0.40000000000056957, 0.28571428555767325, 0.22222224302902016,
      0.1818166550973236, 0.15391123436356863, 0.13173412031797907, 0.13844276408046144};
  // sin(r) = r + r^3 S(r^2), cos(r) = 1 - r^2 / 2 + r^4 C(r^2)
  SERIES double sin[6] = {
      -0.16666666666666632,  0.008333333333322486,   -0.00019841269829853374,
      2.7557313705067097e-06, -2.505075988980731e-08, 1.589688651246886e-10};
  SERIES double cos[6] = {
      0.0416666666666666,      -0.001388888888887447,  2.4801587289666912e-05,
      -2.7557314399269513e-07, 2.087572899496805e-09, -1.1359917372452012e-11};
  // pi/2 in parts of 33 bits: their multiples by n are exact
  SERIES double half_pi[3] = {0x1.921fb544p+0, 0x1.0b4611a6p-34, 0x1.3198a2e037073p-69};
  static constexpr double ln2_low = 1.42860682030941723212e-6;
  static constexpr double log10_2_low = 4.605038981195213738895e-6;
  static constexpr double largest_exp = 746, largest_angle = 1e6;
};
template <> struct Coefficients<float> {
  SERIES float exp[5] = {0.49999994f, 0.16666517f, 0.041668102f, 0.0083691925f,
                                  0.0013838897f};
  SERIES float short_exp[2] = {0.5000162f, 0.16666719f};
  SERIES float log[4] = {0.66666663f, 0.40000868f, 0.28506795f, 0.24103485f};
  SERIES float sin[3] = {-0.16666655f, 0.008332191f, -0.00019518605f};
  SERIES float cos[3] = {0.041666646f, -0.0013887301f, 2.443067e-05f};
  SERIES float half_pi[4] = {0x1.92p+0f, 0x1.fb4p-12f, 0x1.444p-24f, 0x1.68c234p-39f};
  static constexpr float ln2_low = 1.42860682e-6f, log10_2_low = 4.60503898e-6f;
  static constexpr float largest_exp = 105, largest_angle = 8000;
};
typedef Coefficients<T> C;
// The first 16 bits, so that multiples by an exponent are exact.
static const T LN2_HIGH = T(0.693145751953125), LOG10_2_HIGH = T(0.301025390625);
static const T LOG2_E = T(1.4426950408889634074), LOG10_E = T(0.43429448190325182765);

// x = n ln(2) + r with |r| <= ln(2)/2, for moderate x.
INLINE V reduce_by_ln2(V x, V *n) {
  *n = round_even(x * LOG2_E);
  return (x - *n * LN2_HIGH) - *n * C::ln2_low;
}
// exp(r) - 1 of the reduced r, exact to the last place also near zero.
INLINE V expm1_of_reduced(V r) { return polynomial(C().exp, r) * (r * r) + r; }

// exp(x) = 2^n exp(r), |r| <= ln(2)/2; where a register holds a table, n is one of sixteenths, a
// table holds the fractional powers, and a shorter polynomial does for |r| <= ln(2)/32.
#if HAS_AVX512
alignas(64) static const T POWERS[16] = {
    T(1),                  T(1.0442737824274138), T(1.0905077326652577), T(1.1387886347566916),
    T(1.189207115002721),  T(1.241857812073484),  T(1.2968395546510096), T(1.3542555469368927),
    T(1.4142135623730951), T(1.4768261459394993), T(1.5422108254079407), T(1.6104903319492543),
    T(1.681792830507429),  T(1.7562521603732995), T(1.8340080864093424), T(1.9152065613971474)};
// Narrower vectors take the same way, in a part of a register: a trial's result must not depend
// on how many there are.
INLINE __m512i widened(V n) {
#if WIDTH == 64
  return (__m512i)n;
#elif WIDTH == 32
  return _mm512_castsi256_si512((__m256i)n);
#else
  return _mm512_castsi128_si512((__m128i)n);
#endif
}
#if JOIN(OF_, REAL, ) == OF_float
INLINE V fractional_power(V n) {
  const __m512i found = (__m512i)_mm512_permutexvar_ps(widened(n), _mm512_load_ps(POWERS));
#else
INLINE V fractional_power(V n) {
  const __m512d low = _mm512_load_pd(POWERS), high = _mm512_load_pd(POWERS + 8);
  const __m512i found = (__m512i)_mm512_permutex2var_pd(low, widened(n), high);
#endif
#if WIDTH == 64
  return (V)found;
#elif WIDTH == 32
  return (V)_mm512_castsi512_si256(found);
#else
  return (V)_mm512_castsi512_si128(found);
#endif
}
INLINE V nt_exp(V x) {
  x = at_most(at_least(x, -C::largest_exp), C::largest_exp);
  const V shifted = x * LOG2_E + F::shift / 16, n = shifted - F::shift / 16;
  const V r = (x - n * LN2_HIGH) - n * C::ln2_low;
  const V m = (polynomial(C().short_exp, r) * r + T(1)) * r, power = fractional_power(shifted);
  return times_power_of_2(m * power + power, n);
}
#else
INLINE V nt_exp(V x) {
  V n;
  const V r = reduce_by_ln2(at_most(at_least(x, -C::largest_exp), C::largest_exp), &n);
  const V p = (polynomial(C().exp, r) * r + T(1)) * r + T(1);
  return times_power_of_2(p, n);
}
#endif
// (exp(x) - 1) / 2^n, where n is about x / ln(2).
INLINE V scaled_expm1(V x, V *n) {
  const V r = reduce_by_ln2(at_most(at_least(x, T(-50)), C::largest_exp), n);
  return expm1_of_reduced(r) + (T(1) - power_of_2(-at_most(*n, T(F::longest))));
}
INLINE V nt_expm1(V x) {
  V n;
  const V scaled = scaled_expm1(x, &n);
  return with_sign_of(times_power_of_2(scaled, n), x);
}
INLINE V nt_exprel(V x) {
  V n;
  const V scaled = scaled_expm1(x, &n);
  return choose(x == T(0), T(1), times_power_of_2(scaled / at_most(x, C::largest_exp), n));
}
INLINE V nt_tanh(V x) {
  const V magnitude = at_most(nt_abs(x), T(22));
  V n;
  const V m = expm1_of_reduced(reduce_by_ln2(magnitude + magnitude, &n));
  const V power = power_of_2(n), e = power * m + (power - T(1));
  return with_sign_of(e / (e + T(2)), x);
}
// With exp(|x|) = 2^n (1 + m) and h = 2^-2n: 2^(n - 1) ((1 + m) -+ h / (1 + m)).
INLINE V nt_sinh(V x) {
  V n;
  const V m = expm1_of_reduced(reduce_by_ln2(at_most(nt_abs(x), C::largest_exp), &n));
  const V h = power_of_2(T(-2) * at_most(n, T(F::longest)));
  const V scaled = m + ((T(1) - h) + h * (m / (T(1) + m)));
  return with_sign_of(times_power_of_2(scaled, n - T(1)), x);
}
INLINE V nt_cosh(V x) {
  V n;
  const V m = expm1_of_reduced(reduce_by_ln2(at_most(nt_abs(x), C::largest_exp), &n));
  const V h = power_of_2(T(-2) * at_most(n, T(F::longest))), e = T(1) + m;
  return times_power_of_2(e + h / e, n - T(1));
}

// log(1 + f) = f - correction, -1/4 <= f < 1/2.
INLINE V log_correction(V f) {
  const V s = f / (f + T(2)), z = s * s;
  return s * (f - z * polynomial(C().log, z));
}
INLINE V log_of_parts(V f, V n) {
  return fused(n, vec(LN2_HIGH), f - fused(n, vec(-C::ln2_low), log_correction(f)));
}
INLINE V nt_log(V x) {
  V n;
  const V f = split_exponent(x, &n) - T(1);
  return log_of_special(x, log_of_parts(f, n));
}
INLINE V nt_log10(V x) {
  V n;
  const V f = split_exponent(x, &n) - T(1);
  const V fraction = (f - log_correction(f)) * LOG10_E;
  const V low = fused(n, vec(C::log10_2_low), fraction);
  return log_of_special(x, fused(n, vec(LOG10_2_HIGH), low));
}
INLINE V nt_log1p(V x) {
  const VI large = x > T(1);
  const V u = x + T(1);
  const V lost = choose(large, T(1), x) - (u - choose(large, x, T(1)));  // by rounding u
  V n;
  const V f = split_exponent(u, &n) - T(1);
  const V rest = times_power_of_2(lost, -at_least(n, T(-100)));
  const V y = log_of_special(u, log_of_parts(f + rest, n));
  return choose((x == T(0)) | (x == INFINITE), x, y);
}

// n pi / 2 + r = |x| with |r| <= pi/4; the last bits of `turns` are those of n.
INLINE V reduce_by_half_pi(V magnitude, V *turns) {
  *turns = magnitude * T(0.63661977236758134308) + F::shift;
  const V n = *turns - F::shift;
  V r = magnitude;
#pragma GCC unroll 4
  for (const T part : C().half_pi) r = r - n * part;
  return r;
}
// sin(r + n pi / 2)
INLINE V sine_of_turns(V r, VI n) {
  const V z = r * r;
  const V sine = polynomial(C().sin, z) * (z * r) + r;
  const V cosine = polynomial(C().cos, z) * (z * z) + (T(1) - T(0.5) * z);
  const V y = choose((n & I(1)) != I(0), cosine, sine);
  return as_real(as_bits(y) ^ ((n & I(2)) << (8 * int(sizeof(T)) - 2)));
}
// Only the lanes for which the reduction does not do: no trial may depend on its neighbors.
template <class Fn> INLINE V at_large_angles(Fn f, V x, V y) {
  const VI large = nt_abs(x) > C::largest_angle;
  return __builtin_expect(any(large), 0) ? choose(large, lanewise(f, x), y) : y;
}
INLINE V nt_sin(V x) {
  V turns;
  const V r = reduce_by_half_pi(nt_abs(x), &turns);
  const V y = as_real(as_bits(sine_of_turns(r, as_bits(turns))) ^ (as_bits(x) & SIGN));
  return at_large_angles([](T z) { return std::sin(z); }, x, y);
}
INLINE V nt_cos(V x) {
  V turns;
  const V r = reduce_by_half_pi(nt_abs(x), &turns);
  const V y = sine_of_turns(r, as_bits(turns) + I(1));
  return at_large_angles([](T z) { return std::cos(z); }, x, y);
}

#if HAS_FMA
// log(x) as a sum of two numbers, the second of which holds what the first one has lost.
INLINE V log_in_two(V x, V *low) {
  V n;
  const V f = split_exponent(x, &n) - T(1), d = f + T(2), reciprocal = T(1) / d;
  const V s = f * reciprocal, z = s * s, tail = f - (d - T(2));
  const V twice = T(2) * s;  // as a sum, one of the two would be contracted and not rounded
  const V lost = (fused(-s, d, f) - s * tail) * reciprocal;
  const V high = n * LN2_HIGH, sum = high + twice;
  const V small = fused(s * z, polynomial(C().log, z), n * C::ln2_low);
  const V rest = (twice - (sum - high)) + fused(lost, T(2) + T(2) * z, small);
  const V whole = sum + rest;
  *low = rest - (whole - sum);
  return whole;
}
INLINE V power_of_ordinary(V x, V y) {
  V low, n;
  const V high = log_in_two(x, &low), product = y * high;
  const V rest = fused(y, low, fused(y, high, -product));
  const V bounded = at_most(at_least(product, -C::largest_exp), C::largest_exp);
  const V r = reduce_by_ln2(bounded, &n) + choose(bounded == product, rest, T(0));
  return times_power_of_2((polynomial(C().exp, r) * r + T(1)) * r + T(1), n);
}
INLINE V power(V x, V y) {
  const VI ordinary = (x > T(0)) & (x < INFINITE) & (nt_abs(y) < INFINITE);
  const V z = power_of_ordinary(x, y);
  if (!__builtin_expect(any(~ordinary), 0)) return z;
  return choose(ordinary, z, lanewise([](T a, T b) { return std::pow(a, b); }, x, y));
}
#else
INLINE V power(V x, V y) {
  return lanewise([](T a, T b) { return std::pow(a, b); }, x, y);
}
#endif
INLINE T power(T x, T y) { return std::pow(x, y); }
// As one type: a vector if one of them is.
template <class X, class A> INLINE X like(A x) {
  if constexpr (std::is_same<X, A>::value) return x;
  else return vec(x);
}
template <class A, class B> using Common = decltype(A() + B());
template <class A, class B> INLINE auto nt_pow(A x, B y) {
  return power(like<Common<A, B>>(x), like<Common<A, B>>(y));
}
template <int n, class A> INLINE A nt_power(A x) {
  if constexpr (n < 0) return T(1) / nt_power<-n>(x);
  else if constexpr (n == 0) return like<A>(T(1));
  else if constexpr (n == 1) return x;
  else if constexpr (n % 2) return x * nt_power<n - 1>(x);
  else return nt_power<n / 2>(x * x);
}

#define SCALAR_FUNCTION(name, body) \
  INLINE T nt_##name(T x) { return body; }
#define LANEWISE_FUNCTION(name, body) \
  SCALAR_FUNCTION(name, body)         \
  INLINE V nt_##name(V x) { return lanewise([](T y) { return nt_##name(y); }, x); }

SCALAR_FUNCTION(exp, std::exp(x))
SCALAR_FUNCTION(expm1, std::expm1(x))
SCALAR_FUNCTION(sinh, std::sinh(x))
SCALAR_FUNCTION(cosh, std::cosh(x))
SCALAR_FUNCTION(tanh, std::tanh(x))
SCALAR_FUNCTION(log, std::log(x))
SCALAR_FUNCTION(log10, std::log10(x))
SCALAR_FUNCTION(log1p, std::log1p(x))
SCALAR_FUNCTION(sqrt, std::sqrt(x))
SCALAR_FUNCTION(sin, std::sin(x))
SCALAR_FUNCTION(cos, std::cos(x))
SCALAR_FUNCTION(abs, std::abs(x))
SCALAR_FUNCTION(ceil, std::ceil(x))
SCALAR_FUNCTION(floor, std::floor(x))
LANEWISE_FUNCTION(tan, std::tan(x))
LANEWISE_FUNCTION(arcsin, std::asin(x))
LANEWISE_FUNCTION(arccos, std::acos(x))
LANEWISE_FUNCTION(arctan, std::atan(x))

// Where exp overflows and its quotient by x not yet: in two steps.
INLINE T nt_exprel(T x) {
  if (x == T(0)) return T(1);
  if (x < T(0.8) * C::largest_exp) return std::expm1(x) / x;
  return std::isinf(x) ? x : std::exp(T(0.5) * x) * (std::exp(T(0.5) * x) / x);
}
INLINE T nt_sign(T x) { return x > T(0) ? T(1) : x < T(0) ? T(-1) : x; }
INLINE V nt_sign(V x) { return choose(x > T(0), T(1), choose(x < T(0), T(-1), x)); }
// As in Python, the remainder has the sign of the divisor; fmod is exact, x - y * floor(x / y) not.
INLINE T nt_mod(T x, T y) {
  const T rest = std::fmod(x, y);
  return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
}
INLINE T nt_floordiv(T x, T y) {
  return y == 0 ? x / y : std::round((x - nt_mod(x, y)) / y);
}
INLINE T nt_clip(T x, T low, T high) {
  const T least = x < low ? low : x;
  return least > high ? high : least;
}
template <class A, class B> INLINE auto nt_mod(A x, B y) {
  typedef Common<A, B> X;
  return lanewise([](T a, T b) { return nt_mod(a, b); }, like<X>(x), like<X>(y));
}
template <class A, class B> INLINE auto nt_floordiv(A x, B y) {
  typedef Common<A, B> X;
  return lanewise([](T a, T b) { return nt_floordiv(a, b); }, like<X>(x), like<X>(y));
}
template <class A, class B, class D> INLINE auto nt_clip(A x, B low, D high) {
  typedef Common<Common<A, B>, D> X;
  const X given = like<X>(x), least = choose(given < low, low, given);
  return choose(least > high, high, least);
}

// Brian2's timestep(): a tolerance keeps multiples of dt from falling into the step before.
// In single precision a time of some seconds is a thousandth of a step off, and the time since a
// spike that never was can be more steps than an integer holds.
static const T STEP_TOLERANCE = sizeof(T) == 8 ? T(1e-3) : T(1e-2);
static const T MOST_STEPS = sizeof(T) == 8 ? T(9e18) : T(2e9);
template <class A, class B> INLINE auto nt_timestep(A t, B dt) {
  return to_integer(at_most((t + STEP_TOLERANCE * dt) / dt, MOST_STEPS));
}
