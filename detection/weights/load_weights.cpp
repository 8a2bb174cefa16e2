#include "detection/weights/load_weights.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/files/safetensors.h"
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

}  // namespace

std::string load_backbone(const MaskRcnn& model, const std::string& path) {
  nn::StateDict trunk;
  for (auto& [name, tensor] : read_safetensors(path)) {
    if (name.starts_with(kTrunk))
      trunk.emplace_back(name.substr(std::string(kTrunk).size()), std::move(tensor));
  }
  if (trunk.empty()) throw IoError(fmt::format("{}: holds no tensor named {}*", path, kTrunk));
  nn::load_state_dict_strict(model.backbone().bottom_up(), trunk, path);
  return fmt::format("backbone: {} tensors from {}", trunk.size(), path);
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
