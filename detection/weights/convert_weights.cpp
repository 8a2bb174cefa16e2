#include "detection/weights/convert_weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <numeric>
#include <unordered_map>

#include "core/error.h"
#include "core/files/safetensors.h"
#include "core/program/version.h"
#include "detection/mask_rcnn/mask_rcnn.h"
#include "detection/weights/class_list.h"
#include "detection/weights/predictor_rows.h"

namespace denovo::detection {
namespace {

std::string described(const foreign::ForeignTensor& tensor) {
  return fmt::format("{} [{}]", foreign::name(tensor.type), fmt::join(tensor.shape, ", "));
}

/// Rows for all classes at once, which other codebases allow, are repeated for each.
void repeat_shared_rows(nn::StateDict& state, int num_classes, const std::string& source) {
  std::vector<int32_t> all(static_cast<size_t>(num_classes));
  std::iota(all.begin(), all.end(), 0);
  for (auto& [name, tensor] : state)
    if (const PredictorLayer* layer = predictor_layer(name))
      tensor = rows_of_classes(*layer, tensor, num_classes, all, false, source);
}

void require_fit(const nn::Module& module, const nn::StateDict& state, const std::string& source) {
  const nn::LoadReport report = nn::compare_state_dict(module, state);
  if (!report.complete())
    throw IoError(fmt::format("{}: is no model that a configuration describes: {}", source,
                              report.summary()));
}

}  // namespace

std::string listing(const std::string& path, const std::string& group) {
  const foreign::ForeignFile file(path);
  std::string text =
      fmt::format("{}: {}, {} tensors\n", path, file.format(), file.tensors().size());
  std::unordered_map<std::string, std::string> fate;  // by full name
  try {
    const ImportedModel model(path, group);
    text += fmt::format("{}'s names{}\n", name(model.codebase()),
                        model.picked().told.empty() ? "" : " in " + model.picked().told);
    for (size_t i = 0; i < model.names().size(); ++i)
      fate[model.picked().tensors[i].tensor->full_name()] =
          model.names()[i].empty() ? "not needed" : "-> " + model.names()[i];
  } catch (const IoError& error) {
    text += fmt::format("no model that can be converted: {}\n", error.what());
  }
  for (const foreign::ForeignTensor& tensor : file.tensors()) {
    const auto found = fate.find(tensor.full_name());
    text += fmt::format("{:<60} {:<26} {}\n", tensor.full_name(), described(tensor),
                        found == fate.end() ? "" : found->second);
  }
  return text;
}

std::string convert_weights(const ImportedModel& model, std::span<const data::CocoCategory> classes,
                            const std::string& out) {
  ModelFileConfig config = model.config;
  nn::StateDict state = model.state();
  Metadata metadata = {{"format", "denovo"}, {"version", version_text()}};
  if (!model.is_detector()) {
    const auto trunk = config.model.backbone.make_classifier_trunk();
    nn::StateDict bare;
    const std::string prefix = "backbone.bottom_up.";
    for (const auto& [name, tensor] : state)
      if (name.starts_with(prefix)) bare.emplace_back(name.substr(prefix.size()), tensor);
    require_fit(*trunk, bare, model.path());
    metadata["config"] = trunk_config_text(config.model.backbone, config.model.pixel);
    write_safetensors(out, state, metadata);
    return fmt::format("{}: backbone of {} tensors", out, state.size());
  }
  std::vector<data::CocoCategory> named(classes.begin(), classes.end());
  for (int k = 1; classes.empty() && k <= model.num_classes(); ++k)
    named.push_back({k, fmt::format("class {}", k)});
  if (named.size() != static_cast<size_t>(model.num_classes()))
    throw IoError(fmt::format("{}: has {} classes, got {} names", model.path(), model.num_classes(),
                              named.size()));
  config.model.validate();
  repeat_shared_rows(state, model.num_classes(), model.path());
  require_fit(MaskRcnn(config.model, model.num_classes()), state, model.path());
  metadata["config"] = config_text(config);
  metadata["categories"] = class_list_json(named);
  write_safetensors(out, state, metadata);
  return fmt::format("{}: detector of {} tensors, {} classes", out, state.size(), named.size());
}

}  // namespace denovo::detection
