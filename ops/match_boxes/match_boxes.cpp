#include "ops/match_boxes/match_boxes.h"

#include <fmt/format.h>

#include "ops/match_boxes/match_boxes_kernels.h"

namespace denovo::ops {
namespace {

void check_devices(const Tensor& boxes, const char* name, const Tensor& tensor) {
  if (tensor.device() != boxes.device()) {
    throw DeviceError(fmt::format("match_boxes: {} is on {}, boxes are on {}", name,
                                  to_string(tensor.device()), to_string(boxes.device())));
  }
}

void check(const Tensor& boxes, const Tensor& gt_boxes, const Tensor& gt_classes,
           const MatchOptions& options, const Tensor& valid) {
  if (boxes.dtype() != DType::kF32 && boxes.dtype() != DType::kF64) {
    throw ShapeError(
        fmt::format("match_boxes: boxes must be f32 or f64, got {}", name(boxes.dtype())));
  }
  if (gt_boxes.rank() != 3 || gt_boxes.size(2) != 4 || gt_boxes.dtype() != boxes.dtype()) {
    throw ShapeError(fmt::format("match_boxes: gt_boxes must be {} [N, G, 4], got {} {}",
                                 name(boxes.dtype()), name(gt_boxes.dtype()),
                                 to_string(gt_boxes.shape())));
  }
  const int64_t images = gt_boxes.size(0), num_gt = gt_boxes.size(1);
  if (boxes.rank() < 2 || boxes.rank() > 3 || boxes.size(-1) != 4 ||
      (boxes.rank() == 3 && boxes.size(0) != images)) {
    throw ShapeError(fmt::format("match_boxes: boxes must be [M, 4] or [N={}, M, 4], got {}",
                                 images, to_string(boxes.shape())));
  }
  if (gt_classes.shape() != Shape{images, num_gt} || gt_classes.dtype() != DType::kI32) {
    throw ShapeError(fmt::format("match_boxes: gt_classes must be i32 [{}, {}], got {} {}", images,
                                 num_gt, name(gt_classes.dtype()), to_string(gt_classes.shape())));
  }
  if (valid.defined()) {
    const bool fits =
        valid.shape() == Shape{images} || valid.shape() == Shape{images, boxes.size(-2)};
    if (!fits || valid.dtype() != DType::kI32) {
      throw ShapeError(fmt::format("match_boxes: valid must be i32 [{}] or [{}, {}], got {} {}",
                                   images, images, boxes.size(-2), name(valid.dtype()),
                                   to_string(valid.shape())));
    }
    check_devices(boxes, "valid", valid);
  }
  if (!(options.low <= options.high)) {
    throw ShapeError(fmt::format("match_boxes: low must not exceed high, got {} and {}",
                                 options.low, options.high));
  }
  check_devices(boxes, "gt_boxes", gt_boxes);
  check_devices(boxes, "gt_classes", gt_classes);
}

}  // namespace

Match match_boxes(const Tensor& boxes, const Tensor& gt_boxes, const Tensor& gt_classes,
                  const MatchOptions& options, const Tensor& valid) {
  check(boxes, gt_boxes, gt_classes, options, valid);
  const Device device = boxes.device();
  const int64_t images = gt_boxes.size(0), num_gt = gt_boxes.size(1), num_boxes = boxes.size(-2);
  const Match match{Tensor::empty({images, num_boxes}, DType::kI32, device),
                    Tensor::empty({images, num_boxes}, DType::kI32, device)};
  with_backend(device, [&](auto& ctx) {
    Tensor gt_best;
    if (options.low_quality_matches) {
      const int64_t num_chunks = (num_boxes + kMatchChunk - 1) / kMatchChunk;
      const Tensor partial = Tensor::empty({images, num_chunks, num_gt}, boxes.dtype(), device);
      gt_best = Tensor::empty({images, num_gt}, boxes.dtype(), device);
      run(ctx, BestOfGroundTruth{boxes, gt_boxes, gt_classes, valid, partial, gt_best});
    }
    run(ctx, MatchBoxes{boxes, gt_boxes, gt_classes, valid, gt_best, options, match});
  });
  return match;
}

}  // namespace denovo::ops
