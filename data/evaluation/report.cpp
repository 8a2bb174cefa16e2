#include "data/evaluation/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/files/json_writer.h"
#include "core/files/safetensors.h"

namespace denovo::data {

std::string report_json(std::span<const EvaluationResult> results) {
  JsonWriter json;
  json.begin_object();
  for (const EvaluationResult& result : results) {
    json.key(iou_type_name(result.iou_type)).begin_object();
    for (const auto& [name, value] : result.numbers()) json.field(name, value);
    json.key("per_category").begin_object();
    for (const CategoryPrecision& category : result.per_category)
      json.field(category.name, category.AP);
    json.end_object().end_object();
  }
  json.end_object();
  return json.text();
}

std::string per_category_table(const EvaluationResult& result) {
  size_t width = 8;
  for (const CategoryPrecision& category : result.per_category)
    width = std::max(width, category.name.size());
  std::string text =
      fmt::format("{:<{}}  {} AP\n", "category", width, iou_type_name(result.iou_type));
  for (const CategoryPrecision& category : result.per_category)
    text += fmt::format("{:<{}}  {:>7}\n", category.name, width,
                        category.AP < 0 ? "-" : fmt::format("{:.2f}", 100 * category.AP));
  return text;
}

void write_curves(const std::string& path, std::span<const EvaluationResult> results) {
  constexpr int64_t T = kNumIouThresholds, R = kNumRecallPoints;
  NamedTensors tensors;
  for (const EvaluationResult& result : results) {
    const EvaluationCurves& curves = result.curves;
    const int64_t K = curves.num_categories, A = curves.num_areas, M = curves.num_limits;
    const std::string type(iou_type_name(result.iou_type));
    tensors.emplace_back(type + ".precision", Tensor::from({T, R, K, A, M}, curves.precision));
    tensors.emplace_back(type + ".recall", Tensor::from({T, K, A, M}, curves.recall));
    tensors.emplace_back(type + ".scores", Tensor::from({T, R, K, A, M}, curves.scores));
  }
  write_safetensors(path, tensors);
}

}  // namespace denovo::data
