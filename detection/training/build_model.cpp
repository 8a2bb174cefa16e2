#include "detection/training/build_model.h"

#include <fmt/format.h>

#include "core/backend.h"
#include "core/version.h"
#include "detection/weights/class_list.h"
#include "detection/weights/load_weights.h"
#include "nn/state_dict.h"

namespace denovo::detection {
namespace {

std::vector<ArenaLeaf> trainable_leaves(const MaskRcnn& model, const SolverConfig& solver) {
  // Factors are relative to solver.weight_decay; a decay of 0 with one of its own on norms or
  // biases would have no factor, and nobody has asked for it.
  const auto factor = [&](double decay) {
    return solver.weight_decay > 0 ? decay / solver.weight_decay : 0;
  };
  std::vector<ArenaLeaf> leaves;
  model.for_each_parameter([&](const std::string& name, const nn::Parameter& parameter) {
    if (!parameter.tensor().requires_grad()) return;
    ArenaLeaf leaf{name, parameter.tensor()};
    if (parameter.kind() == nn::ParameterKind::kNorm)
      leaf.weight_decay_factor = factor(solver.weight_decay_norm);
    if (parameter.kind() == nn::ParameterKind::kBias) {
      leaf.weight_decay_factor = factor(solver.weight_decay_bias);
      leaf.lr_factor = solver.bias_lr_factor;
    }
    leaves.push_back(std::move(leaf));
  });
  return leaves;
}

/// What weights mean, and nothing of how or where they were trained: equal weights, equal files.
struct ModelFileConfig {
  InputConfig input;
  ModelConfig model;

  void describe(ConfigFields& v) {
    v.section("input", input, "network input");
    v.section("model", model, "detector");
  }
};

}  // namespace

TrainableModel build_model(const TrainConfig& config, const data::CategoryList& classes,
                           Device device) {
  if (config.solver.precision == "tf32") {
    with_backend(device, [](auto& ctx) { allow_tf32(ctx); });
  }
  TrainableModel result;
  result.model =
      std::make_unique<MaskRcnn>(config.model, static_cast<int>(classes.categories.size()));
  result.model->reallocate(DType::kF32, device);
  result.model->initialize(static_cast<uint64_t>(config.seed));
  if (!config.model.init.empty())
    result.origin.push_back(load_backbone(*result.model, config.model.init));
  if (!config.model.weights.empty()) {
    LoadedDetector loaded = load_detector(*result.model, config.model.weights, classes);
    result.origin.push_back(std::move(loaded.line));
    if (!loaded.warning.empty()) result.warnings.push_back(std::move(loaded.warning));
  }
  result.arena = std::make_unique<Arena>(trainable_leaves(*result.model, config.solver));
  result.optimizer = std::make_unique<nn::Sgd>(
      *result.arena, nn::SgdOptions{config.solver.momentum, config.solver.weight_decay,
                                    config.solver.clip_gradient_norm});
  return result;
}

Metadata model_metadata(const TrainConfig& config, const data::CocoDataset& dataset) {
  return {{"format", "denovo"},
          {"version", version_text()},
          {"config", config_text(ModelFileConfig{config.input, config.model})},
          {"categories", class_list_json(dataset.categories())}};
}

}  // namespace denovo::detection
