// One trial's value where a processor has a vector of trials: each thread of a device has a trial
// of its own. What is written for vectors (vectors.hpp, random.hpp, the generated code) means the
// same here: comparisons give masks, all ones for true; a cast keeps the bits.
#include <cmath>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>

#define ONE_LANE 1
#define DECLARE_VECTOR(type, name) typedef Lane<type> name
#define INLINE static __device__ __forceinline__
#define MEMBER __device__ __forceinline__
#define SERIES

template <int bytes> struct Signed;
template <> struct Signed<4> { typedef int32_t type; };
template <> struct Signed<8> { typedef int64_t type; };

template <class X> struct Lane {
  typedef Lane<typename Signed<sizeof(X)>::type> Mask;
  X value;

  Lane() = default;
  MEMBER Lane(X x) : value(x) {}
  template <class To> MEMBER explicit operator Lane<To>() const {
    static_assert(sizeof(To) == sizeof(X), "no bit is lost or made up");
    To to;
    memcpy(&to, &value, sizeof(X));
    return to;
  }
  MEMBER explicit operator bool() const { return value != 0; }
  MEMBER X &operator[](int) { return value; }
  MEMBER X operator[](int) const { return value; }

#define COMPARED(op) \
  friend MEMBER Mask operator op(Lane a, Lane b) { return {-decltype(Mask::value)(a.value op b.value)}; }
#define COMPUTED(op)                                                                \
  friend MEMBER Lane operator op(Lane a, Lane b) { return X(a.value op b.value); } \
  MEMBER Lane &operator op##=(Lane b) { return *this = *this op b; }
  COMPARED(<) COMPARED(<=) COMPARED(>) COMPARED(>=) COMPARED(==) COMPARED(!=)
  COMPUTED(+) COMPUTED(-) COMPUTED(*) COMPUTED(/)
  COMPUTED(&) COMPUTED(|) COMPUTED(^)
#undef COMPARED
#undef COMPUTED
  // Bits that are shifted out are no overflow, as in a vector.
  friend MEMBER Lane operator<<(Lane a, int bits) {
    return X(std::make_unsigned_t<X>(a.value) << bits);
  }
  friend MEMBER Lane operator>>(Lane a, int bits) { return X(a.value >> bits); }
  friend MEMBER Lane operator-(Lane a) { return X(-a.value); }
  friend MEMBER Lane operator+(Lane a) { return a; }
  friend MEMBER Lane operator~(Lane a) { return X(~a.value); }
};

template <class To, class From> INLINE To converted(Lane<From> x) {
  return decltype(To::value)(x.value);
}
template <class X> INLINE bool any(Lane<X> mask) { return bool(mask); }
