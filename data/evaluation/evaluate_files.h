// Evaluation of a results file against an annotation file.
#pragma once

#include <string>
#include <vector>

#include "data/evaluation/report.h"

namespace denovo::data {

/// One result per type of `types`, or, when it is empty, per member that every detection carries
/// (boxes, masks, keypoints; boxes for an empty list); of boxes by `voc` too, unless it is kNone.
/// Throws IoError as read_coco, read_results and evaluate_coco do, when the detections carry none,
/// and for `voc` when they carry no boxes.
EvaluationReport evaluate_files(const std::string& ground_truth_path,
                                const std::string& results_path, std::vector<IouType> types,
                                EvaluationOptions options = {}, VocRule voc = VocRule::kNone);

}  // namespace denovo::data
