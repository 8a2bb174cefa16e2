// Ground truths and detections sorted into cells, one per category and image that has any.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/evaluation/coco_evaluation.h"

namespace denovo::data {

struct Cell {
  int category = 0, image = 0;
  int64_t first_truth = 0, num_truths = 0;          // into Cells::truths
  int64_t first_detection = 0, num_detections = 0;  // into Cells::detections
};

/// Indices of annotations and detections, grouped by category, then image (ascending), in the order
/// in which the reference meets them; detections by descending score, at most `limit` a cell.
struct Cells {
  std::vector<Cell> cells;
  std::vector<int> truths, detections;
  std::vector<std::string> warnings;
};

Cells sort_into_cells(const CocoDataset& ground_truth, std::span<const Detection> detections,
                      int limit, const EvaluationOptions& options);

}  // namespace denovo::data
