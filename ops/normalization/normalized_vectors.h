// What a thread of the GPU does with 16 bytes of channels, row after row; normalized_rows.h is the
// CPU's. The CPU suite runs the same functors.
//
// Here coefficients stay in registers for many rows. Beside bf16 the mean goes into the constants,
// once for each channel, so that an element is one multiplication with addition:
//   y      = act(scale * x + shift + residual),  shift  = bias - mean * scale
//   grad_x = scale * g + slope * x + offset,     offset = the group's offset - slope * mean
// A rounding of mean * scale is then in the result, which is a thousandth of the result's own
// rounding while the mean is less than a hundred deviations. Beside f32 and f64 the mean is
// subtracted from every element, as on the CPU. Forward and the ReLU mask of backward go through
// the same line, so the mask agrees with y to the last bit.
#pragma once

#include <cstdint>
#include <type_traits>

#include "core/kernels/multiply_add.h"
#include "core/kernels/slab_maps.h"
#include "ops/normalization/normalization_math.h"

namespace denovo::ops {

/// The tensor itself when it has this dtype, else a converted copy.
inline Tensor in_dtype(const Tensor& tensor, DType dtype) {
  return tensor.dtype() == dtype ? tensor : tensor.to(dtype);
}

/// Values [N][G] of groups of `size` neighbouring channels each; size 1: of channels. samples == 1:
/// all samples share them.
struct GroupIndex {
  int size;
  int64_t groups;
  bool shared;

  /// Those of the groups of channels c .. c + V - 1.
  template <int V, class A>
  DENOVO_HD Pack<A, V> expand(const A* values, uint32_t n, uint32_t c) const {
    values += shared ? 0 : n * groups;
    if (size == 1) return Pack<A, V>::load(values + c);
    uint32_t g = c / static_cast<uint32_t>(size), inside = c - g * static_cast<uint32_t>(size);
    Pack<A, V> out;
    for (int v = 0; v < V; ++v) {
      out.v[v] = values[g];
      if (++inside == static_cast<uint32_t>(size)) inside = 0, ++g;
    }
    return out;
  }
};

/// What normalization of T multiplies with and adds. mean, rstd: of groups; weight, bias [C].
template <class T>
struct NormCoefficients {
  using A = Compute<T>;
  /// Whether the mean goes into the constants.
  static constexpr bool kFolds = !std::is_same_v<T, A>;
  const A *mean, *rstd, *weight, *bias;
  GroupIndex index;

  template <int V>
  struct Kept {
    Pack<A, V> mean, scale, shift;

    /// What scale and slope multiply.
    DENOVO_HD A centred(A x, int v) const { return kFolds ? x : x - mean.v[v]; }
    /// y before residual and ReLU.
    DENOVO_HD A scaled(A x, int v) const {
      return multiply_add(centred(x, v), scale.v[v], shift.v[v]);
    }
    /// Whether the ReLU let the element through. y: with kFromY only.
    template <ReluMask kMask>
    DENOVO_HD bool passes([[maybe_unused]] A x, [[maybe_unused]] A y,
                          [[maybe_unused]] int v) const {
      if constexpr (kMask == ReluMask::kFromX) return scaled(x, v) > 0;
      if constexpr (kMask == ReluMask::kFromY) return y > 0;
      return true;
    }
  };
  template <int V>
  DENOVO_HD Kept<V> keep(uint32_t n, uint32_t c) const {
    const auto r = index.template expand<V>(rstd, n, c);
    const auto w = Pack<A, V>::load(weight + c), b = Pack<A, V>::load(bias + c);
    Kept<V> kept;
    kept.mean = index.template expand<V>(mean, n, c);
    for (int v = 0; v < V; ++v) {
      kept.scale.v[v] = channel_scale(r.v[v], w.v[v]);
      kept.shift.v[v] = kFolds ? multiply_add(-kept.mean.v[v], kept.scale.v[v], b.v[v]) : b.v[v];
    }
    return kept;
  }
  /// The offset of grad_x from that of a group.
  DENOVO_HD static A folded_offset(double offset, A slope, A mean) {
    return static_cast<A>(kFolds ? offset - static_cast<double>(slope) * static_cast<double>(mean)
                                 : offset);
  }
};

/// The elements of y, as a map (core/kernels/slab_maps.h).
template <class T, bool kRelu, bool kResidual>
struct Normalize {
  using A = Compute<T>;
  static constexpr int kVector = 16 / sizeof(T), kBatch = 2;
  const T *x, *residual;
  T* y;
  NormCoefficients<T> k;

  template <int V>
  struct In {
    Pack<T, V> x, residual;
  };
  template <int V>
  DENOVO_HD auto keep(uint32_t n, uint32_t c) const {
    return k.template keep<V>(n, c);
  }
  template <int V>
  DENOVO_HD In<V> load(uint32_t i) const {
    In<V> in;
    in.x = Pack<T, V>::load(x + i);
    if constexpr (kResidual) in.residual = Pack<T, V>::load(residual + i);
    return in;
  }
  template <int V>
  DENOVO_HD void apply(const typename NormCoefficients<T>::template Kept<V>& kept, const In<V>& in,
                       uint32_t i) const {
    Pack<T, V> out;
    for (int v = 0; v < V; ++v) {
      out.v[v] = kept.scaled(in.x.v[v], v);
      if constexpr (kResidual) out.v[v] += in.residual.v[v];
    }
    out.template store<kRelu>(y + i);
  }
};

/// What backward reads of an element.
template <class T, ReluMask kMask, int V>
struct GradientIn {
  Pack<T, V> x, g, y;

  DENOVO_HD static GradientIn load(const T* x, const T* g, const T* y, uint32_t i) {
    GradientIn in;
    in.x = Pack<T, V>::load(x + i);
    in.g = Pack<T, V>::load(g + i);
    if constexpr (kMask == ReluMask::kFromY) in.y = Pack<T, V>::load(y + i);
    return in;
  }
  DENOVO_HD Compute<T> y_of(int v) const {
    if constexpr (kMask == ReluMask::kFromY) return y.v[v];
    return 0;
  }
};

/// Backward's values for slab_sums (core/kernels/slab_sums.h): g and g * (x - mean). Stores g in
/// masked.
template <class T, ReluMask kMask>
struct GradientTerm {
  using A = Compute<T>;
  static constexpr int kVector = 16 / sizeof(T), kValues = 2, kBatch = 2;
  const T *x, *grad_y, *y;
  T* masked;  // may be null
  NormCoefficients<T> k;

  template <int V>
  DENOVO_HD auto state(const SlabPlace& p) const {
    return k.template keep<V>(p.sample, p.channel);
  }
  template <int V>
  DENOVO_HD auto load(uint32_t i) const {
    return GradientIn<T, kMask, V>::load(x, grad_y, y, i);
  }
  template <int V>
  DENOVO_HD void add(const typename NormCoefficients<T>::template Kept<V>& s,
                     const GradientIn<T, kMask, V>& in, uint32_t i, A (&totals)[2][V]) const {
    Pack<T, V> out;
    for (int v = 0; v < V; ++v) {
      const bool pass = s.template passes<kMask>(in.x.v[v], in.y_of(v), v);
      out.v[v] = pass ? in.g.v[v] : A(0);
      if (pass) add_gradient(in.g.v[v], in.x.v[v] - s.mean.v[v], totals[0][v], totals[1][v]);
    }
    if constexpr (kMask != ReluMask::kFromX) {
      if (masked) out.store(masked + i);
    }
  }
};

/// The elements of grad_x, added to what is there with kAccumulate, as a map. slope, offset: of
/// groups, offset as above.
template <class T, ReluMask kMask, bool kAccumulate>
struct InputGradient {
  using A = Compute<T>;
  static constexpr int kVector = 16 / sizeof(T), kBatch = 2;
  const T *x, *grad_y, *y;
  T* grad_x;
  NormCoefficients<T> k;
  const A *slope, *offset;

  template <int V>
  struct Kept {
    typename NormCoefficients<T>::template Kept<V> norm;
    Pack<A, V> slope, offset;
  };
  template <int V>
  struct In {
    GradientIn<T, kMask, V> in;
    Pack<T, V> before;
  };
  template <int V>
  DENOVO_HD Kept<V> keep(uint32_t n, uint32_t c) const {
    return {k.template keep<V>(n, c), k.index.template expand<V>(slope, n, c),
            k.index.template expand<V>(offset, n, c)};
  }
  template <int V>
  DENOVO_HD In<V> load(uint32_t i) const {
    In<V> in;
    in.in = GradientIn<T, kMask, V>::load(x, grad_y, y, i);
    if constexpr (kAccumulate) in.before = Pack<T, V>::load(grad_x + i);
    return in;
  }
  template <int V>
  DENOVO_HD void apply(const Kept<V>& kept, const In<V>& all, uint32_t i) const {
    const auto& in = all.in;
    Pack<T, V> out;
    for (int v = 0; v < V; ++v) {
      A value = multiply_add(kept.norm.centred(in.x.v[v], v), kept.slope.v[v], kept.offset.v[v]);
      if (kept.norm.template passes<kMask>(in.x.v[v], in.y_of(v), v)) {
        value = multiply_add(in.g.v[v], kept.norm.scale.v[v], value);
      }
      if constexpr (kAccumulate) value += all.before.v[v];
      out.v[v] = value;
    }
    out.store(grad_x + i);
  }
};

}  // namespace denovo::ops
