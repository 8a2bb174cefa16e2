// Means over parts of an image, of a fixed number of parts.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

/// y[n, i, j, c] = mean of x[n, y, x, c] over the pixels of bin (i, j) of S x S, as in PyTorch:
/// rows floor(i H / S) <= y < ceil((i + 1) H / S), columns alike. Bins overlap where S does not
/// divide H; S = 1 is the mean over all pixels, S = H = W is x.
///
///   x        [N, H, W, C]  floating point, H * W >= 1
///   returns  [N, S, S, C]  dtype of x; summed in f64 for f64, else in f32, in row order
///
/// Backward: every pixel gathers grad_y / (pixels of the bin) from the bins that it lies in, in
/// row order. Saves nothing. Throws ShapeError on other ranks, S < 1 and
/// S * max(H, W) beyond 31 bits.
Tensor adaptive_avg_pool(const Tensor& x, int output_size);

}  // namespace denovo::ops
