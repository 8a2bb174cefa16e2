// A detector as a run starts it: weights from the seed or from files.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/files/safetensors.h"
#include "core/tensor/device.h"
#include "data/coco/match_categories.h"
#include "detection/mask_rcnn/mask_rcnn.h"
#include "detection/training/train_config.h"

namespace denovo::detection {

struct BuiltModel {
  std::unique_ptr<MaskRcnn> model;
  std::vector<std::string> origin, warnings;  // lines for the log: where weights came from
};

/// The model of a configuration for the classes of a data set. Weights: model.init and
/// model.weights where given, else random by the seed. Throws IoError when files do not fit,
/// ConfigError for combinations that cannot work.
BuiltModel build_model(const TrainConfig& config, const data::CategoryList& classes, Device device);

/// What a model file says about itself: the sections input and model of the configuration (TOML),
/// category ids and names (JSON). The same for all runs that differ in paths, workers and periods.
Metadata model_metadata(const TrainConfig& config, const data::CocoDataset& dataset);

}  // namespace denovo::detection
