// What group and batch normalization compute for one element and for one group, forward and
// backward, for CPU and CUDA; only the loops around it differ. A group is what shares statistics:
// some channels of a sample, or one channel of the batch.
//
//   y      = act((x - mean) * scale + bias + residual),  scale = rstd * weight
//   grad_x = scale * g + slope * (x - mean) + offset,    g = grad_y where the ReLU let it through
#pragma once

#include <cmath>

#include "core/kernels/host_device.h"
#include "core/kernels/multiply_add.h"

namespace denovo::ops {

/// 1 / sqrt(variance + eps), the spread as saved for backward.
DENOVO_HD double reciprocal_deviation(double variance, double eps) {
  return 1 / std::sqrt(variance + eps);
}

/// What x - mean is multiplied by. Backward computes it again.
template <class A>
DENOVO_HD A channel_scale(A rstd, A weight) {
  return rstd * weight;
}

/// An element's part of the sums that Moments::from_shifted_sums takes.
template <class A>
DENOVO_HD void add_shifted(A x, A shift, A& sum, A& sum_of_squares) {
  const A d = x - shift;
  sum += d;
  sum_of_squares = multiply_add(d, d, sum_of_squares);
}

/// y of an element; centred = x - mean. residual: with kResidual only.
template <bool kRelu, bool kResidual, class A>
DENOVO_HD A normalized(A centred, A scale, A bias, [[maybe_unused]] A residual) {
  A y = centred * scale + bias;
  if constexpr (kResidual) y += residual;
  if constexpr (kRelu) y = y < 0 ? A(0) : y;  // this order keeps NaN
  return y;
}

/// Where the ReLU mask of a backward pass comes from.
enum class ReluMask { kNone, kFromX, kFromY };

/// g of an element. The mask from x repeats the forward's arithmetic to the last bit. y: with
/// kFromY only.
template <ReluMask kMask, class A>
DENOVO_HD A masked_gradient(A grad_y, [[maybe_unused]] A y, [[maybe_unused]] A centred,
                            [[maybe_unused]] A scale, [[maybe_unused]] A bias) {
  if constexpr (kMask == ReluMask::kFromX) {
    return normalized<false, false>(centred, scale, bias, A(0)) > 0 ? grad_y : A(0);
  }
  if constexpr (kMask == ReluMask::kFromY) return y > 0 ? grad_y : A(0);
  return grad_y;
}

/// An element's part of a channel's sums: sum of g (the gradient of bias) and dot of g and x - mean
/// (times rstd, the gradient of weight).
template <class A>
DENOVO_HD void add_gradient(A g, A centred, A& sum, A& dot) {
  sum += g;
  dot = multiply_add(g, centred, dot);
}

/// The part of a group's grad_x that goes through its statistics, from sum = sum of weight * g and
/// dot = sum of weight * g * (x - mean) over its m elements.
struct GroupGradient {
  double slope, offset;

  DENOVO_HD static GroupGradient from_sums(double sum, double dot, double rstd, double m) {
    return {-rstd * rstd * rstd * dot / m, -rstd * sum / m};
  }
};

/// grad_x of an element; slope and offset are its group's.
template <class A>
DENOVO_HD A element_gradient(A g, A centred, A scale, A slope, A offset) {
  return scale * g + (slope * centred + offset);
}

}  // namespace denovo::ops
