#include "apps/study/plan/study_data.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "core/error.h"
#include "core/files/file.h"
#include "data/coco/match_categories.h"
#include "data/coco/subset.h"
#include "detection/pretraining/classification_data.h"
#include "detection/training/build_model.h"

namespace denovo::study {
namespace {

namespace fs = std::filesystem;
using detection::TrainConfig;

data::CocoDataset read(const TrainConfig& detector, const std::string& annotations) {
  return data::read_coco(detector.data.path(annotations), data::StructuralDefects::kThrow,
                         detector.dataset_part());
}

data::CocoDataset read_validation(const TrainConfig& detector) {
  if (detector.data.val_annotations.empty())
    throw ConfigError("config: data.val_annotations must name a validation set, got none");
  return read(detector, detector.data.val_annotations);
}

data::TrainingView subset_of(const data::TrainingView& view, const data::CocoDataset& dataset,
                             const StudyRun& run) {
  return data::subset(view, dataset, run.images, static_cast<uint64_t>(run.config.seed));
}

/// Sizes of the files that are there.
std::map<std::string, uintmax_t> file_sizes(const data::ImageFiles& files,
                                            std::span<const int> images) {
  std::map<std::string, uintmax_t> sizes;
  for (const int image : images) {
    std::error_code error;
    const std::string path = files.path(image);
    const uintmax_t size = fs::file_size(path, error);
    if (!error) sizes[path] = size;
  }
  return sizes;
}

/// What a trunk is, for a detector and for a classifier alike.
struct Trunk {
  detection::BackboneConfig backbone;
  detection::PixelConfig pixel;
  void describe(ConfigFields& v) {
    v.section("model.backbone", backbone, "trunk");
    v.section("model.pixel", pixel, "input values");
  }
};

/// The pyramid is the detector's own, and so is how a trunk starts that is not loaded.
bool belongs_to_trunk(const std::string& key) {
  return !key.starts_with("model.backbone.fpn_") && key != "model.backbone.init";
}

void require_same_trunk(const Arm& arm, const TrainConfig& detector) {
  const auto classifier = load_config<detection::ClassifierConfig>(arm.source, {});
  Trunk before{classifier.model.backbone, classifier.model.pixel};
  Trunk ours{detector.model.backbone, detector.model.pixel};
  for (const auto& difference :
       config_differences(ConfigFields::of(before), ConfigFields::of(ours))) {
    if (!belongs_to_trunk(difference.key)) continue;
    throw ConfigError(
        fmt::format("config: study.arms: {} trains another trunk for arm {} than the detector has; "
                    "{} is {} there and {} in the detector",
                    arm.source, arm.name, difference.key, difference.before, difference.after));
  }
}

/// What would leave the study nothing to compare: another start than the arm's, seeds that do not
/// differ.
void require_own_start(const Arm& arm, const TrainConfig& run) {
  if (!run.start.weights.empty()) {
    throw ConfigError(fmt::format(
        "config: model.weights must be empty in a study, where arms say how a run starts; got {}",
        run.start.weights));
  }
  for (const std::string& assignment : arm.overrides) {
    const std::string key = assignment.substr(0, assignment.find('='));
    if (key != "seed" && key != "model.init") continue;
    throw ConfigError(fmt::format(
        "config: study.arm_overrides must leave {} to the study, got \"{}:{}\"; {}", key, arm.name,
        assignment, key == "seed" ? "study.seed_offsets shifts seeds" : "study.arms sets it"));
  }
}

}  // namespace

StudyData::StudyData(const TrainConfig& detector)
    : training_(read(detector, detector.data.train_annotations)),
      validation_(read_validation(detector)),
      training_files_(training_, detector.data.path(detector.data.train_images),
                      detector.data.allow_parent_folders),
      validation_files_(validation_, detector.data.path(detector.data.val_images),
                        detector.data.allow_parent_folders),
      evaluated_(data::first_images(validation_, detector.eval.max_images)) {
  data::TrainingFilter filter = detector.training_filter();
  filter.max_images = 0;
  view_ = data::training_view(training_, filter);
}

std::vector<int64_t> StudyData::image_ids(const StudyRun& run) const {
  std::vector<int64_t> ids;
  for (const int image : subset_of(view_, training_, run).images)
    ids.push_back(training_.images()[static_cast<size_t>(image)].id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

void StudyData::require_all_classes(const Grid& grid) const {
  const auto classes_of = [&](const data::TrainingView& view) {
    std::vector<bool> seen(static_cast<size_t>(training_.num_classes()));
    for (const int instance : view.instances)
      seen[static_cast<size_t>(training_.annotations()[static_cast<size_t>(instance)].category)] =
          true;
    return seen;
  };
  const std::vector<bool> all = classes_of(view_);
  for (const StudyRun& run : grid.runs) {
    if (!run.branch_of.empty()) continue;  // the same images as its parent
    const std::vector<bool> seen = classes_of(subset_of(view_, training_, run));
    std::vector<std::string> missing;
    for (size_t c = 0; c < seen.size(); ++c)
      if (all[c] && !seen[c]) missing.push_back(data::category_text(training_.categories()[c]));
    if (missing.empty()) continue;
    throw IoError(
        fmt::format("{}: {} images drawn by seed {} must show every class, got none of {}; take "
                    "larger study.sizes or another study.first_seed",
                    training_.path(), run.images, run.config.seed, data::few_of(missing)));
  }
}

void StudyData::require_separate_images() const {
  std::map<uintmax_t, std::vector<std::string>> by_size;
  for (const auto& [path, size] : file_sizes(training_files_, view_.images))
    by_size[size].push_back(path);
  for (const auto& [path, size] : file_sizes(validation_files_, evaluated_)) {
    const auto candidates = by_size.find(size);
    if (candidates == by_size.end()) continue;
    const std::string content = read_file(path);
    for (const std::string& other : candidates->second) {
      if (read_file(other) != content) continue;
      throw IoError(fmt::format(
          "{}: a validation image must not be a training image too, got the content of {}", path,
          other));
    }
  }
}

void require_fitting_arms(const Grid& grid, const StudyData& data) {
  for (const Arm& arm : grid.arms) {
    const auto run = std::find_if(grid.runs.begin(), grid.runs.end(),
                                  [&](const StudyRun& each) { return each.arm == arm.name; });
    require_own_start(arm, run->config);
    if (arm.start == Arm::Start::kPretrain) {
      require_same_trunk(arm, run->config);
      detection::read_classification_data(load_config<detection::ClassifierConfig>(arm.source, {}));
    } else {
      detection::build_model(run->config, data::CategoryList::of(data.training()), Device{});
    }
  }
}

}  // namespace denovo::study
