#include "ops/box_coder/box_coder.h"

#include <fmt/format.h>

#include "ops/box_coder/box_coder_kernels.h"

namespace denovo::ops {
namespace {

void check_boxes(const char* op, const char* name, const Tensor& boxes, int min_rank,
                 int max_rank) {
  if (boxes.rank() < min_rank || boxes.rank() > max_rank || boxes.size(-1) != 4) {
    const char* expected = max_rank == 2   ? "[R, 4]"
                           : min_rank == 3 ? "[N, B, 4]"
                                           : "[M, 4] or [N, M, 4]";
    throw ShapeError(
        fmt::format("{}: {} must be {}, got {}", op, name, expected, to_string(boxes.shape())));
  }
  if (boxes.dtype() != DType::kF32 && boxes.dtype() != DType::kF64) {
    throw ShapeError(
        fmt::format("{}: {} must be f32 or f64, got {}", op, name, denovo::name(boxes.dtype())));
  }
}

void check_like(const char* op, const char* name, const Tensor& tensor, const Shape& shape,
                DType dtype, Device device) {
  require_tensor(op, name, tensor, dtype, shape);
  if (tensor.device() != device) {
    throw DeviceError(fmt::format("{}: {} is on {}, boxes are on {}", op, name,
                                  to_string(tensor.device()), to_string(device)));
  }
}

/// Ground truth as [N, G, 4] in the boxes' dtype.
void check_gt(const char* op, const Tensor& gt_boxes, const Tensor& boxes) {
  if (gt_boxes.rank() != 3 || gt_boxes.size(2) != 4) {
    throw ShapeError(
        fmt::format("{}: gt_boxes must be [N, G, 4], got {}", op, to_string(gt_boxes.shape())));
  }
  check_like(op, "gt_boxes", gt_boxes, gt_boxes.shape(), boxes.dtype(), boxes.device());
}

}  // namespace

Tensor encode_boxes(const Tensor& boxes, const Tensor& gt_boxes, const BoxWeights& weights) {
  check_boxes("encode_boxes", "boxes", boxes, 2, 2);
  check_like("encode_boxes", "gt_boxes", gt_boxes, boxes.shape(), boxes.dtype(), boxes.device());
  const Tensor deltas = boxes.empty_like();
  with_backend(boxes.device(), [&](auto& ctx) {
    run(ctx, EncodeBoxes{boxes, gt_boxes, weights, deltas});
  });
  return deltas;
}

Tensor encode_matched(const Tensor& boxes, const Tensor& gt_boxes, const Tensor& matched,
                      const Tensor& labels, const BoxWeights& weights) {
  check_boxes("encode_matched", "boxes", boxes, 2, 3);
  check_gt("encode_matched", gt_boxes, boxes);
  const int64_t images = gt_boxes.size(0), num_boxes = boxes.size(-2);
  if (boxes.rank() == 3 && boxes.size(0) != images) {
    throw ShapeError(fmt::format("encode_matched: boxes must be of N = {} images, got {}", images,
                                 to_string(boxes.shape())));
  }
  check_like("encode_matched", "matched", matched, {images, num_boxes}, DType::kI32,
             boxes.device());
  check_like("encode_matched", "labels", labels, {images, num_boxes}, DType::kI32, boxes.device());
  const Tensor deltas = Tensor::empty({images, num_boxes, 4}, boxes.dtype(), boxes.device());
  with_backend(boxes.device(), [&](auto& ctx) {
    run(ctx, EncodeMatched{boxes, gt_boxes, matched, labels, weights, deltas});
  });
  return deltas;
}

Tensor encode_rois(const Tensor& boxes, const Tensor& images, const Tensor& gt_boxes,
                   const Tensor& matched, const BoxWeights& weights) {
  check_boxes("encode_rois", "boxes", boxes, 2, 2);
  check_gt("encode_rois", gt_boxes, boxes);
  check_like("encode_rois", "images", images, {boxes.size(0)}, DType::kI32, boxes.device());
  check_like("encode_rois", "matched", matched, {boxes.size(0)}, DType::kI32, boxes.device());
  const Tensor deltas = boxes.empty_like();
  with_backend(boxes.device(), [&](auto& ctx) {
    run(ctx, EncodeRois{boxes, images, gt_boxes, matched, weights, deltas});
  });
  return deltas;
}

Tensor decode_boxes(const Tensor& boxes, const Tensor& deltas, const BoxWeights& weights) {
  check_boxes("decode_boxes", "boxes", boxes, 2, 2);
  if (deltas.rank() != 2 || deltas.size(0) != boxes.size(0) || deltas.size(1) % 4 != 0) {
    throw ShapeError(fmt::format("decode_boxes: deltas must be [R={}, 4 K], got {}", boxes.size(0),
                                 to_string(deltas.shape())));
  }
  check_like("decode_boxes", "deltas", deltas, deltas.shape(), boxes.dtype(), boxes.device());
  const Tensor decoded =
      Tensor::empty({boxes.size(0), deltas.size(1) / 4, 4}, boxes.dtype(), boxes.device());
  with_backend(boxes.device(), [&](auto& ctx) {
    run(ctx, DecodeBoxes{boxes, deltas, weights, decoded});
  });
  return decoded;
}

Tensor clip_boxes(const Tensor& boxes, const Tensor& image_sizes) {
  check_boxes("clip_boxes", "boxes", boxes, 3, 3);
  check_like("clip_boxes", "image_sizes", image_sizes, {boxes.size(0), 2}, DType::kI32,
             boxes.device());
  const Tensor clipped = boxes.empty_like();
  with_backend(boxes.device(), [&](auto& ctx) {
    run(ctx, ClipBoxes{boxes, image_sizes, clipped});
  });
  return clipped;
}

}  // namespace denovo::ops
