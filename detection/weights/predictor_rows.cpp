#include "detection/weights/predictor_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/error.h"
#include "detection/weights/stage_names.h"

namespace denovo::detection {

const PredictorLayer* predictor_layer(const std::string& name) {
  static const std::array<PredictorLayer, 3> kLayers = {
      {{"roi_heads.box_predictor.cls_score.", 1, true},
       {"roi_heads.box_predictor.bbox_pred.", 4, false},
       {"roi_heads.mask_head.predictor.", 1, false}}};
  const StagedName staged = staged_name(name);
  const auto found = std::find_if(kLayers.begin(), kLayers.end(), [&](const PredictorLayer& layer) {
    return staged.name.starts_with(layer.prefix);
  });
  // The boxes of a stage are of no class.
  if (found == kLayers.end() || (staged.stage >= 0 && !found->has_background)) return nullptr;
  return &*found;
}

Tensor rows_of_classes(const PredictorLayer& layer, const Tensor& file, int num_classes,
                       std::span<const int32_t> classes, bool background_first,
                       const std::string& source) {
  const int64_t rows = layer.rows_per_class;
  const bool counts_background = background_first || layer.has_background;
  const int64_t expected = rows * (num_classes + (counts_background ? 1 : 0)),
                for_all = rows * (counts_background ? 2 : 1);
  const bool shared = !layer.has_background && file.rank() > 0 && file.size(0) == for_all;
  if (file.rank() == 0 || (file.size(0) != expected && !shared))
    throw IoError(fmt::format("{}: {}* must have {} rows, as cls_score has {} classes, got {}",
                              source, layer.prefix, expected, num_classes,
                              file.rank() == 0 ? 0 : file.size(0)));
  const auto num_rows = static_cast<int64_t>(classes.size()) * rows;
  const Tensor result =
      Tensor::empty(file.shape().with(0, num_rows + (layer.has_background ? 1 : 0)), file.dtype());
  const int64_t first = background_first ? rows : 0;
  for (size_t k = 0; k < classes.size(); ++k) {
    const int64_t from = first + (shared ? 0 : classes[k] * rows),
                  to = static_cast<int64_t>(k) * rows;
    copy(result.rows(to, to + rows), file.rows(from, from + rows));
  }
  if (layer.has_background) {
    const int64_t from = background_first ? 0 : num_classes;
    copy(result.rows(num_rows, num_rows + 1), file.rows(from, from + 1));
  }
  return result;
}

Tensor with_background_first(const PredictorLayer& layer, const Tensor& ours) {
  const int64_t rows = layer.rows_per_class;
  const int64_t foreground = ours.size(0) - (layer.has_background ? 1 : 0);
  const Tensor result = Tensor::zeros(ours.shape().with(0, foreground + rows), ours.dtype());
  copy(result.rows(rows, rows + foreground), ours.rows(0, foreground));
  if (layer.has_background) copy(result.rows(0, 1), ours.rows(foreground, foreground + 1));
  return result;
}

}  // namespace denovo::detection
