#include "detection/weights/detector_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>

#include "core/program/nearest_name.h"
#include "detection/weights/class_list.h"
#include "nn/state_dict.h"
#include "nn/training/checkpoint.h"

namespace denovo::detection {
namespace {

namespace fs = std::filesystem;

std::string metadata_text(const SafetensorsFile& file, const char* key) {
  for (const auto& [name, text] : file.metadata()) {
    if (name == key) return text;
  }
  throw IoError(
      fmt::format("{}: has no \"{}\" in its metadata; give model.safetensors of a checkpoint, or "
                  "what convert_weights wrote",
                  file.path(), key));
}

}  // namespace

DetectorFile::DetectorFile(const std::string& path) : file_(path) {
  for (const auto& [name, text] : file_.metadata())
    if (name == "classes")
      throw IoError(path + ": holds a classifier of pretrain_imagenet, which is no detector");
  try {
    ConfigFields fields = ConfigFields::of(config);
    fields.read_text(metadata_text(file_, "config"), path);
    fields.check();
  } catch (const ConfigError& error) {
    throw IoError(error.what());  // nobody typed this: a file of another version
  }
  metadata_text(file_, "categories");
  categories = *read_class_list(file_.metadata(), path);
}

std::unique_ptr<MaskRcnn> DetectorFile::load(Device device) const {
  auto model = std::make_unique<MaskRcnn>(config.model, static_cast<int>(categories.size()));
  model->reallocate(DType::kF32, device);
  nn::StateDict state;
  for (const auto& entry : file_.entries()) state.emplace_back(entry.name, file_.read(entry));
  nn::load_state_dict_strict(*model, state, path());
  model->train(false);
  return model;
}

std::span<const std::string> DetectorFile::keypoint_names() const {
  for (const data::CocoCategory& category : categories)
    if (!category.keypoints.empty()) return category.keypoints;
  return {};
}

CategoryIds DetectorFile::category_ids() const {
  CategoryIds ids;
  for (const auto& category : categories) ids.emplace_back(category.id);
  return ids;
}

std::vector<int> DetectorFile::classes_named(const std::vector<std::string>& names,
                                             const std::string& where) const {
  std::vector<std::string> known;
  for (const auto& category : categories) known.push_back(category.name);
  std::vector<int> classes;
  for (const std::string& name : names) {
    const size_t before = classes.size();
    for (size_t i = 0; i < known.size(); ++i)
      if (known[i] == name) classes.push_back(static_cast<int>(i));
    if (classes.size() == before)
      throw ConfigError(
          fmt::format("{}: the model has no class {}{}", where, name, did_you_mean(name, known)));
  }
  return classes;
}

std::string model_file_of_run(const std::string& run, const std::string& checkpoint) {
  const std::string directory = run + "/checkpoints";
  if (!fs::is_regular_file(run + "/config.toml"))
    throw IoError(fmt::format("{}: is not a run directory, there is no config.toml", run));
  const std::string file = directory + "/" + checkpoint + "/model.safetensors";
  if (fs::is_regular_file(file)) return file;
  const auto names = nn::list_checkpoints(directory);
  if (names.empty()) throw IoError(fmt::format("{}: holds no checkpoint yet", directory));
  throw IoError(fmt::format("{}: holds no checkpoint {}, there are {}", directory, checkpoint,
                            fmt::join(names, ", ")));
}

}  // namespace denovo::detection
