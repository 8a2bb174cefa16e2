#include "detection/weights/load_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "core/files/safetensors.h"
#include "detection/config/model_file_config.h"
#include "detection/weights/class_list.h"
#include "detection/weights/class_rows.h"
#include "detection/weights/torchvision_resnet.h"
#include "nn/state_dict.h"

namespace denovo::detection {
namespace {

constexpr const char* kTrunk = "backbone.bottom_up.";

/// What became of the classes, for the log; empty when both lists are the same.
std::string told_rows(std::span<const int32_t> source, const data::CategoryList& classes,
                      const data::CategoryList& known) {
  const auto names = data::distinct_names(classes.categories),
             known_names = data::distinct_names(known.categories);
  std::vector<std::string> copied, fresh, unused;
  bool same = source.size() == known.categories.size();
  for (size_t k = 0; k < source.size(); ++k) {
    (source[k] >= 0 ? copied : fresh).push_back(names[k]);
    same = same && source[k] == static_cast<int32_t>(k);
  }
  if (same) return {};
  for (size_t k = 0; k < known.categories.size(); ++k)
    if (std::find(source.begin(), source.end(), static_cast<int32_t>(k)) == source.end())
      unused.push_back(known_names[k]);
  std::string text;
  const auto add = [&](const char* fate, const std::vector<std::string>& list) {
    if (!list.empty()) text += fmt::format("; {}: {} ({})", fate, data::few_of(list), list.size());
  };
  add("predictor rows copied for", copied);
  add("new, at random", fresh);
  add("in the file alone", unused);
  return text;
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
void check_norm(nn::NormKind norm, bool has_statistics, bool has_norm, const std::string& path) {
  const bool wants_statistics = norm == nn::NormKind::kBatchNorm ||
                                norm == nn::NormKind::kSyncBatchNorm ||
                                norm == nn::NormKind::kFrozenBatchNorm;
  if (has_norm && wants_statistics != has_statistics) {
    throw ConfigError(fmt::format(
        "config: {} was trained with {}, which model.backbone.norm = \"{}\" cannot take; set {}",
        path, has_statistics ? "batch norm" : "group norm", choice_name(norm, nn::kNormNames),
        has_statistics ? "FrozenBN, BN or SyncBN" : "GN"));
  }
}

/// Keys under which the same tensors compute something else. The kind of norm is check_norm's.
bool changes_meaning(const std::string& key, const ModelConfig& config) {
  if (key == "model.backbone.num_groups") return config.backbone.norm == nn::NormKind::kGroupNorm;
  return key.starts_with("model.pixel.") || key == "model.backbone.norm_eps" ||
         key == "model.backbone.stride_in_1x1";
}

/// Against what the file says of itself; files of others say nothing.
void check_meaning(const ModelConfig& config, const Metadata& metadata, const std::string& path) {
  ModelFileConfig trained, ours;
  ours.model = config;
  const ConfigFields before = ConfigFields::of(trained);
  for (const auto& [name, text] : metadata) {
    if (name != "config") continue;
    try {
      ConfigFields::of(trained).read_text(text, path);
    } catch (const ConfigError& error) {
      throw IoError(error.what());  // nobody typed this: a file of another version
    }
    for (const auto& key : config_differences(before, ConfigFields::of(ours)))
      if (changes_meaning(key.key, config))
        throw ConfigError(fmt::format("config: {} must be {}, with which {} was trained, got {}",
                                      key.key, key.before, path, key.after));
  }
}

}  // namespace

std::string load_backbone(const MaskRcnn& model, const std::string& path) {
  const SafetensorsFile file(path);
  nn::StateDict all;
  for (const auto& entry : file.entries()) all.emplace_back(entry.name, file.read(entry));
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
  check_meaning(model.config(), file.metadata(), path);
  nn::load_state_dict_strict(model.backbone().trunk(), trunk, path);
  return fmt::format("backbone: {} tensors from {}{}", trunk.size(), path, origin);
}

LoadedDetector load_detector(const MaskRcnn& model, const std::string& path,
                             const data::CategoryList& classes) {
  const SafetensorsFile file(path);
  nn::StateDict state;
  for (const auto& entry : file.entries()) state.emplace_back(entry.name, file.read(entry));
  const int num_classes = num_classes_of(state);
  LoadedDetector loaded{fmt::format("detector: {} tensors from {}", state.size(), path), {}};
  std::vector<int32_t> source;  // by class of the model; empty: nothing is known
  if (const auto known = read_class_list(file.metadata(), path)) {
    if (static_cast<int>(known->size()) != num_classes)
      throw IoError(
          fmt::format("{}: cls_score must have {} rows, one for each of the categories in "
                      "its metadata and the background, got {}",
                      path, known->size() + 1, num_classes + 1));
    source = data::match_categories(classes, {*known, path});
    loaded.line += told_rows(source, classes, {*known, path});
  } else if (num_classes == model.num_classes()) {
    source.resize(static_cast<size_t>(num_classes));
    std::iota(source.begin(), source.end(), 0);
    loaded.warning =
        fmt::format("{}: has no class names; its {} classes are taken in order for those of {}",
                    path, num_classes, classes.file);
  } else {
    loaded.line += fmt::format(
        "; it has {} classes without names, so that the predictor rows of all {} are "
        "new, at random",
        num_classes, model.num_classes());
  }
  take_class_rows(model, source, state, path);
  nn::load_state_dict_strict(model, state, path);
  return loaded;
}

}  // namespace denovo::detection
