// Arithmetic of batch normalization for each channel, for CPU and CUDA.
#pragma once

#include <cstdint>

#include "ops/normalization/normalization_math.h"

namespace denovo::ops {

/// channel_scale of every channel.
template <class A>
struct ChannelScale {
  const A *weight, *rstd;
  A* scale;

  DENOVO_HD void operator()(int64_t c) const { scale[c] = channel_scale(rstd[c], weight[c]); }
};

/// The part of grad_x that goes through the statistics (GroupGradient), from what backward summed
/// over the batch and from the batch's moments. Without moments (inference) there is none.
template <class A>
struct StatisticsGradient {
  const A *weight, *rstd;
  const double *sums, *moments;  // [2][C], [3][C] or null
  int64_t channels;
  A *slope, *offset;

  DENOVO_HD void operator()(int64_t c) const {
    GroupGradient gradient{0, 0};
    if (moments) {
      const double w = weight[c];
      gradient = GroupGradient::from_sums(w * sums[c], w * sums[channels + c], rstd[c], moments[c]);
    }
    slope[c] = static_cast<A>(gradient.slope);
    offset[c] = static_cast<A>(gradient.offset);
  }
};

}  // namespace denovo::ops
