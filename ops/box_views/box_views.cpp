#include "ops/box_views/box_views.h"

#include <fmt/format.h>

#include "ops/box_views/box_views_kernels.h"

namespace denovo::ops {
namespace {

void check_boxes(const char* op, const Tensor& boxes) {
  const bool floating = boxes.dtype() == DType::kF32 || boxes.dtype() == DType::kF64;
  if (boxes.rank() != 3 || boxes.size(2) != 4 || !floating)
    throw ShapeError(fmt::format("{}: boxes must be f32 or f64 [N, B, 4], got {} {}", op,
                                 name(boxes.dtype()), to_string(boxes.shape())));
}

void check_like(const char* op, const char* what, const Tensor& tensor, DType dtype,
                const Shape& shape, const Tensor& boxes) {
  require_tensor(op, what, tensor, dtype, shape);
  if (tensor.device() != boxes.device())
    throw DeviceError(fmt::format("{}: {} are on {}, boxes on {}", op, what,
                                  to_string(tensor.device()), to_string(boxes.device())));
}

void check_view(const char* op, const View& view, const Tensor& boxes) {
  check_like(op, "sizes", view.sizes, DType::kI32, {boxes.size(0), 2}, boxes);
}

}  // namespace

Tensor boxes_in_view(const Tensor& boxes, const View& from, const View& to) {
  check_boxes("boxes_in_view", boxes);
  for (const View* view : {&from, &to}) check_view("boxes_in_view", *view, boxes);
  const Tensor mapped = boxes.empty_like();
  with_backend(boxes.device(), [&](auto& ctx) {
    run(ctx, BoxesInView{boxes, from.sizes, to.sizes, from.mirrored != to.mirrored, mapped, 0});
  });
  return mapped;
}

JoinedCandidates join_candidates(std::span<const ViewCandidates> views, const View& frame) {
  if (views.empty()) throw ShapeError("join_candidates: needs a view, got none");
  const Tensor& model = views.front().boxes;
  int64_t total = 0;
  for (const ViewCandidates& view : views) {
    check_boxes("join_candidates", view.boxes);
    const Shape rows{model.size(0), view.boxes.size(1)};
    check_like("join_candidates", "boxes", view.boxes, model.dtype(), {rows[0], rows[1], 4}, model);
    check_like("join_candidates", "scores", view.scores, model.dtype(), rows, model);
    check_like("join_candidates", "classes", view.classes, DType::kI32, rows, model);
    check_view("join_candidates", view.view, model);
    total += rows[1];
  }
  check_view("join_candidates", frame, model);
  const Shape rows{model.size(0), total};
  const JoinedCandidates joined{Tensor::empty({rows[0], total, 4}, model.dtype(), model.device()),
                                Tensor::empty(rows, model.dtype(), model.device()),
                                Tensor::empty(rows, DType::kI32, model.device())};
  with_backend(model.device(), [&](auto& ctx) {
    int64_t first = 0;
    for (const ViewCandidates& view : views) {
      run(ctx, BoxesInView{view.boxes, view.view.sizes, frame.sizes,
                           view.view.mirrored != frame.mirrored, joined.boxes, first});
      run(ctx, PlaceInList{view.scores, joined.scores, first});
      run(ctx, PlaceInList{view.classes, joined.classes, first});
      first += view.boxes.size(1);
    }
  });
  return joined;
}

}  // namespace denovo::ops
