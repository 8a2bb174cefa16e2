#include "detection/weights/class_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/error.h"
#include "detection/weights/predictor_rows.h"
#include "detection/weights/stage_names.h"

namespace denovo::detection {
namespace {

constexpr const char* kScores = "roi_heads.box_predictor.cls_score.";

bool same_but_rows(const Tensor& a, const Tensor& b) {
  return a.rank() > 0 && a.rank() == b.rank() && a.shape().with(0, b.size(0)) == b.shape();
}

/// `own` with the rows of `file`, a tensor of num_classes classes.
Tensor merged(const PredictorLayer& layer, const Tensor& own, const Tensor& file, int num_classes,
              std::span<const int32_t> source) {
  const int64_t rows = layer.rows_per_class;
  const bool for_all = !layer.has_background && file.size(0) == rows && num_classes > 1;
  const Tensor from = file.to(own.dtype());
  const auto copy_rows = [&](int64_t to_class, int64_t from_class) {
    copy(own.rows(to_class * rows, (to_class + 1) * rows),
         from.rows(from_class * rows, (from_class + 1) * rows));
  };
  for (size_t k = 0; k < source.size(); ++k) {
    if (for_all) {
      copy_rows(static_cast<int64_t>(k), 0);
    } else if (source[k] >= 0) {
      copy_rows(static_cast<int64_t>(k), source[k]);
    }
  }
  if (layer.has_background && !source.empty())
    copy_rows(static_cast<int64_t>(source.size()), num_classes);
  return own;
}

}  // namespace

int num_classes_of(const nn::StateDict& state) {
  for (const auto& [name, tensor] : state)
    if (staged_name(name).name.starts_with(kScores) && tensor.rank() > 0)
      return static_cast<int>(tensor.size(0)) - 1;
  return 0;
}

void take_class_rows(const MaskRcnn& model, std::span<const int32_t> source, nn::StateDict& state,
                     const std::string& path) {
  const int num_classes = num_classes_of(state);
  std::map<std::string, Tensor> own;
  for (auto& [name, tensor] : nn::state_dict(model))
    if (predictor_layer(name) != nullptr) own.emplace(name, tensor);
  for (auto& [name, tensor] : state) {
    const auto found = own.find(name);
    if (found == own.end() || !same_but_rows(tensor, found->second)) continue;  // does not fit
    const PredictorLayer& layer = *predictor_layer(name);
    const int64_t rows = layer.rows_per_class,
                  expected = rows * num_classes + (layer.has_background ? 1 : 0);
    const bool fits =
        tensor.size(0) == expected || (!layer.has_background && tensor.size(0) == rows);
    if (!fits) {
      throw IoError(fmt::format("{}: {} must have {} rows, as cls_score has {} classes, got {}",
                                path, name, expected, num_classes, tensor.size(0)));
    }
    tensor = merged(layer, found->second, tensor, num_classes, source);
  }
}

}  // namespace denovo::detection
