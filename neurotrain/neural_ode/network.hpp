// A multilayer perceptron as a vector field, its tangents and its adjoint, vectorized over neurons.
//
// ACTIVATION (0 tanh, 1 GELU in its tanh form, 2 ReLU) is set by the compiler's command line; sizes
// are known at run time only. Every array ends with zeros that fill up its last vector.
#include <algorithm>
#include <cstdlib>
#include <vector>

typedef T Loaded __attribute__((vector_size(WIDTH), may_alias));
INLINE V load(const T *x) { return *(const Loaded *)x; }
INLINE void store(T *x, V value) { *(Loaded *)x = value; }
INLINE int64_t vectors(int64_t n) { return (n + LANES - 1) / LANES; }
INLINE int64_t padded(int64_t n) { return vectors(n) * LANES; }

// Zeros, aligned for vectors.
class Array {
 public:
  explicit Array(int64_t n = 0) : vectors_(vectors(n) + 1) {}
  T *data() { return (T *)vectors_.data(); }
  const T *data() const { return (const T *)vectors_.data(); }
  void clear() { std::fill(vectors_.begin(), vectors_.end(), V{}); }

 private:
  std::vector<V> vectors_;
};

// The activation, and its slope where that is wanted.
template <bool with_slope> INLINE V activate(V z, V *slope) {
#if ACTIVATION == 0
  const V a = nt_tanh(z);
  if (with_slope) *slope = T(1) - a * a;
  return a;
#elif ACTIVATION == 1
  const T c = T(0.79788456080286535588), d = T(0.044715);
  const V t = nt_tanh(c * z * (T(1) + d * z * z)), half = T(0.5) * (T(1) + t);
  if (with_slope) {
    // Further out t is 1, and powers of z could overflow.
    const V near = at_most(at_least(z, T(-10)), T(10));
    *slope = half + T(0.5) * c * near * (T(1) - t * t) * (T(1) + T(3) * d * near * near);
  }
  return z * half;
#else
  if (with_slope) *slope = choose(z > T(0), vec(T(1)), V{});
  return at_least(z, T(0));
#endif
}

// A matrix (out, in), laid out for products with vectors: by columns, in blocks of as many
// vectors of outputs as are summed at a time; by rows where there are few outputs.
class Matrix {
 public:
  Matrix(int64_t out, int64_t in)
      : out(out), in(in), by_rows(out * (vectors(in) + 6) < vectors(out) * in),
        values_(by_rows ? out * padded(in) : padded(out) * in) {}

  // What is at (i, j).
  T &at(int64_t i, int64_t j) {
    if (by_rows) return values_.data()[i * padded(in) + j];
    const int64_t v = i / LANES, first = v / BLOCK * BLOCK;
    const int64_t width = std::min<int64_t>(BLOCK, vectors(out) - first);
    return values_.data()[(first * in + j * width + v - first) * LANES + i % LANES];
  }
  void clear() { values_.clear(); }

  // y = W x + bias
  void times(const T *x, const T *bias, T *y) const {
    if (by_rows) return times_by_rows(x, bias, y);
    each_block([&](auto width, int64_t first, const T *w) {
      constexpr int n = decltype(width)::value;
      V sum[n];
      for (int k = 0; k < n; k++) sum[k] = bias ? load(bias + (first + k) * LANES) : V{};
      for (int64_t j = 0; j < in; j++, w += n * LANES) {
        const V own = vec(x[j]);
#pragma GCC unroll 8
        for (int k = 0; k < n; k++) sum[k] += load(w + k * LANES) * own;
      }
      for (int k = 0; k < n; k++) store(y + (first + k) * LANES, sum[k]);
    });
  }

  // W += g x^T
  void add_outer(const T *g, const T *x) {
    if (by_rows) {
      T *w = values_.data();
      for (int64_t i = 0; i < out; i++)
        for (int64_t j = 0; j < padded(in); j += LANES, w += LANES)
          store(w, load(w) + vec(g[i]) * load(x + j));
      return;
    }
    each_block([&](auto width, int64_t first, const T *fixed) {
      T *w = const_cast<T *>(fixed);
      constexpr int n = decltype(width)::value;
      for (int64_t j = 0; j < in; j++)
        for (int k = 0; k < n; k++, w += LANES)
          store(w, load(w) + load(g + (first + k) * LANES) * vec(x[j]));
    });
  }

 private:
  static const int BLOCK = 8;
  int64_t out, in;
  bool by_rows;
  Array values_;

  template <int n, class F> void block(int64_t first, F f) const {
    f(std::integral_constant<int, n>(), first, values_.data() + first * in * LANES);
  }
  template <class F> void each_block(F f) const {
    const int64_t n = vectors(out);
    int64_t first = 0;
    for (; first + BLOCK <= n; first += BLOCK) block<BLOCK>(first, f);
    switch (n - first) {
      case 1: return block<1>(first, f);
      case 2: return block<2>(first, f);
      case 3: return block<3>(first, f);
      case 4: return block<4>(first, f);
      case 5: return block<5>(first, f);
      case 6: return block<6>(first, f);
      case 7: return block<7>(first, f);
    }
  }
  void times_by_rows(const T *x, const T *bias, T *y) const {
    const T *w = values_.data();
    for (int64_t i = 0; i < out; i++) {
      V even{}, odd{};
      int64_t j = 0;
      for (; j + LANES < in; j += 2 * LANES, w += 2 * LANES) {
        even += load(w) * load(x + j);
        odd += load(w + LANES) * load(x + j + LANES);
      }
      if (j < in) {
        even += load(w) * load(x + j);
        w += LANES;
      }
      y[i] = sum_of_lanes(even + odd) + (bias ? bias[i] : T(0));
    }
    for (int64_t i = out; i < padded(out); i++) y[i] = T(0);
  }
};

// The inputs of all layers at one state, and the slopes by which they depend on what came before.
struct Trace {
  std::vector<Array> inputs, slopes;
};

// Sizes of the layers, and where their weights and biases are among the parameters.
struct Shape {
  int64_t n_states, width, depth, power, has_biases;
  int64_t out(int64_t layer) const { return layer == depth ? n_states : width; }
  int64_t in(int64_t layer) const { return layer == 0 ? n_states : width; }
};

class Network {
 public:
  // The adjoint needs the transposed weights.
  Network(const Shape &shape, bool with_adjoint) : shape_(shape) {
    for (int64_t l = 0; l <= shape.depth; l++) {
      weights_.emplace_back(shape.out(l), shape.in(l));
      biases_.emplace_back(shape.out(l));
      if (!with_adjoint) continue;
      transposed_.emplace_back(shape.in(l), shape.out(l));
      weight_gradients_.emplace_back(shape.out(l), shape.in(l));
      bias_gradients_.emplace_back(shape.out(l));
    }
    const int64_t widest = std::max(shape.width, shape.n_states);
    one_ = Array(widest), other_ = Array(widest);
    own_ = trace();
  }

  Trace trace() const {
    Trace trace;
    for (int64_t l = 0; l <= shape_.depth; l++) {
      trace.inputs.emplace_back(shape_.in(l));
      trace.slopes.emplace_back(shape_.in(l));
    }
    return trace;
  }

  void set(const double *parameters) {
    visit(parameters, weights_, biases_, [](const double *p, T &value) { value = T(*p); });
    for (size_t l = 0; l < transposed_.size(); l++)
      for (int64_t i = 0; i < shape_.out(l); i++)
        for (int64_t j = 0; j < shape_.in(l); j++) transposed_[l].at(j, i) = weights_[l].at(i, j);
  }
  void clear_gradient() {
    for (auto &one : weight_gradients_) one.clear();
    for (auto &one : bias_gradients_) one.clear();
  }
  void get_gradient(double *gradient) {
    visit(gradient, weight_gradients_, bias_gradients_, [](double *g, T &value) { *g = value; });
  }

  void evaluate(const T *y, T *f) { pass<false>(y, f, own_); }
  // The same, leaving in the trace what derivatives need.
  void linearize(const T *y, T *f, Trace &trace) { pass<true>(y, f, trace); }
  void linearize(const T *y, T *f) { pass<true>(y, f, own_); }

  // jacobian[i * n + k] = df_i / dy_k where it was last linearized.
  void jacobian(T *jacobian) { this->jacobian(own_, jacobian); }
  void jacobian(const Trace &trace, T *jacobian) {
    const int64_t n = shape_.n_states;
    for (int64_t k = 0; k < n; k++) {
      T *x = one_.data(), *y = other_.data();
      for (int64_t i = 0; i < padded(n); i++) x[i] = T(0);
      x[k] = trace.slopes[0].data()[k];
      for (int64_t l = 0; l <= shape_.depth; l++) {
        if (l) scale(x, trace.slopes[l], shape_.in(l));
        weights_[l].times(x, nullptr, y);
        std::swap(x, y);
      }
      for (int64_t i = 0; i < n; i++) jacobian[i * n + k] = x[i];
    }
  }

  // mu = J^T lambda, and adds (df / dparameters)^T lambda to the gradient.
  void pull_back(const Trace &trace, const T *lambda, T *mu) {
    T *g = one_.data(), *x = other_.data();
    memcpy(g, lambda, padded(shape_.n_states) * sizeof(T));
    for (int64_t l = shape_.depth; l >= 0; l--) {
      weight_gradients_[l].add_outer(g, trace.inputs[l].data());
      T *bias = bias_gradients_[l].data();
      for (int64_t i = 0; i < padded(shape_.out(l)); i += LANES)
        store(bias + i, load(bias + i) + load(g + i));
      transposed_[l].times(g, nullptr, x);
      scale(x, trace.slopes[l], shape_.in(l));
      std::swap(g, x);
    }
    memcpy(mu, g, padded(shape_.n_states) * sizeof(T));
  }

 private:
  Shape shape_;
  std::vector<Matrix> weights_, transposed_, weight_gradients_;
  std::vector<Array> biases_, bias_gradients_;
  Array one_, other_;
  Trace own_;

  static void scale(T *x, const Array &by, int64_t n) {
    for (int64_t i = 0; i < padded(n); i += LANES) store(x + i, load(x + i) * load(by.data() + i));
  }

  // Calls f with each parameter's place and the value in a layer.
  template <class P, class F>
  void visit(P *place, std::vector<Matrix> &weights, std::vector<Array> &biases, F f) {
    for (int64_t l = 0; l <= shape_.depth; l++) {
      for (int64_t i = 0; i < shape_.out(l); i++)
        for (int64_t j = 0; j < shape_.in(l); j++) f(place++, weights[l].at(i, j));
      if (!shape_.has_biases) continue;
      for (int64_t i = 0; i < shape_.out(l); i++) f(place++, biases[l].data()[i]);
    }
  }

  template <bool with_slopes> void pass(const T *y, T *f, Trace &trace) {
    T *x = trace.inputs[0].data(), *slope = trace.slopes[0].data();
    for (int64_t i = 0; i < shape_.n_states; i++) {
      T below = T(1);
      for (int64_t k = 1; k < shape_.power; k++) below *= y[i];
      x[i] = below * y[i];
      if (with_slopes) slope[i] = T(shape_.power) * below;
    }
    for (int64_t l = 0; l < shape_.depth; l++) {
      T *next = trace.inputs[l + 1].data(), *slopes = trace.slopes[l + 1].data();
      weights_[l].times(x, biases_[l].data(), next);
      for (int64_t i = 0; i < shape_.width; i += LANES) {
        V own;
        store(next + i, activate<with_slopes>(load(next + i), &own));
        if (with_slopes) store(slopes + i, own);
      }
      x = next;
    }
    weights_[shape_.depth].times(x, biases_[shape_.depth].data(), f);
  }
};
