#include "ops/view_mean/view_mean.h"

#include <fmt/format.h>

#include "ops/view_mean/view_mean_kernels.h"

namespace denovo::ops {

Tensor view_mean(std::span<const ViewMaps> views, const Tensor& mirror) {
  if (views.empty()) throw ShapeError("view_mean: needs a view, got none");
  const Tensor& first = views.front().maps;
  const bool floating = first.dtype() == DType::kF32 || first.dtype() == DType::kF64;
  if ((first.rank() != 3 && first.rank() != 4) || !floating)
    throw ShapeError(
        fmt::format("view_mean: maps must be f32 or f64 [R, H, W] or [R, H, W, C], got {} {}",
                    name(first.dtype()), to_string(first.shape())));
  if (mirror.defined()) {
    const int64_t channels = first.rank() == 4 ? first.size(3) : 1;
    require_tensor("view_mean", "mirror", mirror, DType::kI32, {channels});
  }
  for (const ViewMaps& view : views) {
    require_tensor("view_mean", "maps", view.maps, first.dtype(), first.shape());
    if (view.maps.device() != first.device())
      throw DeviceError(fmt::format("view_mean: maps must be on one device, got {} and {}",
                                    to_string(first.device()), to_string(view.maps.device())));
  }
  if (mirror.defined() && mirror.device() != first.device())
    throw DeviceError(fmt::format("view_mean: mirror is on {}, maps on {}",
                                  to_string(mirror.device()), to_string(first.device())));
  const Tensor sum = first.empty_like();
  with_backend(first.device(), [&](auto& ctx) {
    for (size_t v = 0; v < views.size(); ++v) {
      const bool is_last = v + 1 == views.size();
      run(ctx, AddView{views[v].maps, mirror, views[v].mirrored, v == 0,
                       is_last ? static_cast<double>(views.size()) : 1, sum});
    }
  });
  return sum;
}

}  // namespace denovo::ops
