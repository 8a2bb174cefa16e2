// 3x3 convolutions in f32 by Winograd's F(4x4, 3x3) on the CPU: transforms of our own
// (winograd_transform.h) around oneDNN's batched matrix product. About 2.5 times as fast as the
// direct convolution where there are enough squares to share a transformed filter.
#pragma once

#include "ops/conv2d/conv2d_loops.h"

namespace denovo::ops {

/// Whether the convolution is of a kind that these functions compute, and large enough to gain.
bool winograd_fits(const Conv2dSizes& sizes, DType dtype);

/// As run(...) of the same arguments. Throw dnnl::error.
void winograd_forward(CpuContext& ctx, const Conv2dSizes& sizes, const Conv2dForward& args);
void winograd_backward_data(CpuContext& ctx, const Conv2dSizes& sizes,
                            const Conv2dBackwardData& args);
void winograd_backward_weight(CpuContext& ctx, const Conv2dSizes& sizes,
                              const Conv2dBackwardWeight& args);

}  // namespace denovo::ops
