#include "apps/study/plan/calibration.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

#include "apps/study/runs/child_process.h"
#include "core/error.h"
#include "core/files/atomic_write.h"
#include "core/files/file.h"
#include "core/files/signals.h"
#include "core/log/logger.h"
#include "core/log/read_metrics.h"
#include "nn/training/trainer.h"

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
    const char* named = std::getenv("TMPDIR");
    const std::string place = named && *named ? named : "/tmp";
    path_ = place + "/denovo_calibration_XXXXXX";
    if (!mkdtemp(path_.data())) {
      throw ResourceError(
          fmt::format("{}: must take a folder for the calibration, got '{}'; TMPDIR names another "
                      "place for temporary files",
                      place, std::strerror(errno)));
    }
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

/// What a program said at its end. What it has learned goes with the calibration's folder: its
/// offer to resume is none.
std::string last_words_without_offer(const std::string& log) {
  const std::string words = last_words(log);
  return words.substr(0, words.find(nn::kStoppedAfter));
}

/// Runs a training program, until it ends or is slow.
Measured measure(const std::vector<std::string>& command, const std::string& run) {
  const std::string log = run + ".txt";
  const double begin = monotonic_seconds();
  double first_step = 0;
  bool stopped = false;
  ChildProcess child(command, log);
  while (!child.poll()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    const double now = monotonic_seconds();
    const int64_t reached = iteration_reached(run, 0);
    if (first_step == 0 && reached > 0) first_step = now;
    const bool is_slow = now - begin > kSeconds && reached > kWarmSteps;
    if (stopped || !(is_slow || caught_signal())) continue;
    child.send(kStopSignal);
    stopped = true;
  }
  const double end = monotonic_seconds();
  const int status = child.wait();
  if (caught_signal()) return {};
  if (status != 0 && !stopped)
    throw_failure(status, "calibration", command, last_words_without_offer(log));
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

/// `program` (words) on a run of its own, with these overrides.
std::vector<std::string> training_command(std::vector<std::string> program,
                                          const std::string& config, const std::string& run,
                                          const JobOptions& options,
                                          const std::vector<std::string>& overrides) {
  for (const std::string& word : {std::string("--config"), config, std::string("--out"), run,
                                  std::string("--device"), options.device, std::string("--threads"),
                                  std::to_string(options.threads), std::string("--quiet")})
    program.push_back(word);
  program.insert(program.end(), overrides.begin(), overrides.end());
  return program;
}

}  // namespace

std::optional<Costs> measure_costs(const Grid& grid, int num_validation_images,
                                   const JobOptions& options) {
  const TemporaryFolder folder;
  Costs costs;
  const std::string detector = folder.path() + "/detector.toml";
  replace_file(detector, config_text(grid.detector));
  const std::string run = folder.path() + "/run", evaluation = folder.path() + "/evaluation";
  const Measured training = measure(
      training_command(train_coco_command(options), detector, run, options,
                       {"solver.lr_schedule=paper", fmt::format("solver.max_iter={}", kSteps),
                        "log.period=1", "data.val_annotations="}),
      run);
  costs.start = training.start;
  costs.iteration = training.step;
  const Measured evaluating = measure(
      training_command(train_coco_command(options), detector, evaluation, options,
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
    const std::vector<std::string> command = training_command(
        {sibling_program("pretrain_imagenet")}, arm.source, pretraining, options,
        {"solver.lr_schedule=cosine", fmt::format("solver.max_iter={}", kSteps), "log.period=1"});
    costs.pretraining_iteration.back() = measure(command, pretraining).step;
  }
  return caught_signal() ? std::nullopt : std::optional(costs);
}

}  // namespace denovo::study
