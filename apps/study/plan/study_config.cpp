#include "apps/study/plan/study_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>

#include "core/error.h"

namespace denovo::study {
namespace {

/// Keys of train_coco that a study sets for each run (grid.cpp).
constexpr std::array<std::string_view, 11> kGridKeys = {"seed",
                                                        "data.max_train_images",
                                                        "model.init",
                                                        "solver.max_iter",
                                                        "solver.lr_schedule",
                                                        "solver.steps",
                                                        "checkpoint.at",
                                                        "checkpoint.keep",
                                                        "eval.period",
                                                        "eval.patience",
                                                        "eval.train_images"};

void require_ascending(const char* key, const std::vector<int>& values) {
  for (size_t i = 1; i < values.size(); ++i)
    if (values[i] <= values[i - 1])
      throw ConfigError(
          fmt::format("config: {} must ascend, got {} after {}", key, values[i], values[i - 1]));
}

/// A name that can stand in the name of a folder and of a column.
bool is_name(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

Arm parse_arm(const std::string& text) {
  const size_t equals = text.find('=');
  Arm arm{.name = text.substr(0, equals)};
  if (equals == std::string::npos || equals + 1 == text.size() || !is_name(arm.name)) {
    throw ConfigError(
        fmt::format("config: study.arms must be NAME=random, NAME=WEIGHTS or NAME=FILE.toml with a "
                    "name of letters, digits and _, got \"{}\"",
                    text));
  }
  arm.source = text.substr(equals + 1);
  if (arm.source == "random") {
    arm.source.clear();
  } else if (arm.source.ends_with(".toml")) {
    arm.start = Arm::Start::kPretrain;
  } else {
    arm.start = Arm::Start::kFile;
  }
  return arm;
}

void add_overrides(const std::vector<std::string>& overrides, std::vector<Arm>& arms) {
  for (const std::string& text : overrides) {
    const size_t colon = text.find(':');
    const Arm* arm = find_arm(arms, text.substr(0, colon));
    if (colon == std::string::npos || !arm) {
      throw ConfigError(
          fmt::format("config: study.arm_overrides must be ARM:section.key=value with an arm of "
                      "study.arms, got "
                      "\"{}\"",
                      text));
    }
    arms[arm - arms.data()].overrides.push_back(
        text.substr(text.find_first_not_of(' ', colon + 1)));
  }
}

}  // namespace

void DetectorSection::describe(ConfigFields& v) {
  v("config", config, "configuration of train_coco that every run trains").not_empty();
  v("overrides", overrides, "keys of it that this study sets: \"section.key=value\"");
}

void GridSection::describe(ConfigFields& v) {
  v("arms", arms,
    "how the trunk starts: \"NAME=random\", \"NAME=WEIGHTS\" (a file as for model.init), or "
    "\"NAME=FILE.toml\", which pretrain_imagenet trains first; the first arm is the reference")
      .not_empty();
  v("arm_overrides", arm_overrides, "keys of the detector for one arm: \"ARM:section.key=value\"");
  v("seed_offsets", seed_offsets, "added to the seeds of each arm; empty: arms share their seeds");
  v("allow_differences", allow_differences, "arms may differ in more than model.init");
  v("tune", tune,
    "hyper-parameters to choose by size before the study, for the first arm after the reference at "
    "the shortest schedule and the first seed: \"section.key=value|value\"; all arms get them");
  v("sizes", sizes, "training images, ascending; 0: all of them").non_negative().not_empty();
  v("schedules", schedules, "iterations, ascending").positive().not_empty();
  v("max_epochs", max_epochs,
    "most passes over the images of a size: longer schedules are left out there, all but the "
    "shortest; 0: none is left out")
      .non_negative();
  v("drops", drops,
    "iterations before the end of a schedule at which the learning rate drops; empty: a third and "
    "a ninth of the shortest schedule")
      .positive();
  v("seeds", seeds, "runs of each arm, size and schedule").positive();
  v("first_seed", first_seed, "the first of them").non_negative();
  v("evaluations", evaluations, "evaluations within the longest schedule, at equal distances")
      .positive();
  v("train_images", train_images,
    "training images whose AP is measured too; -1: as many as there are validation images")
      .range(-1, 1e9);
  v("margin_ap", margin_ap, "points of AP that count as \"no worse\"").positive();
  v("early_fraction", early_fraction,
    "part of the longest schedule after which convergence counts "
    "as early")
      .range(0.001, 1);
  v("pretraining_uses", pretraining_uses, "studies among which the cost of pre-training is shared")
      .positive()
      .harmless();
  v("threads", threads,
    "of each run, which its last bits depend on; 0: the machine's, shared by the runs at a time")
      .non_negative();
  v("images_per_second", images_per_second,
    "of training on one device, for --dry-run where it cannot be measured: it then tells "
    "device-hours and needs no data; 0: measured here")
      .non_negative()
      .harmless();
  v("sbatch", sbatch, "options for every task of --submit slurm: \"--gres=gpu:8 --time=2-0\"")
      .harmless();
  v("launch", launch, "command put before each train_coco: \"mpirun -n 8\"").harmless();
}

void StudyConfig::describe(ConfigFields& v) {
  v.section("detector", detector, "what every run trains");
  v.section("study", study, "the grid and the rules");
}

void StudyConfig::validate() const {
  require_ascending("study.schedules", study.schedules);
  std::vector<int> sizes = study.sizes;
  if (sizes.back() == 0) sizes.pop_back();
  require_ascending("study.sizes", sizes);
  if (!sizes.empty() && sizes.front() == 0)
    throw ConfigError("config: study.sizes must have 0, which means all images, at its end");
  const std::vector<int> at = drops();
  const bool descends =
      std::adjacent_find(at.begin(), at.end(), std::less_equal<int>()) == at.end();
  if (!descends || at.front() >= shortest()) {
    throw ConfigError(fmt::format(
        "config: study.drops must descend and be shorter than the shortest schedule of {} "
        "iterations, got {}",
        shortest(), at));
  }
  if (study.early_fraction * study.evaluations < 1) {
    throw ConfigError(fmt::format(
        "config: study.early_fraction must be at least 1 / study.evaluations = {:.3g}, or there is "
        "no AP so early; got {}",
        1.0 / study.evaluations, study.early_fraction));
  }
  for (const std::string& assignment : detector.overrides) {
    const std::string key = assignment.substr(0, assignment.find('='));
    if (std::find(kGridKeys.begin(), kGridKeys.end(), key) == kGridKeys.end()) continue;
    throw ConfigError(fmt::format(
        "config: detector.overrides must leave {} to the study, which sets it for each run; got "
        "\"{}\"",
        key, assignment));
  }
  const std::vector<Arm> arms = arms_of(*this);
  if (arms.size() < 2)
    throw ConfigError("config: study.arms must be two or more, got one: nothing to compare");
}

std::vector<int> StudyConfig::drops() const {
  if (!study.drops.empty()) return study.drops;
  std::vector<int> third_and_ninth = {std::max(1, shortest() / 3)};
  // A schedule of a few iterations has room for one.
  if (shortest() >= 9) third_and_ninth.push_back(shortest() / 9);
  return third_and_ninth;
}

std::vector<Arm> arms_of(const StudyConfig& config) {
  const GridSection& study = config.study;
  std::vector<Arm> arms;
  for (const std::string& text : study.arms) {
    Arm arm = parse_arm(text);
    if (find_arm(arms, arm.name)) {
      throw ConfigError(
          fmt::format("config: study.arms must have different names, got {} twice", arm.name));
    }
    arms.push_back(std::move(arm));
  }
  add_overrides(study.arm_overrides, arms);
  if (study.seed_offsets.empty()) return arms;
  if (study.seed_offsets.size() != arms.size()) {
    throw ConfigError(
        fmt::format("config: study.seed_offsets must be one for each of {} arms, got {}",
                    arms.size(), study.seed_offsets.size()));
  }
  for (size_t i = 0; i < arms.size(); ++i) arms[i].seed_offset = study.seed_offsets[i];
  return arms;
}

const Arm* find_arm(const std::vector<Arm>& arms, const std::string& name) {
  const auto found =
      std::find_if(arms.begin(), arms.end(), [&](const Arm& arm) { return arm.name == name; });
  return found == arms.end() ? nullptr : &*found;
}

}  // namespace denovo::study
