#include "detection/weights/load_weights.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/files/safetensors.h"
#include "detection/weights/torchvision_resnet.h"
#include "nn/state_dict.h"

namespace denovo::detection {
namespace {

constexpr const char* kTrunk = "backbone.bottom_up.";
constexpr const char* kClassLayers[] = {"roi_heads.box_predictor.cls_score.",
                                        "roi_heads.box_predictor.bbox_pred.",
                                        "roi_heads.mask_head.predictor."};

[[noreturn]] void refuse(const std::string& path, const nn::LoadReport& report) {
  throw IoError(fmt::format("{}: weights do not fit this model: {}", path, report.summary()));
}

bool is_class_layer(const std::string& name) {
  return std::any_of(std::begin(kClassLayers), std::end(kClassLayers),
                     [&](const char* prefix) { return name.starts_with(prefix); });
}

nn::StateDict from_torchvision(const nn::StateDict& file, const ModelConfig& config,
                               const std::string& path) {
  if (config.backbone.stride_in_1x1)
    throw ConfigError(
        fmt::format("config: {} has torchvision's names, whose strides stand in the "
                    "3x3 convolutions; set model.backbone.stride_in_1x1 = false",
                    path));
  nn::StateDict trunk =
      rename_tensors(file, torchvision_resnet_rules(config.backbone.resnet()), path);
  for (auto& [name, tensor] : trunk) {
    if (name == "stem.conv1.weight") tensor = adapt_to_pixels(tensor, config.pixel);
  }
  return trunk;
}

/// Norms of different kinds share names but not meaning.
void check_norm(const std::string& norm, bool has_statistics, bool has_norm,
                const std::string& path) {
  const bool wants_statistics = norm == "BN" || norm == "SyncBN" || norm == "FrozenBN";
  if (has_norm && wants_statistics != has_statistics) {
    throw ConfigError(fmt::format(
        "config: {} was trained with {}, which model.backbone.norm = \"{}\" cannot take; set {}",
        path, has_statistics ? "batch norm" : "group norm", norm,
        has_statistics ? "FrozenBN, BN or SyncBN" : "GN"));
  }
}

}  // namespace

std::string load_backbone(const MaskRcnn& model, const std::string& path) {
  const nn::StateDict all = read_safetensors(path);
  const auto has = [&](const nn::StateDict& state, std::string_view name) {
    return std::any_of(state.begin(), state.end(),
                       [&](const auto& entry) { return entry.first == name; });
  };
  nn::StateDict trunk;
  std::string origin;
  for (const auto& [name, tensor] : all) {
    if (name.starts_with(kTrunk))
      trunk.emplace_back(name.substr(std::string(kTrunk).size()), tensor);
  }
  if (trunk.empty()) {
    if (!has(all, "conv1.weight"))
      throw IoError(fmt::format(
          "{}: holds neither {}* nor torchvision's conv1.weight, so no backbone", path, kTrunk));
    trunk = from_torchvision(all, model.config(), path);
    origin = " in torchvision's names";
  }
  check_norm(model.config().backbone.norm, has(trunk, "stem.conv1.norm.running_mean"),
             has(trunk, "stem.conv1.norm.weight"), path);
  nn::load_state_dict_strict(model.backbone().bottom_up(), trunk, path);
  return fmt::format("backbone: {} tensors from {}{}", trunk.size(), path, origin);
}

std::string load_detector(const MaskRcnn& model, const std::string& path) {
  nn::StateDict state = read_safetensors(path);
  const nn::LoadReport fit = nn::compare_state_dict(model, state);
  if (!fit.missing.empty() || !fit.unexpected.empty()) refuse(path, fit);
  for (const std::string& mismatch : fit.mismatched) {
    if (!is_class_layer(mismatch)) refuse(path, fit);
  }
  nn::load_state_dict(model, state);
  if (fit.mismatched.empty())
    return fmt::format("detector: {} tensors from {}", state.size(), path);
  return fmt::format(
      "detector: {} tensors from {}; for another number of classes these start at random: {}",
      state.size() - fit.mismatched.size(), path, fit.summary());
}

}  // namespace denovo::detection
