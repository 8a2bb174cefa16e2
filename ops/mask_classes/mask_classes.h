// Which RoIs the mask head can learn from: not every object that has a box has a mask.
#pragma once

#include "core/tensor/tensor.h"
#include "ops/mask_targets/mask_targets.h"

namespace denovo::ops {

/// y[r] = classes[r] where instance gt[r] of image images[r] has polygons or run lengths; -1 where
/// it has neither, and where images[r] or gt[r] is negative (an empty slot, a RoI without object).
///
///   classes  [R]  i32
///   images   [R]  i32, below N
///   gt       [R]  i32, below G
///   returns  [R]  i32
///
/// No gradient. Throws ShapeError on other shapes or dtypes.
Tensor mask_classes(const Tensor& classes, const Tensor& images, const Tensor& gt,
                    const InstanceMasks& masks);

}  // namespace denovo::ops
