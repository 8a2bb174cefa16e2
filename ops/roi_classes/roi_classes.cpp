#include "ops/roi_classes/roi_classes.h"

#include <fmt/format.h>

#include "ops/roi_classes/roi_classes_kernels.h"

namespace denovo::ops {

RoiClasses roi_classes(const Tensor& labels, const Tensor& matched, const Tensor& gt_classes,
                       int num_classes) {
  if (labels.rank() != 2 || matched.shape() != labels.shape() || gt_classes.rank() != 2 ||
      gt_classes.size(0) != labels.size(0)) {
    throw ShapeError(fmt::format(
        "roi_classes: expected labels and matched [N, S], gt_classes [N, G], got {}, {}, {}",
        to_string(labels.shape()), to_string(matched.shape()), to_string(gt_classes.shape())));
  }
  const RoiClasses result{labels.empty_like(), labels.empty_like()};
  with_backend(labels.device(), [&](auto& ctx) {
    run(ctx,
        RoiClassesArgs{labels, matched, gt_classes, result.classes, result.images, num_classes});
  });
  return result;
}

}  // namespace denovo::ops
