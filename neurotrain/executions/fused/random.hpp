// Random numbers that depend on the trial's key, the step, the call site and the element alone.
//
// Philox4x32-10 (Salmon et al. 2011, doi:10.1145/2063384.2063405) of the counter (element, site,
// step) under the key of each trial keeps no state, so that threads, tiles, widths and the order
// of calls change nothing. Of its four words, 0 and 1 lead two uniform numbers, which 2 and 3
// continue where single precision ends: both precisions see the same noise.
//
// Words lie in the low halves of 64-bit lanes, where the multiplication takes them and leaves its
// result without any moving about. A vector of floats takes two parts: even trials, odd trials.
#include <algorithm>
#include <type_traits>

namespace draws {

static const int PARTS = LANES == 1 ? 1 : 8 / sizeof(T);
DECLARE_VECTOR(uint64_t, Words);  // the high halves may hold anything
DECLARE_VECTOR(double, Doubles);
DECLARE_VECTOR(float, Floats);
DECLARE_VECTOR(uint32_t, PackedWords);
DECLARE_VECTOR(int32_t, SignedWords);
static const uint64_t LOW_HALF = 0xffffffff;

template <class To, class From> INLINE To same_bits(From x) {
  static_assert(sizeof(From) == sizeof(To), "no bit is lost or made up");
  To y;
  memcpy(&y, &x, sizeof(x));
  return y;
}

// The whole products of the low halves; GCC does not find their instruction by itself.
INLINE Words products(Words x, uint32_t factor) {
  const Words y = Words{} + factor;
#if WIDTH == 64 && defined(__AVX512F__) && !defined(__clang__)
  typedef int Halves __attribute__((vector_size(64)));
  typedef long long Whole __attribute__((vector_size(64)));
  return Words(__builtin_ia32_pmuludq512_mask(Halves(x), Halves(y), Whole{}, 0xff));
#elif WIDTH == 32 && defined(__AVX2__) && !defined(__clang__)
  typedef int Halves __attribute__((vector_size(32)));
  return Words(__builtin_ia32_pmuludq256(Halves(x), Halves(y)));
#elif WIDTH == 16 && defined(__SSE2__) && !defined(__clang__)
  typedef int Halves __attribute__((vector_size(16)));
  return Words(__builtin_ia32_pmuludq128(Halves(x), Halves(y)));
#else
  return (x & LOW_HALF) * y;
#endif
}

static const int ROUNDS = 10;
static const uint32_t FACTOR_0 = 0xD2511F53, FACTOR_1 = 0xCD9E8D57;
static const uint32_t KEY_STEP_0 = 0x9E3779B9, KEY_STEP_1 = 0xBB67AE85;

struct Noise {
  Words key[ROUNDS][2][PARTS];
  uint32_t step_low = 0, step_high = 0;

  // LANES keys, one to a trial; what distinguishes candidates is mixed into them already.
  MEMBER explicit Noise(const uint64_t *keys) {
    for (int part = 0; part < PARTS; part++) {
      Words low = {}, high = {};
      for (int lane = 0; lane < LANES / PARTS; lane++) {
        low[lane] = keys[lane * PARTS + part];
        high[lane] = keys[lane * PARTS + part] >> 32;
      }
      for (int round = 0; round < ROUNDS; round++) {
        key[round][0][part] = low + uint64_t(round) * KEY_STEP_0;
        key[round][1][part] = high + uint64_t(round) * KEY_STEP_1;
      }
    }
  }
  MEMBER void at(uint64_t step) {
    step_low = uint32_t(step);
    step_high = uint32_t(step >> 32);
  }
};

struct Block {
  Words word[4];
};
struct Pair {
  Block even, odd;
};

INLINE Block philox(const Noise &noise, uint32_t site, uint32_t element, int part) {
  // What the first round multiplies is the same in all lanes.
  const uint64_t first = uint64_t(FACTOR_0) * element;
  const uint64_t second = uint64_t(FACTOR_1) * noise.step_low;
  Words x0 = noise.key[0][0][part] ^ ((second >> 32) ^ site), x1 = Words{} + second;
  Words x2 = noise.key[0][1][part] ^ ((first >> 32) ^ noise.step_high), x3 = Words{} + first;
#pragma GCC unroll 16
  for (int round = 1; round < ROUNDS; round++) {
    const Words p = products(x0, FACTOR_0), q = products(x2, FACTOR_1);
    x0 = (q >> 32) ^ x1 ^ noise.key[round][0][part];
    x2 = (p >> 32) ^ x3 ^ noise.key[round][1][part];
    x1 = q;
    x3 = p;
  }
  return {{x0, x1, x2, x3}};
}
INLINE Block words(const Noise &noise, uint32_t site, uint32_t element, double) {
  return philox(noise, site, element, 0);
}
INLINE Pair words(const Noise &noise, uint32_t site, uint32_t element, float) {
  return {philox(noise, site, element, 0), philox(noise, site, element, PARTS - 1)};
}
INLINE SignedWords packed(const Pair &pair, int word, int shift) {
#ifdef ONE_LANE
  return converted<SignedWords>(converted<PackedWords>(pair.even.word[word]) >> shift);
#else
  const Words even = pair.even.word[word] & LOW_HALF, odd = pair.odd.word[word] << 32;
  return same_bits<SignedWords>(same_bits<PackedWords>(even | odd) >> shift);
#endif
}

// In [0, 1): of 53 bits in double precision, of 31 bits, then rounded, in single. Whole numbers
// are made real by setting them into the mantissa of a power of two, which is taken off again.
INLINE Doubles uniform(const Block &block) {
  const Words high = (block.word[0] & LOW_HALF) | same_bits<Words>(Doubles{} + 0x1p20);
  const Words low = ((block.word[2] & LOW_HALF) >> 11) | same_bits<Words>(Doubles{} + 0.5);
  return (same_bits<Doubles>(high) - 0x1p20) + (same_bits<Doubles>(low) - 0.5);
}
INLINE Floats uniform(const Pair &pair) {
  const Floats u = converted<Floats>(packed(pair, 0, 1)) * 0x1p-31f;
  return u < 1.0f ? u : Floats{} + 0x1.fffffep-1f;
}

// Symmetric between -1/2 and 1/2: bits read as signed and half a unit of the last one.
INLINE Doubles centered(const Block &block, int word) {
  const Words sign = Words{} + 0x80000000;
  const Words offset = (block.word[word] & LOW_HALF) ^ sign;
  const Words high = offset | same_bits<Words>(Doubles{} + 0x1p20);
  const Words low = (block.word[word + 2] & LOW_HALF) | same_bits<Words>(Doubles{} + 0x1p-12);
  return (same_bits<Doubles>(high) - (0x1p20 + 0.5)) +
         (same_bits<Doubles>(low) - (0x1p-12 - 0x1p-65));
}
INLINE Floats centered(const Pair &pair, int word) {
  return converted<Floats>(packed(pair, word, 0)) * 0x1p-32f + 0x1p-33f;
}

// (log(1 + f) - f) / f^2 for |f| <= 1/3 and, in powers of x^2, sin(pi x) / x for |x| <= 1/2.
// Coefficients minimize the relative error of log(1 + f) and of the sine (Remez exchange): 5e-17
// and 1.4e-16 in double precision, 2.6e-8 and 5.3e-9 in single.
template <class X> struct Series;
template <> struct Series<Doubles> {
  typedef double Real;
  typedef Words Bits;
  static constexpr int mantissa = 52;
  SERIES double log[19] = {
      -0.4999999999999997110784, 0.3333333333333882934181,  -0.2500000000002375754452,
      0.1999999999803066044075,  -0.1666666666164870671345, 0.1428571452838568801743,
      -0.1250000046611463981246, 0.1111109648293567164678,  -0.09999976672559370000681,
      0.09091406199896080438751, -0.08334026032197974041852, 0.07682160993511842800039,
      -0.0713011057092405505196, 0.0679303620989410429934,  -0.06396098970004620789283,
      0.04952002904601591968662, -0.04551604666606100057972, 0.08868674959116356357103,
      -0.08664107108868198067851};
  SERIES double sine[8] = {
      3.141592653589792791849,     -5.167712780049752566666,  2.550164039859776261122,
      -0.5992645287757097336679,   0.08214587825655304330433, -0.00737036107168614299303,
      0.0004659776170322781084455, -0.00002112295299210726686857};
};
template <> struct Series<Floats> {
  typedef float Real;
  typedef PackedWords Bits;
  static constexpr int mantissa = 23;
  SERIES float log[8] = {-0.499999360789f, 0.333331981373f,  -0.250078188851f,
                                   0.200111686847f,  -0.164159609218f, 0.139958065575f,
                                   -0.153885390099f, 0.140263612527f};
  SERIES float sine[5] = {3.1415926369f, -5.1677096848f, 2.55006972634f, -0.598242126422f,
                                    0.0775603869996f};
};

template <class X, int n, class R> INLINE X polynomial(X x, const R (&c)[n]) {
  X p = X{} + c[n - 1];
#pragma GCC unroll 32
  for (int k = n - 2; k >= 0; k--) p = p * x + c[k];
  return p;
}
template <class X> INLINE X square_root(X x) {
  for (size_t lane = 0; lane < sizeof(X) / sizeof(x[0]); lane++) x[lane] = std::sqrt(x[lane]);
  return x;
}

// log(u) of u = a or, where a is negative, of 1 + a: near one, a holds what u would round away.
// u = 2^e (1 + f) with 1 + f from 2/3 to 4/3.
template <class X> INLINE X log_of_uniform(X a) {
  typedef Series<X> S;
  typedef typename S::Real R;
  typedef typename S::Bits Bits;
  const int lift = 128;  // keeps the exponent's bits from going below zero
  const R unit = R(int64_t(1) << S::mantissa);
  const X u = a < 0 ? 1 + a : a;
  const Bits bits = same_bits<Bits>(u) + ((Bits{} + lift) << S::mantissa);
  const Bits exponent = (bits - same_bits<Bits>(X{} + R(2) / 3)) >> S::mantissa;
  const X e = same_bits<X>(exponent | same_bits<Bits>(X{} + unit)) - (unit + lift);
  const X f = e == 0 ? a : same_bits<X>(bits - (exponent << S::mantissa)) - 1;
  return f + (f * f * polynomial(f, S().log) + e * R(0.6931471805599453094));
}

// Box and Muller's radius times the sine of an angle from -pi/2 to pi/2, which is distributed as
// that of an angle from the whole circle. At most 6.8 in single precision, 9.5 in double.
template <class B> INLINE auto normal(const B &block) {
  const auto radius = square_root(-2 * log_of_uniform(centered(block, 0)));
  const auto x = centered(block, 1);
  return radius * (x * polynomial(x * x, Series<std::decay_t<decltype(x)>>().sine));
}

// Whole numbers are drawn in double precision for both.
struct Split {
  Doubles part[PARTS];
};
INLINE Split split(V x) {
  Split y;
  for (int lane = 0; lane < LANES; lane++) y.part[lane % PARTS][lane / PARTS] = x[lane];
  return y;
}
INLINE V joined(const Split &x) {
  V y;
  for (int lane = 0; lane < LANES; lane++) y[lane] = T(x.part[lane % PARTS][lane / PARTS]);
  return y;
}
INLINE Split uniforms(const Noise &noise, uint32_t site, uint32_t element) {
  Split u;
  for (int p = 0; p < PARTS; p++) u.part[p] = uniform(philox(noise, site, element, p));
  return u;
}
INLINE double largest(const Split &x) {
  Doubles most = x.part[0];
  for (int p = 1; p < PARTS; p++) most = most < x.part[p] ? x.part[p] : most;
  double result = most[0];
  for (int lane = 1; lane < LANES / PARTS; lane++) result = std::max(result, double(most[lane]));
  return result;
}

// exp(-x) for x from 0 to 64: the Taylor series at x / 128, then to the power of 128.
INLINE Doubles exp_of_minus(Doubles x) {
  const Doubles y = x / 128;
  Doubles power = Doubles{} + 1;
#pragma GCC unroll 16
  for (int k = 15; k > 0; k--) power = 1 - power * (y * (1.0 / k));
#pragma GCC unroll 8
  for (int k = 0; k < 7; k++) power *= power;
  return power;
}

// The smallest k with u < F(k): the distribution function F is summed up from zero. Its rounded sum
// may stay below one by 6e-14; were u not held below that, the count would run on to its limit.
static const double FEW = 64, MOST_OF_UNIFORM = 1 - 0x1p-43;
static const int LIMIT_OF_FEW = 256;
INLINE Split poisson_of_few(const Split &u, const Split &mean) {
  Split count = {}, mass, left;
  for (int p = 0; p < PARTS; p++) {
    mass.part[p] = exp_of_minus(mean.part[p]);
    const Doubles below = u.part[p] < MOST_OF_UNIFORM ? u.part[p] : Doubles{} + MOST_OF_UNIFORM;
    left.part[p] = below - mass.part[p];
  }
  for (int k = 1; k < LIMIT_OF_FEW && largest(left) >= 0; k++)
    for (int p = 0; p < PARTS; p++) {
      count.part[p] += left.part[p] >= 0 ? Doubles{} + 1 : Doubles{};
      mass.part[p] *= mean.part[p] * (1.0 / k);
      left.part[p] -= mass.part[p];
    }
  return count;
}

// The whole part of the x at which the distribution function, continued by the incomplete gamma
// function, is that of a normal number at w. Its expansion in powers of mean^(-1/2) begins as in
// Giles (2016, doi:10.1145/2699466); with all terms below the distribution function is wrong by
// 1.4e-8 at a mean of 64 and by less above.
INLINE Doubles poisson_of_many(Doubles w, Doubles mean) {
  const Doubles root = square_root(mean), s = 1 / root, v = w * w;
  const Doubles p0 = 1.0 / 3 + v * (1.0 / 6);
  const Doubles p1 = w * (-1.0 / 36 - v * (1.0 / 72));
  const Doubles p2 = -8.0 / 405 + v * (7.0 / 810 + v * (1.0 / 270));
  const Doubles p3 = w * (671.0 / 38880 - v * (137.0 / 38880 + v * (23.0 / 17280)));
  const Doubles p4 =
      -16.0 / 25515 + v * (-5189.0 / 408240 + v * (5.0 / 3024 + v * (19.0 / 34020)));
  const Doubles x = mean + root * w + (p0 + s * (p1 + s * (p2 + s * (p3 + s * p4))));
  const Doubles nearest = (x + 0x1p52) - 0x1p52;
  return nearest > x ? nearest - 1 : nearest;
}

}  // namespace draws

using draws::Noise;

// In [0, 1).
INLINE V nt_uniform(const Noise &noise, uint32_t site, uint32_t element) {
  return draws::uniform(draws::words(noise, site, element, T()));
}

// Of mean 0 and variance 1.
INLINE V nt_normal(const Noise &noise, uint32_t site, uint32_t element) {
  return draws::normal(draws::words(noise, site, element, T()));
}

// A mean below zero counts as zero, as in Brian2's compiled code; NaN stays NaN, to be found.
INLINE V nt_poisson(const Noise &noise, uint32_t site, uint32_t element, V mean) {
  using namespace draws;
  const V few = ((mean > 0) & (mean < T(FEW))) ? mean : V{};
  const V many = mean >= T(FEW) ? mean : V{};
  const V drawn = joined(poisson_of_few(uniforms(noise, site, element), split(few)));
  const V result = mean == mean ? drawn : mean;
  Split rest = split(many);
  if (largest(rest) == 0) return result;
  for (int p = 0; p < PARTS; p++)
    rest.part[p] = poisson_of_many(normal(philox(noise, site, element, p)), rest.part[p]);
  return mean >= T(FEW) ? joined(rest) : result;
}

// The smallest k with u < cumulative[k], of the n + 1 values of a distribution function at 0 to n;
// n if there is none.
INLINE V nt_binomial(const Noise &noise, uint32_t site, uint32_t element, const double *cumulative,
                     int64_t n) {
  using namespace draws;
  const Split u = uniforms(noise, site, element);
  const double most = largest(u);
  Split count = {};
  for (int64_t k = 0; k < n && most >= cumulative[k]; k++)
    for (int p = 0; p < PARTS; p++)
      count.part[p] += u.part[p] >= cumulative[k] ? Doubles{} + 1 : Doubles{};
  return joined(count);
}
