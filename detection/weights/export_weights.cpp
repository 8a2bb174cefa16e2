#include "detection/weights/export_weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/files/safetensors.h"
#include "core/foreign/torch_writer.h"
#include "detection/weights/class_list.h"
#include "detection/weights/coco_classes.h"
#include "detection/weights/fold_pixels.h"
#include "detection/weights/predictor_rows.h"

namespace denovo::detection {
namespace {

constexpr double kNeverScored = -1e4;  // a logit of which nothing is left after the softmax

/// A model file as it says of itself.
struct OurModel {
  nn::StateDict state;
  ModelFileConfig config;
  std::vector<data::CocoCategory> categories;  // empty for a trunk alone
};

OurModel read_model(const std::string& path) {
  const SafetensorsFile file(path);
  OurModel model;
  const auto text = file.metadata().find("config");
  if (text == file.metadata().end())
    throw IoError(
        fmt::format("{}: has no \"config\" in its metadata; give a model.safetensors of a "
                    "checkpoint",
                    path));
  model.config = read_model_file_config(text->second, path);
  if (auto categories = read_class_list(file.metadata(), path)) model.categories = *categories;
  for (const auto& entry : file.entries())
    model.state.emplace_back(entry.name, file.read(entry).to(DType::kF32));
  return model;
}

bool is_coco(const std::vector<data::CocoCategory>& categories) {
  return std::equal(categories.begin(), categories.end(), coco_classes().begin(),
                    coco_classes().end(),
                    [](const auto& a, const auto& b) { return a.id == b.id; });
}

/// Predictor rows of torchvision: background first, for COCO a place for each id.
Tensor torchvision_rows(const PredictorLayer& layer, const Tensor& ours, const std::string& name,
                        bool by_coco_id) {
  const Tensor rows = with_background_first(layer, ours);
  if (!by_coco_id) return rows;
  const int64_t each = layer.rows_per_class;
  const auto& classes = coco_classes();
  const Tensor spread =
      Tensor::zeros(rows.shape().with(0, (classes.back().id + 1) * each), rows.dtype());
  if (layer.has_background && name.ends_with(".bias"))
    copy(spread, Tensor::full(spread.shape(), kNeverScored, spread.dtype()));
  copy(spread.rows(0, each), rows.rows(0, each));
  for (size_t k = 0; k < classes.size(); ++k) {
    const int64_t from = static_cast<int64_t>(k + 1) * each, to = classes[k].id * each;
    copy(spread.rows(to, to + each), rows.rows(from, from + each));
  }
  return spread;
}

void to_torchvision(OurModel& model, const std::string& path) {
  ModelFileConfig theirs;
  set_conventions(Codebase::kTorchvisionDetector, theirs);
  const bool by_coco_id = is_coco(model.categories);
  fold_pixels(model.state, model.config.model.pixel, theirs.model.pixel, path);
  for (auto& [name, tensor] : model.state) {
    if (const PredictorLayer* layer = predictor_layer(name))
      tensor = torchvision_rows(*layer, tensor, name, by_coco_id);
  }
}

/// torchvision's VGGs have a bias in front of their norms.
void add_biases(nn::StateDict& state) {
  const nn::StateDict before = std::exchange(state, {});
  const std::string norm = ".norm.weight";
  for (const auto& [name, tensor] : before) {
    state.emplace_back(name, tensor);
    if (name.ends_with(norm))
      state.emplace_back(name.substr(0, name.size() - norm.size()) + ".bias",
                         Tensor::zeros(tensor.shape(), DType::kF32));
  }
}

std::vector<std::string> names_of(const nn::StateDict& state) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : state) names.push_back(name);
  return names;
}

/// What differs from the defaults of a codebase, as keys of ours, so that nobody has to guess.
std::string differences(const OurModel& model, Codebase to) {
  ModelFileConfig ours = model.config, theirs = model.config;
  set_conventions(to, theirs);
  // Pixels are folded for torchvision; what only training uses does not matter.
  if (to != Codebase::kDetectron2) theirs.model.pixel = ours.model.pixel;
  std::vector<std::string> keys;
  for (const auto& key : config_differences(ConfigFields::of(ours), ConfigFields::of(theirs)))
    if (!key.key.ends_with("smooth_l1_beta"))
      keys.push_back(fmt::format("{} = {} (usually {})", key.key, key.before, key.after));
  return fmt::format("{}", fmt::join(keys, ", "));
}

}  // namespace

ExportedWeights export_weights(const std::string& path, Codebase to, const std::string& out) {
  OurModel model = read_model(path);
  const bool is_detector = !model.categories.empty();
  ExportedWeights exported;
  nn::StateDict written;
  if (to == Codebase::kDetectron2) {
    written = model.state;
    exported.told.push_back(
        fmt::format("detectron2 must read it with MODEL.PIXEL_MEAN [{}], MODEL.PIXEL_STD [{}] and "
                    "MODEL.RESNETS.STRIDE_IN_1X1 {}, images in {}",
                    fmt::join(model.config.model.pixel.mean, ", "),
                    fmt::join(model.config.model.pixel.std, ", "),
                    model.config.model.backbone.stride_in_1x1 ? "True" : "False",
                    choice_name(model.config.model.pixel.channel_order, kChannelOrderNames)));
  } else {
    const bool is_vgg = model.config.model.backbone.is_vgg();
    if (is_vgg && is_detector)
      throw IoError(path + ": is a detector on a VGG, for which torchvision has no names");
    if (model.config.model.cascade.enabled && is_detector)
      throw IoError(path + ": is a cascade, for which torchvision has no names");
    to = is_detector ? Codebase::kTorchvisionDetector
         : is_vgg    ? Codebase::kTorchvisionVgg
                     : Codebase::kTorchvisionResnet;
    to_torchvision(model, path);
    if (is_vgg) add_biases(model.state);
    written = rename_tensors(model.state, reversed(rename_rules(to, names_of(model.state))), path);
    if (const std::string keys = is_detector ? differences(model, to) : ""; !keys.empty())
      exported.told.push_back("torchvision's model must be built to be the same in: " + keys);
  }
  if (out.ends_with(".pth")) {
    foreign::write_torch_archive(out, written);
  } else {
    write_safetensors(out, written, {{"format", "pt"}});
  }
  exported.line = fmt::format("{}: {} tensors in {}'s names", out, written.size(), name(to));
  return exported;
}

}  // namespace denovo::detection
