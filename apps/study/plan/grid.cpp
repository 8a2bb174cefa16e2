#include "apps/study/plan/grid.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/error.h"

namespace denovo::study {
namespace {

using detection::TrainConfig;

/// Resolves a run's configuration from the detector's.
TrainConfig resolve(const TrainConfig& detector, const std::vector<std::string>& overrides) {
  TrainConfig config = detector;
  ConfigFields fields = ConfigFields::of(config);
  for (const std::string& assignment : overrides) fields.apply_override(assignment);
  fields.check();
  config.validate();
  return config;
}

/// The keys that the grid sets for a run of this arm.
std::vector<std::string> overrides_of(const StudyConfig& study, const Arm& arm,
                                      const std::string& backbone, const StudyRun& run,
                                      const std::vector<int64_t>& schedules, int64_t sample,
                                      const std::vector<std::string>& more) {
  std::vector<int64_t> drops, branches;
  for (const int distance : study.drops()) drops.push_back(run.schedule - distance);
  if (run.schedule == schedules.back())
    for (const int64_t schedule : schedules)
      if (schedule != run.schedule) branches.push_back(schedule - study.drops().front());
  std::vector<std::string> overrides = {
      fmt::format("seed={}", run.seed + arm.seed_offset),
      fmt::format("data.max_train_images={}", run.images),
      fmt::format("model.init={}", toml_string(backbone)),
      fmt::format("solver.max_iter={}", run.schedule),
      "solver.lr_schedule=steps",
      fmt::format("solver.steps=[{}]", fmt::join(drops, ", ")),
      fmt::format("checkpoint.at=[{}]", fmt::join(branches, ", ")),
      "checkpoint.keep=1",
      fmt::format("eval.period={}",
                  std::max<int64_t>(1, schedules.back() / study.study.evaluations)),
      "eval.patience=0",
      fmt::format("eval.train_images={}", std::min(sample, run.images)),
  };
  overrides.insert(overrides.end(), more.begin(), more.end());
  overrides.insert(overrides.end(), arm.overrides.begin(), arm.overrides.end());
  return overrides;
}

/// Arms are compared by what they start from, and by nothing else.
void refuse_differences(const StudyRun& reference, const StudyRun& other) {
  TrainConfig a = reference.config, b = other.config;
  std::vector<std::string> keys;
  for (const auto& difference : config_differences(ConfigFields::of(a), ConfigFields::of(b))) {
    if (difference.key == "model.init" || difference.key == "seed") continue;
    keys.push_back(
        fmt::format("{} ({} and {})", difference.key, difference.before, difference.after));
  }
  if (keys.empty()) return;
  throw ConfigError(
      fmt::format("config: arms {} and {} must differ in model.init alone, got {}; "
                  "study.allow_differences=true compares them all the same",
                  reference.arm, other.arm, fmt::join(keys, ", ")));
}

void refuse_drop_in_warmup(const StudyConfig& study, const TrainConfig& detector) {
  const int64_t constant = study.shortest() - study.drops().front();
  if (constant > detector.solver.warmup_iters) return;
  throw ConfigError(
      fmt::format("config: study.schedules must leave room between the warm-up "
                  "(solver.warmup_iters = {}) and the first drop, {} iterations before the end; "
                  "got a schedule of {}",
                  detector.solver.warmup_iters, study.drops().front(), study.shortest()));
}

std::vector<int64_t> sizes_of(const StudyConfig& study, int64_t num_images) {
  std::vector<int64_t> sizes;
  for (const int size : study.study.sizes) {
    if (num_images > 0 && size > num_images) {
      throw ConfigError(fmt::format(
          "config: study.sizes must be at most the {} training images, got {}", num_images, size));
    }
    sizes.push_back(size == 0 ? num_images : size);
  }
  if (sizes.size() > 1 && sizes[sizes.size() - 2] == sizes.back()) sizes.pop_back();
  return sizes;
}

/// Those of a size, ascending; 0 images: nobody knows how many.
std::vector<int64_t> schedules_of(const StudyConfig& study, const TrainConfig& detector,
                                  int64_t images) {
  std::vector<int64_t> schedules;
  for (const int schedule : study.study.schedules) {
    const double epochs = images == 0
                              ? 0
                              : static_cast<double>(schedule) * detector.solver.images_per_batch /
                                    static_cast<double>(images);
    if (schedules.empty() || study.study.max_epochs == 0 || epochs <= study.study.max_epochs)
      schedules.push_back(schedule);
  }
  return schedules;
}

void refuse_schedule_of_no_size(const StudyConfig& study, const TrainConfig& detector,
                                int64_t largest) {
  const int64_t used = schedules_of(study, detector, largest).back();
  if (used == study.longest()) return;
  throw ConfigError(fmt::format(
      "config: study.max_epochs must leave the largest size, {} images, its longest schedule of {} "
      "iterations, which is {:g} epochs; got {:g}",
      largest, study.longest(),
      static_cast<double>(study.longest()) * detector.solver.images_per_batch /
          static_cast<double>(largest),
      study.study.max_epochs));
}

}  // namespace

int64_t Grid::longest(int64_t images) const {
  int64_t longest = 0;
  for (const StudyRun& run : runs)
    if (run.images == images) longest = std::max(longest, run.schedule);
  return longest;
}

const StudyRun& find_run(const std::vector<StudyRun>& runs, const std::string& id) {
  const auto found =
      std::find_if(runs.begin(), runs.end(), [&](const StudyRun& run) { return run.id == id; });
  if (found == runs.end()) throw InternalError(fmt::format("study: no run {}", id));
  return *found;
}

std::string backbone_of(const Arm& arm, const std::string& study) {
  if (arm.start == Arm::Start::kPretrain)
    return fmt::format("{}/pretraining/{}/checkpoints/last/model.safetensors", study, arm.name);
  return arm.source;
}

void configure(StudyRun& run, const StudyConfig& config, const Grid& grid, const std::string& study,
               const std::vector<std::string>& more) {
  const Arm& arm = *find_arm(grid.arms, run.arm);
  run.overrides = overrides_of(config, arm, backbone_of(arm, study), run,
                               schedules_of(config, grid.detector, run.images), grid.sample, more);
  run.config = resolve(grid.detector, run.overrides);
}

Grid make_grid(const StudyConfig& config, const TrainConfig& detector, int64_t num_images,
               int64_t num_validation_images, const std::string& study,
               const std::map<int64_t, std::vector<std::string>>& tuned) {
  refuse_drop_in_warmup(config, detector);
  const int asked = config.study.train_images;
  Grid grid{arms_of(config),
            sizes_of(config, num_images),
            detector,
            asked < 0 ? num_validation_images : asked,
            {}};
  refuse_schedule_of_no_size(config, detector, grid.sizes.back());
  for (int i = 0; i < config.study.seeds; ++i) {
    const int64_t seed = config.study.first_seed + i;
    for (const int64_t size : grid.sizes) {
      for (const Arm& arm : grid.arms) {
        const auto id = [&](int64_t schedule) {
          return fmt::format("{}-{}-{}-s{}", arm.name, size, schedule, seed);
        };
        const std::vector<int64_t> schedules = schedules_of(config, detector, size);
        // The longest first: the others leave it.
        for (auto at = schedules.rbegin(); at != schedules.rend(); ++at) {
          StudyRun run{
              .id = id(*at), .arm = arm.name, .images = size, .schedule = *at, .seed = seed};
          if (*at != schedules.back()) {
            run.branch_of = id(schedules.back());
            run.branch_at = *at - config.drops().front();
          }
          const auto of_size = tuned.find(size);
          configure(run, config, grid, study,
                    of_size == tuned.end() ? std::vector<std::string>() : of_size->second);
          grid.runs.push_back(std::move(run));
        }
      }
    }
  }
  if (!config.study.allow_differences) {
    const auto first_of = [&](const Arm& arm) -> const StudyRun& {
      return *std::find_if(grid.runs.begin(), grid.runs.end(),
                           [&](const StudyRun& run) { return run.arm == arm.name; });
    };
    for (size_t i = 1; i < grid.arms.size(); ++i)
      refuse_differences(first_of(grid.arms[0]), first_of(grid.arms[i]));
  }
  return grid;
}

}  // namespace denovo::study
