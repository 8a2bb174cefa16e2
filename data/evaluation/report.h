// Results of an evaluation for programs: JSON, tables and the raw arrays.
#pragma once

#include <span>
#include <string>

#include "data/evaluation/coco_evaluation.h"

namespace denovo::data {

/// {"bbox": {"AP": …, …, "ARl": …, "per_category": {name: AP}}, "segm": {…}} for the results given;
/// fractions in [0, 1] or -1, written so that they read back to the last bit.
std::string report_json(std::span<const EvaluationResult> results);

/// One line per category, ascending id: name and AP in percent ("-" where undefined).
std::string per_category_table(const EvaluationResult& result);

/// Writes safetensors with f64 tensors "<type>.precision" [T, R, K, A, M], "<type>.recall"
/// [T, K, A, M] and "<type>.scores" [T, R, K, A, M]. Throws ResourceError.
void write_curves(const std::string& path, std::span<const EvaluationResult> results);

}  // namespace denovo::data
