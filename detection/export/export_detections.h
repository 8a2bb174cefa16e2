// From class scores to the best detections, as nodes.
#pragma once

#include "detection/config/model_config.h"
#include "detection/export/export_scored_boxes.h"

namespace denovo::detection {

struct OnnxDetections {
  OnnxValue boxes;    // f32 [D, 4]
  OnnxValue scores;   // f32 [D]
  OnnxValue classes;  // i64 [D]
};

/// As best_detections, of those whose score exceeds config.score_threshold.
OnnxDetections export_detections(const OnnxScoredBoxes& found, int64_t num_classes,
                                 const TestConfig& config);

}  // namespace denovo::detection
