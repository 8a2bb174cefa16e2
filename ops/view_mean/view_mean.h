// Maps of one object seen in several views, averaged.
#pragma once

#include <span>

#include "core/tensor/tensor.h"

namespace denovo::ops {

/// What a head saw of R boxes in one view.
struct ViewMaps {
  Tensor maps;            // [R, H, W] or [R, H, W, C], f32 or f64
  bool mirrored = false;  // its columns are those of the others from right to left
};

/// y[r, h, w, c] = the mean over the views of maps[r, h, w, c], or of maps[r, h, W - 1 - w, m(c)]
/// for a mirrored one: what is left of the object has changed columns, and with `mirror` channels
/// too (left and right keypoints). One view that is not mirrored gives itself to the last bit.
///
///   mirror   i32 [C], m; undefined: channels stay
///   returns  shape and dtype of maps; sums in that dtype, in the order of the views
///
/// No gradient. Throws ShapeError for no views and on other shapes or dtypes, DeviceError when
/// devices differ. What mirror holds must be channels.
Tensor view_mean(std::span<const ViewMaps> views, const Tensor& mirror = {});

}  // namespace denovo::ops
