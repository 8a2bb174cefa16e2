#include "detection/weights/load_weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "detection/config/model_file_config.h"
#include "detection/weights/class_list.h"
#include "detection/weights/class_rows.h"
#include "detection/weights/fold_pixels.h"
#include "detection/weights/import_weights.h"
#include "detection/weights/stage_names.h"
#include "nn/state_dict.h"

namespace denovo::detection {
namespace {

constexpr const char *kTrunk = "backbone.bottom_up.", *kBoxHead = "roi_heads.box_head.";

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
  const auto text = metadata.find("config");
  if (text == metadata.end()) return;
  ModelFileConfig trained = read_model_file_config(text->second, path), ours;
  ours.model = config;
  for (const auto& key : config_differences(ConfigFields::of(trained), ConfigFields::of(ours)))
    if (changes_meaning(key.key, config))
      throw ConfigError(fmt::format("config: {} must be {}, with which {} was trained, got {}",
                                    key.key, key.before, path, key.after));
}

/// Conventions of a codebase that its tensors do not tell.
void check_conventions(const ModelConfig& config, const ImportedModel& file) {
  const BackboneConfig& theirs = file.config.model.backbone;
  check_norm(config.backbone.norm, theirs.norm == nn::NormKind::kFrozenBatchNorm,
             theirs.norm != nn::NormKind::kNone, file.path());
  check_meaning(config, file.file().metadata(), file.path());
  if (file.pixels_are_known() && config.backbone.stride_in_1x1 != theirs.stride_in_1x1)
    throw ConfigError(
        fmt::format("config: {} has {}'s names, whose strides stand in the {} convolutions; set "
                    "model.backbone.stride_in_1x1 = {}",
                    file.path(), name(file.codebase()), theirs.stride_in_1x1 ? "1x1" : "3x3",
                    theirs.stride_in_1x1));
}

/// The tensors of a file, for the pixels of a model.
nn::StateDict state_for(const ModelConfig& config, const ImportedModel& file) {
  nn::StateDict state = file.state();
  if (file.pixels_are_known())
    fold_pixels(state, file.config.model.pixel, config.pixel, file.path());
  return state;
}

/// Whose names they were, and what was looked through, for the log; empty for our own.
std::string origin_text(const ImportedModel& file) {
  const std::string names = file.codebase() == Codebase::kDetectron2
                                ? ""
                                : fmt::format(" in {}'s names", name(file.codebase()));
  return file.picked().told.empty() ? names : fmt::format("{} ({})", names, file.picked().told);
}

/// The classes as the file names them, or as everybody knows them.
std::optional<std::vector<data::CocoCategory>> class_list_of(const ImportedModel& file) {
  if (auto named = read_class_list(file.file().metadata(), file.path())) return named;
  if (file.categories.empty()) return std::nullopt;
  return file.categories;
}

nn::StateDict below(const nn::StateDict& state, const std::string& prefix) {
  nn::StateDict part;
  for (const auto& [name, tensor] : state)
    if (name.starts_with(prefix)) part.emplace_back(name.substr(prefix.size()), tensor);
  return part;
}

/// The fully connected layers of a classifier for those of the box head. What came of it, for the
/// log; empty for a classifier without any, and for a detector, whose head is its own.
std::string load_fully_connected(const MaskRcnn& model, const ImportedModel& file,
                                 const nn::StateDict& state) {
  const nn::StateDict fcs = below(state, kBoxHead);
  if (file.is_detector() || fcs.empty()) return {};
  const std::vector<const BoxHead*> heads = model.roi_heads().box_heads();
  if (!nn::compare_state_dict(*heads.front(), fcs).complete())
    return "; its fully connected layers do not fit model.box, whose own are random";
  for (const BoxHead* head : heads) nn::load_state_dict(*head, fcs);
  return fmt::format("; {} of its fully connected layers for the box head", fcs.size());
}

/// The units of a cascade's boxes, against what the file says of itself.
void check_box_weights(const CascadeConfig& cascade, const ImportedModel& file) {
  const auto text = file.file().metadata().find("config");
  if (text == file.file().metadata().end()) return;
  const auto trained = read_model_file_config(text->second, file.path()).model.cascade.box_weights;
  if (trained == cascade.box_weights) return;
  throw ConfigError(fmt::format(
      "config: model.cascade.box_weights must be [{}], with which {} was trained, got [{}]",
      fmt::join(trained, ", "), file.path(), fmt::join(cascade.box_weights, ", ")));
}

/// A detector with one box head for a model with several, whose boxes then keep the weights that
/// they have. What was done, for the log.
std::string fit_stages(const MaskRcnn& model, nn::StateDict& state, const ImportedModel& file) {
  const CascadeConfig& cascade = model.config().cascade;
  const std::string& path = file.path();
  const int wanted = cascade.enabled ? static_cast<int>(cascade.ious.size()) : 0,
            stages = num_stages_of(state);
  if (stages == wanted) {
    if (stages > 0) check_box_weights(cascade, file);
    return {};
  }
  if (stages > 0) {
    throw ConfigError(fmt::format(
        "config: {} is a cascade of {} stages, which model.cascade.{} cannot take", path, stages,
        cascade.enabled ? fmt::format("ious of {} stages", wanted) : "enabled = false"));
  }
  state = for_each_stage(state, wanted);
  for (const auto& [name, tensor] : nn::state_dict(model))
    if (name.find(".bbox_pred.") != std::string::npos) state.emplace_back(name, tensor);
  return fmt::format("; its box head for each of {} stages, whose box regression is new, at random",
                     wanted);
}

}  // namespace

std::string load_backbone(const MaskRcnn& model, const std::string& path) {
  const ImportedModel file(path);
  const ModelConfig& config = model.config();
  check_conventions(config, file);
  const nn::StateDict state = state_for(config, file), trunk = below(state, kTrunk);
  nn::load_state_dict_strict(model.backbone().trunk(), trunk, path);
  return fmt::format("backbone: {} tensors from {}{}{}", trunk.size(), path, origin_text(file),
                     load_fully_connected(model, file, state));
}

LoadedDetector load_detector(const MaskRcnn& model, const std::string& path,
                             const data::CategoryList& classes) {
  const ImportedModel file(path);
  if (!file.is_detector())
    throw IoError(path + ": holds a backbone and no heads; it is model.init");
  check_conventions(model.config(), file);
  nn::StateDict state = state_for(model.config(), file);
  const int num_classes = num_classes_of(state);
  LoadedDetector loaded{
      fmt::format("detector: {} tensors from {}{}", state.size(), path, origin_text(file)), {}};
  loaded.line += fit_stages(model, state, file);
  std::vector<int32_t> source;  // by class of the model; empty: nothing is known
  if (const auto known = class_list_of(file)) {
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
