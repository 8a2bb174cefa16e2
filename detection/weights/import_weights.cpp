#include "detection/weights/import_weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "core/error.h"
#include "core/foreign/foreign_tensor.h"
#include "detection/weights/coco_classes.h"
#include "detection/weights/infer_config.h"
#include "detection/weights/predictor_rows.h"

namespace denovo::detection {
namespace {

constexpr int kCocoIds = 90;  // torchvision has a row for each id, used or not

std::vector<std::string> names_of(const PickedState& picked, Codebase codebase) {
  std::vector<std::string> names;
  for (const auto& tensor : picked.tensors)
    names.push_back(codebase == Codebase::kDetectron ? with_dots(tensor.name) : tensor.name);
  return names;
}

bool any_name(const PickedState& picked, std::string_view name) {
  return std::any_of(picked.tensors.begin(), picked.tensors.end(),
                     [&](const PickedTensor& tensor) { return tensor.name == name; });
}

/// norm(x + bias) is the norm with the mean less bias, of x.
void fold_biases(nn::StateDict& state) {
  std::map<std::string, Tensor> by_name(state.begin(), state.end());
  std::erase_if(state, [&](const auto& entry) {
    const std::string& name = entry.first;
    if (!name.ends_with(".bias")) return false;
    const auto mean = by_name.find(name.substr(0, name.size() - std::string("bias").size()) +
                                   "norm.running_mean");
    if (mean == by_name.end() || mean->second.shape() != entry.second.shape()) return false;
    const auto bias = entry.second.template to_vector<float>();
    float* const values = mean->second.template data<float>();
    for (size_t c = 0; c < bias.size(); ++c) values[c] -= bias[c];
    return true;
  });
}

}  // namespace

ImportedModel::ImportedModel(const std::string& path, const std::string& group)
    : file_(path), picked_(pick_state(file_, group)) {
  std::vector<std::string> theirs;
  for (const auto& tensor : picked_.tensors) theirs.push_back(tensor.name);
  codebase_ = codebase_of(theirs, path);
  names_ = rename(names_of(picked_, codebase_), rename_rules(codebase_, theirs), path);

  std::vector<NamedShape> shapes;
  for (size_t i = 0; i < names_.size(); ++i)
    if (!names_[i].empty()) shapes.push_back({names_[i], picked_.tensors[i].tensor->shape});
  const InferredConfig inferred = infer_config(shapes, path);
  config = inferred.config;
  num_classes_ = inferred.num_classes;
  // Frozen batch norm without statistics has the names that GroupNorm has here.
  if (any_name(picked_, "res_conv1_bn_s"))
    config.model.backbone.norm = nn::NormKind::kFrozenBatchNorm;
  set_conventions(codebase_, config);

  if (any_name(picked_, "rpn.head.conv.weight")) {
    config.model.backbone.norm_eps = 0;
    told.push_back(
        "has the names of torchvision's first COCO models, whose frozen norms have "
        "epsilon 0; if it was trained with another, set model.backbone.norm_eps");
  }
  if (codebase_ == Codebase::kDetectron2 && file_.metadata().empty())
    told.push_back(fmt::format(
        "does not say where strides stand and what pixels were; assumed: "
        "model.backbone.stride_in_1x1 = {}, model.pixel as detectron2's default (BGR, std 1)",
        config.model.backbone.stride_in_1x1));
  if (is_detector() && config.model.backbone.is_vgg() && file_.metadata().empty())
    told.push_back(fmt::format("does not say its anchor sizes; assumed: model.anchors.sizes = [{}]",
                               fmt::join(config.model.anchors.sizes, ", ")));
  if (config.model.cascade.enabled && file_.metadata().empty())
    told.push_back(
        fmt::format("does not say at which IoUs and in which units its stages learnt; assumed: "
                    "model.cascade.ious = [{}], model.cascade.box_weights = [{}]",
                    fmt::join(config.model.cascade.ious, ", "),
                    fmt::join(config.model.cascade.box_weights, ", ")));
  if (codebase_ == Codebase::kDetectron && is_detector())
    told.push_back(
        "widths of boxes counted one pixel more in Detectron: boxes differ by up to a "
        "pixel from its own");
  if (is_detector()) name_classes();
}

void ImportedModel::name_classes() {
  const auto& coco = coco_classes();
  if (num_classes_ == kCocoIds && codebase_ == Codebase::kTorchvisionDetector) {
    categories = coco;
    for (const auto& category : coco)
      kept_classes_.push_back(static_cast<int32_t>(category.id) - 1);
    return;
  }
  const KeypointHeadConfig& keypoint = config.model.keypoint;
  if (num_classes_ == 1 && keypoint.count() == static_cast<int>(coco_person().keypoints.size()))
    categories = {coco_person()};
  kept_classes_.resize(static_cast<size_t>(num_classes_));
  std::iota(kept_classes_.begin(), kept_classes_.end(), 0);
  if (kept_classes_.size() == coco.size()) categories = coco;
}

nn::StateDict ImportedModel::state() const {
  nn::StateDict state;
  const std::string source = path();
  for (size_t i = 0; i < names_.size(); ++i) {
    const std::string& name = names_[i];
    if (name.empty()) continue;
    Tensor tensor = foreign::read_tensor(file_, *picked_.tensors[i].tensor);
    if (is_floating(tensor.dtype()) && tensor.dtype() != DType::kF32)
      tensor = tensor.to(DType::kF32);
    if (const PredictorLayer* layer = predictor_layer(name); layer && changes_rows())
      tensor = rows_of_classes(*layer, tensor, num_classes_, kept_classes_,
                               has_background_first(codebase_), source);
    state.emplace_back(name, tensor);
    // Caffe2 folded the statistics into scale and bias.
    const std::string norm = name.substr(0, name.rfind('.') + 1);
    if (codebase_ == Codebase::kDetectron && name.ends_with("norm.weight") &&
        config.model.backbone.norm == nn::NormKind::kFrozenBatchNorm &&
        std::find(names_.begin(), names_.end(), norm + "running_var") == names_.end()) {
      state.emplace_back(norm + "running_mean", Tensor::zeros(tensor.shape(), DType::kF32));
      state.emplace_back(
          norm + "running_var",
          Tensor::full(tensor.shape(), 1 - config.model.backbone.norm_eps, DType::kF32));
    }
  }
  if (codebase_ == Codebase::kTorchvisionVgg) fold_biases(state);
  return state;
}

}  // namespace denovo::detection
