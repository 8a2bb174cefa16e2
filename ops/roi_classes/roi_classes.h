// Class labels of sampled RoIs.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

struct RoiClasses {
  Tensor classes;  // [N, S] i32: of the matched object; num_classes = background, -1 = empty slot
  Tensor images;   // [N, S] i32: n, or -1 in empty slots
};

/// Labels for the box head from matches.
///
///   labels      [N, S]  i32: 1 foreground, 0 background, -1 empty slot
///   matched     [N, S]  i32: ground truth of a foreground RoI
///   gt_classes  [N, G]  i32
///
/// No gradient. Throws ShapeError on other shapes or dtypes.
RoiClasses roi_classes(const Tensor& labels, const Tensor& matched, const Tensor& gt_classes,
                       int num_classes);

}  // namespace denovo::ops
