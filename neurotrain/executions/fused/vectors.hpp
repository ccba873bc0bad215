// Vectors of trials and the functions of Brian2's expression language on them.
//
// REAL (float or double) and WIDTH (bytes of a vector) are set by the compiler's command line.
// Truth values are integers of the same width, all ones for true, so that they are masks.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>

typedef REAL T;
template <int bytes> struct SameWidth;
template <> struct SameWidth<4> { typedef int32_t type; };
template <> struct SameWidth<8> { typedef int64_t type; };
typedef SameWidth<sizeof(T)>::type I;
typedef T V __attribute__((vector_size(WIDTH)));
typedef I VI __attribute__((vector_size(WIDTH)));
static const int LANES = WIDTH / sizeof(T);

#define INLINE static inline __attribute__((always_inline))

INLINE V vec(V x) { return x; }
INLINE VI vec(VI x) { return x; }
INLINE V vec(T x) { return V{} + x; }
INLINE VI vec(I x) { return VI{} + x; }

INLINE VI truth(VI x) { return x; }
INLINE I truth(bool x) { return -I(x); }

INLINE V to_real(V x) { return x; }
INLINE T to_real(T x) { return x; }
INLINE V to_real(VI x) { return __builtin_convertvector(x, V); }
INLINE T to_real(I x) { return T(x); }
INLINE VI to_integer(V x) { return __builtin_convertvector(x, VI); }
INLINE I to_integer(T x) { return I(x); }
INLINE VI to_integer(VI x) { return x; }
INLINE I to_integer(I x) { return x; }

template <class A, class B> INLINE V choose(VI mask, A yes, B no) {
  return mask ? vec(yes) : vec(no);
}
INLINE VI choose(VI mask, VI yes, VI no) { return mask ? yes : no; }

template <class F> INLINE V lanewise(F f, V x) {
  for (int lane = 0; lane < LANES; lane++) x[lane] = f(x[lane]);
  return x;
}
template <class F> INLINE V lanewise(F f, V x, V y) {
  for (int lane = 0; lane < LANES; lane++) x[lane] = f(x[lane], y[lane]);
  return x;
}

// exp(x) = 2^n exp(r) with |r| <= ln(2)/2; coefficients minimise the relative error
// (Remez exchange): 3e-18 at degree 11, 2e-9 at degree 6.
template <class R> struct Exp;
template <> struct Exp<double> {
  static constexpr double shift = 6755399441055744.0;  // 1.5 * 2^52: adding it rounds to integer
  static constexpr double high = 0.693145751953125, low = 1.42860682030941723212e-6;
  static constexpr double floor = -707.7, ceiling = 709.782712893384;
  static constexpr int mantissa = 52, degree = 11;
  static constexpr double c[12] = {
      0.9999999999999999971,    1.0000000000000000304,    0.50000000000000177032,
      0.16666666666666168167,   0.041666666666492628989,  0.0083333333335594517973,
      0.001388888895126120425,  0.00019841269432434438281, 0.000024801486481283498188,
      2.7557622652024488477e-6, 2.7632308224452544435e-7, 2.4994293345730463606e-8};
};
template <> struct Exp<float> {
  static constexpr float shift = 12582912.0f;  // 1.5 * 2^23
  static constexpr float high = 0.693359375f, low = -2.12194440e-4f;
  static constexpr float floor = -86.6f, ceiling = 88.722839f;
  static constexpr int mantissa = 23, degree = 6;
  static constexpr float c[7] = {1.0000000005546077423f,   1.0000000363447210654f,
                                 0.49999992075088730455f,  0.16666420072125316461f,
                                 0.041668226189294490556f, 0.0083748240505893823123f,
                                 0.0013836835742475305589f};
};

INLINE V nt_exp(V x) {
  typedef Exp<T> E;
  const V bounded = x < E::floor ? vec(E::floor) : x;
  const V shifted = bounded * T(1.4426950408889634074) + E::shift;
  const V n = shifted - E::shift;
  const V r = (bounded - n * E::high) - n * E::low;
  V p = vec(E::c[E::degree]);
#pragma GCC unroll 16
  for (int k = E::degree - 1; k >= 0; k--) p = p * r + E::c[k];
  VI exponent, bits;
  memcpy(&exponent, &shifted, sizeof(V));
  memcpy(&bits, &p, sizeof(V));
  bits += exponent << E::mantissa;
  memcpy(&p, &bits, sizeof(V));
  p = x < E::floor ? V{} : p;
  return x > E::ceiling ? vec(std::numeric_limits<T>::infinity()) : p;
}
INLINE V nt_tanh(V x) { return T(1) - T(2) / (nt_exp(x + x) + T(1)); }
INLINE V nt_cosh(V x) {
  const V e = nt_exp(x < T(0) ? -x : x);  // of the large one: exp underflows to zero
  return T(0.5) * (e + T(1) / e);
}

#define SCALAR_FUNCTION(name, body)          \
  INLINE T nt_##name(T x) { return body; }
#define FUNCTION(name, body)                 \
  SCALAR_FUNCTION(name, body)                \
  INLINE V nt_##name(V x) { return lanewise([](T y) { return nt_##name(y); }, x); }

SCALAR_FUNCTION(exp, std::exp(x))
SCALAR_FUNCTION(tanh, std::tanh(x))
SCALAR_FUNCTION(cosh, std::cosh(x))
FUNCTION(sinh, std::sinh(x))
FUNCTION(log, std::log(x))
FUNCTION(log10, std::log10(x))
FUNCTION(log1p, std::log1p(x))
FUNCTION(expm1, std::expm1(x))
FUNCTION(exprel, std::abs(x) < T(1e-16) ? T(1) : std::expm1(x) / x)
FUNCTION(sqrt, std::sqrt(x))
FUNCTION(sin, std::sin(x))
FUNCTION(cos, std::cos(x))
FUNCTION(tan, std::tan(x))
FUNCTION(arcsin, std::asin(x))
FUNCTION(arccos, std::acos(x))
FUNCTION(arctan, std::atan(x))
FUNCTION(abs, std::abs(x))
FUNCTION(ceil, std::ceil(x))
FUNCTION(floor, std::floor(x))
FUNCTION(sign, T((x > 0) - (x < 0)))

INLINE T nt_pow(T x, T y) { return std::pow(x, y); }
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
template <class A, class B> INLINE V nt_pow(A x, B y) {
  return lanewise([](T a, T b) { return nt_pow(a, b); }, vec(x), vec(y));
}
template <class A, class B> INLINE V nt_mod(A x, B y) {
  return lanewise([](T a, T b) { return nt_mod(a, b); }, vec(x), vec(y));
}
template <class A, class B> INLINE V nt_floordiv(A x, B y) {
  return lanewise([](T a, T b) { return nt_floordiv(a, b); }, vec(x), vec(y));
}
template <class A, class B, class C> INLINE V nt_clip(A x, B low, C high) {
  const V least = vec(x) < vec(low) ? vec(low) : vec(x);
  return least > vec(high) ? vec(high) : least;
}
template <int n, class A> INLINE A nt_power(A x) {
  if constexpr (n == 1) return x;
  else if constexpr (n % 2) return x * nt_power<n - 1>(x);
  else return nt_power<n / 2>(x * x);
}

// Brian2's timestep(): a tolerance keeps multiples of dt from falling into the step before.
// In single precision a time of some seconds is a thousandth of a step off, and the time since a
// spike that never was can be more steps than an integer holds.
static const T STEP_TOLERANCE = sizeof(T) == 8 ? T(1e-3) : T(1e-2);
static const T MOST_STEPS = sizeof(T) == 8 ? T(9e18) : T(2e9);
INLINE T at_most(T x, T limit) { return x > limit ? limit : x; }
INLINE V at_most(V x, T limit) { return x > limit ? vec(limit) : x; }
template <class A, class B> INLINE auto nt_timestep(A t, B dt) {
  return to_integer(at_most((t + STEP_TOLERANCE * dt) / dt, MOST_STEPS));
}

INLINE VI not_finite(V x) { return ~truth(x - x == T(0)); }
