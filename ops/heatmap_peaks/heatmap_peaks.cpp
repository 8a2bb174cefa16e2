#include "ops/heatmap_peaks/heatmap_peaks.h"

#include <fmt/format.h>

#include "ops/heatmap_peaks/heatmap_peaks_kernels.h"

namespace denovo::ops {

Tensor heatmap_peaks(const Tensor& logits, const Tensor& boxes, const Tensor& images) {
  if (!is_floating(logits.dtype()) || logits.rank() != 4 || logits.size(1) != logits.size(2) ||
      logits.size(1) < 1 || logits.size(1) > kMaxHeatmapSize)
    throw ShapeError(fmt::format(
        "heatmap_peaks: logits must be floating point [R, S, S, J] with S from 1 to {}, got {} {}",
        kMaxHeatmapSize, name(logits.dtype()), to_string(logits.shape())));
  const int64_t rois = logits.size(0), keypoints = logits.size(3);
  const DType dtype = compute_dtype(logits.dtype());
  require_tensor("heatmap_peaks", "boxes", boxes, dtype, {rois, 4});
  require_tensor("heatmap_peaks", "images", images, DType::kI32, {rois});
  const Tensor found = Tensor::empty({rois, keypoints, 3}, dtype, logits.device());
  const Tensor part_values =
      Tensor::empty({rois, keypoints, kHeatmapParts}, dtype, logits.device());
  const Tensor part_cells =
      Tensor::empty({rois, keypoints, kHeatmapParts}, DType::kI64, logits.device());
  with_backend(logits.device(), [&](auto& ctx) {
    run(ctx, HeatmapPeaks{logits, boxes, images, part_values, part_cells, found});
  });
  return found;
}

}  // namespace denovo::ops
