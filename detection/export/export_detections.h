// From class scores to the best detections, as nodes.
#pragma once

#include "detection/config/model_config.h"
#include "detection/export/export_heads.h"

namespace denovo::detection {

struct OnnxDetections {
  OnnxValue boxes;    // f32 [D, 4]
  OnnxValue scores;   // f32 [D]
  OnnxValue classes;  // i64 [D]
};

/// As StandardHeads::score_boxes and best_detections. proposals [P, 4]; image_size: f32 [2].
OnnxDetections export_detections(const OnnxBoxPredictions& predictions, const OnnxValue& proposals,
                                 const OnnxValue& image_size, int64_t num_classes,
                                 const TestConfig& config);

}  // namespace denovo::detection
