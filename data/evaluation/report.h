// Results of an evaluation for programs: JSON, tables and the raw arrays.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/evaluation/coco_evaluation.h"
#include "data/evaluation/voc_evaluation.h"

namespace denovo::data {

/// What one evaluation found.
struct EvaluationReport {
  std::vector<EvaluationResult> coco = {};  // one for each type that was scored
  std::optional<VocResult> voc = {};        // of boxes, where it was asked for
};

/// {"bbox": {"AP": …, …, "ARl": …, "per_category": {name: AP}}, "segm": {…}, "voc07": {"mAP": …,
/// "per_category": {name: AP}}} for what was found; fractions in [0, 1] or -1, written so that they
/// read back to the last bit.
std::string report_json(const EvaluationReport& report);
/// The object of one of them alone.
std::string result_json(const EvaluationResult& result);
std::string result_json(const VocResult& result);

/// One line per category, ascending id: name and AP in percent ("-" where undefined); `name` stands
/// over the numbers.
std::string per_category_table(std::string_view name,
                               std::span<const CategoryPrecision> categories);

/// Writes safetensors with f64 tensors "<type>.precision" [T, R, K, A, M], "<type>.recall"
/// [T, K, A, M] and "<type>.scores" [T, R, K, A, M]. Throws ResourceError.
void write_curves(const std::string& path, std::span<const EvaluationResult> results);

}  // namespace denovo::data
