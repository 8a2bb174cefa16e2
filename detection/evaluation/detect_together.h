// Detecting on images of a data set by all ranks, with progress, in the middle of a run.
#pragma once

#include "core/dist/process_group.h"
#include "core/log/logger.h"
#include "detection/evaluation/evaluate_model.h"

namespace denovo::detection {

/// The detections on these images (indices, ascending); rank 0 has those of all. `category_ids` and
/// `augmented` as in EvaluateModelOptions. nullopt when a signal came meanwhile. Collective.
std::optional<std::vector<ImageDetections>> detect_together(
    MaskRcnn& model, const data::ImageFiles& files, const std::vector<int>& images,
    const CategoryIds& category_ids, const data::InputRule& rule, Device device, Logger& logger,
    ProcessGroup& group = ProcessGroup::alone(), AugmentedDetector* augmented = nullptr);

}  // namespace denovo::detection
