#include "detection/training/build_model.h"

#include "core/program/version.h"
#include "detection/weights/class_list.h"
#include "detection/weights/load_weights.h"

namespace denovo::detection {

BuiltModel build_model(const TrainConfig& config, const data::CategoryList& classes,
                       Device device) {
  BuiltModel result;
  result.model =
      std::make_unique<MaskRcnn>(config.model, static_cast<int>(classes.categories.size()));
  result.model->backbone().freeze(config.start.freeze_at);
  result.model->reallocate(DType::kF32, device);
  result.model->initialize(static_cast<uint64_t>(config.seed));
  if (!config.start.init.empty())
    result.origin.push_back(load_backbone(*result.model, config.start.init));
  if (!config.start.weights.empty()) {
    LoadedDetector loaded = load_detector(*result.model, config.start.weights, classes);
    result.origin.push_back(std::move(loaded.line));
    if (!loaded.warning.empty()) result.warnings.push_back(std::move(loaded.warning));
  }
  return result;
}

Metadata model_metadata(const TrainConfig& config, const data::CocoDataset& dataset) {
  return {{"format", "denovo"},
          {"version", version_text()},
          {"config", config_text(ModelFileConfig{config.input, config.model})},
          {"categories", class_list_json(dataset.categories())}};
}

}  // namespace denovo::detection
