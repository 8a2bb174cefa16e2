#include "apps/study/plan/calibration.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include "apps/study/runs/child_process.h"
#include "core/error.h"
#include "core/files/atomic_write.h"
#include "core/files/file.h"
#include "core/files/signals.h"
#include "core/log/logger.h"
#include "core/log/read_metrics.h"

namespace denovo::study {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSteps = 12;     // measured, unless
constexpr double kSeconds = 45;    // this is over
constexpr int64_t kWarmSteps = 3;  // memory is still being set up
constexpr int kEvaluatedImages = 8;

/// A folder that goes when its owner does.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (fs::temp_directory_path() / "denovo_calibration_XXXXXX").string();
    if (!mkdtemp(name.data())) throw ResourceError(name + ": cannot be made");
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct Measured {
  double start = 0, step = 0, rest = 0;  // seconds: until the first step, a step, after the last
};

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

/// Runs a training program, until it ends or is slow.
Measured measure(const std::vector<std::string>& command, const std::string& run) {
  const std::string log = run + ".txt";
  const double begin = monotonic_seconds();
  double first_step = 0;
  ChildProcess child(command, log);
  while (!child.poll() && !caught_signal()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    const double now = monotonic_seconds();
    const int64_t reached = iteration_reached(run, 0);
    if (first_step == 0 && reached > 0) first_step = now;
    if (now - begin > kSeconds && reached > kWarmSteps) child.send(SIGKILL);
  }
  const double end = monotonic_seconds();
  const int status = child.wait();
  if (caught_signal()) return {};
  if (status != 0 && status != 128 + SIGKILL)
    throw_failure(status, "calibration: " + last_words(log));
  std::vector<double> times;
  double all_steps = 0;
  for (const MetricsLine& line : read_metrics(run + "/metrics.jsonl")) {
    if (!line.has("time")) continue;
    all_steps += line.value("time");
    if (line.iteration > kWarmSteps || times.empty()) times.push_back(line.value("time"));
  }
  if (times.empty())
    throw Error(fmt::format("calibration: ended before its first step, with status {}", status));
  if (times.size() > 1) times.erase(times.begin());  // the first step's, kept for want of others
  Measured measured;
  measured.step = median(times);
  measured.start = std::max(0.0, first_step - begin - measured.step);
  measured.rest = std::max(0.0, end - begin - measured.start - all_steps);
  return measured;
}

std::vector<std::string> training_command(const std::string& program, const std::string& config,
                                          const std::string& run, const JobOptions& options) {
  return {sibling_program(program),
          "--config",
          config,
          "--out",
          run,
          "--device",
          options.device,
          "--threads",
          std::to_string(options.threads),
          "--quiet"};
}

}  // namespace

std::optional<Costs> measure_costs(const Grid& grid, int num_validation_images,
                                   const JobOptions& options) {
  const TemporaryFolder folder;
  Costs costs;
  const std::string detector = folder.path() + "/detector.toml";
  replace_file(detector, config_text(grid.detector));
  const auto with = [](std::vector<std::string> command, const std::vector<std::string>& words) {
    command.insert(command.end(), words.begin(), words.end());
    return command;
  };
  const std::string run = folder.path() + "/run", evaluation = folder.path() + "/evaluation";
  const Measured training =
      measure(with(training_command("train_coco", detector, run, options),
                   {"solver.lr_schedule=paper", fmt::format("solver.max_iter={}", kSteps),
                    "log.period=1", "data.val_annotations="}),
              run);
  costs.start = training.start;
  costs.iteration = training.step;
  const Measured evaluating =
      measure(with(training_command("train_coco", detector, evaluation, options),
                   {"solver.lr_schedule=paper", "solver.max_iter=1", "log.period=1",
                    fmt::format("eval.max_images={}", kEvaluatedImages), "eval.pictures=0"}),
              evaluation);
  costs.validation_images = num_validation_images;
  costs.evaluated_image = std::max(0.0, evaluating.rest - training.rest) /
                          std::min(num_validation_images, kEvaluatedImages);
  for (const Arm& arm : grid.arms) {
    costs.pretraining_iteration.push_back(0);
    if (arm.start != Arm::Start::kPretrain) continue;
    const std::string pretraining = folder.path() + "/" + arm.name;
    costs.pretraining_iteration.back() =
        measure(with(training_command("pretrain_imagenet", arm.source, pretraining, options),
                     {"solver.lr_schedule=cosine", fmt::format("solver.max_iter={}", kSteps),
                      "log.period=1"}),
                pretraining)
            .step;
  }
  return caught_signal() ? std::nullopt : std::optional(costs);
}

}  // namespace denovo::study
