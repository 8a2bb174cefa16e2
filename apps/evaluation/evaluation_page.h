// The page of evaluate_coco: the reference's numbers, precision against recall, sizes, classes, and
// what the detector takes objects for.
#pragma once

#include <span>
#include <string>

#include "data/evaluation/coco_evaluation.h"

namespace denovo::evaluation {

/// One or more results on one data set; `what` says of which detections. Confusions are shown where
/// a result has them.
std::string evaluation_page(const std::string& what,
                            std::span<const data::EvaluationResult> results);

}  // namespace denovo::evaluation
