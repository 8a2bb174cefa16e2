// Dropout (Srivastava et al., 2014) by counter-based random numbers.
#pragma once

#include <cstdint>

#include "core/run/step_state.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

/// What the draws of R rows depend on: seed, iteration, image and the number of a row within its
/// image, never the place of a row in a batch, the device or the rank.
struct DropoutRows {
  uint64_t seed = 0;
  const StepState* step = nullptr;  // on the rows' device; its iteration is read there
  Tensor image_ids;                 // i64 [N]
  Tensor images = {};   // i32 [R], the image of a row, negative: an empty row; undefined: row r is
                        // of image r, R = N
  Tensor numbers = {};  // i32 [R], undefined with images

  bool defined() const { return image_ids.defined(); }
};

struct DropoutOptions {
  double rate = 0.5;  // share of elements that become 0
  int layer = 0;      // of a network, so that its dropouts are independent
};

/// y[r, c] = x[r, c] / (1 - rate) where the element is kept, else 0; empty rows give 0. It is kept
/// where b >= floor(rate 2^32), with
///   b = RandomStream{seed, kDropout, iteration, fold_id(image id)}
///           .bits(2^28 layer + C numbers[r] + c)
///
///   x        [R, C]  floating point; C numbers[r] below 2^28, or layers share draws
///   returns  shape and dtype of x
///
/// Backward: grad_x = grad_y / (1 - rate) where kept, else 0. Saves a u8 per element, so that the
/// step may have changed by then. Throws ShapeError on other shapes and dtypes, a rate outside
/// [0, 1), a layer outside 0 .. 15.
Tensor dropout(const Tensor& x, const DropoutRows& rows, const DropoutOptions& options);

}  // namespace denovo::ops
