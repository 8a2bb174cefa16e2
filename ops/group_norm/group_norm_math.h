// Arithmetic of group normalization between its two passes, for CPU and CUDA.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/host_device.h"
#include "core/moments.h"

namespace denovo::ops {

/// 1 / sqrt(variance + eps), the spread as saved for backward.
DENOVO_HD double reciprocal_deviation(const Moments& moments, double eps) {
  return 1 / std::sqrt(moments.variance() + eps);
}

/// With g the gradient before the ReLU, and per group sum = sum of weight * g and
/// dot = sum of weight * g * (x - mean) over m elements:
///   grad_x = rstd * weight * g + slope * (x - mean) + offset
struct GroupGradient {
  double slope, offset;

  DENOVO_HD static GroupGradient from_sums(double sum, double dot, double rstd, double m) {
    return {-rstd * rstd * rstd * dot / m, -rstd * sum / m};
  }
};

}  // namespace denovo::ops
