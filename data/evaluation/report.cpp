#include "data/evaluation/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/files/json_writer.h"
#include "core/files/safetensors.h"

namespace denovo::data {
namespace {

/// Behind the numbers: the categories, and the end.
std::string finish(JsonWriter& json, std::span<const CategoryPrecision> categories) {
  json.key("per_category").begin_object();
  for (const CategoryPrecision& category : categories) json.field(category.name, category.AP);
  json.end_object().end_object();
  return json.text();
}

}  // namespace

std::string report_json(const EvaluationReport& report) {
  JsonWriter json;
  json.begin_object();
  for (const EvaluationResult& result : report.coco)
    json.key(iou_type_name(result.iou_type)).raw_value(result_json(result));
  if (report.voc) json.key(report.voc->name()).raw_value(result_json(*report.voc));
  json.end_object();
  return json.text();
}

std::string result_json(const EvaluationResult& result) {
  JsonWriter json;
  json.begin_object();
  for (const auto& [name, value] : result.numbers()) json.field(name, value);
  return finish(json, result.per_category);
}

std::string result_json(const VocResult& result) {
  JsonWriter json;
  json.begin_object().field("mAP", result.mAP);
  return finish(json, result.per_category);
}

std::string per_category_table(std::string_view name,
                               std::span<const CategoryPrecision> categories) {
  size_t width = 8;
  for (const CategoryPrecision& category : categories)
    width = std::max(width, category.name.size());
  std::string text = fmt::format("{:<{}}  {} AP\n", "category", width, name);
  for (const CategoryPrecision& category : categories)
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
