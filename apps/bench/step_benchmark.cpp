#include "apps/bench/step_benchmark.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "apps/bench/fixed_proposals.h"
#include "core/error.h"
#include "detection/training/build_model.h"
#include "detection/training/detector_task.h"
#include "detection/training/device_batch.h"

namespace denovo::bench {
namespace {

void check_foreground(const detection::BoxHeadConfig& box, const std::vector<int>& foreground) {
  const int most = static_cast<int>(box.batch_per_image * box.positive_fraction);
  for (const int count : foreground) {
    if (count > most) {
      throw ConfigError(fmt::format(
          "foreground: at most model.box.batch_per_image * positive_fraction = {} RoIs of an image "
          "can be foreground, got {}",
          most, count));
    }
  }
}

/// Where measured engines are kept from one benchmark to the next.
std::string temporary_folder() {
  const char* named = std::getenv("TMPDIR");
  const std::string folder = named && *named ? named : "/tmp";
  std::error_code failure;
  if (!std::filesystem::is_directory(folder, failure)) {
    throw ResourceError(fmt::format(
        "{}: must be a folder, for the engines that solver.autotune measures, got '{}'; TMPDIR "
        "names another place for temporary files",
        folder, failure ? failure.message() : "a file"));
  }
  return folder;
}

std::vector<int> foreground_of(const detection::RoiBatch& rois, int64_t images, int num_classes) {
  const auto classes = rois.classes.to_vector<int32_t>(), image = rois.images.to_vector<int32_t>();
  std::vector<int> counts(static_cast<size_t>(images));
  for (size_t i = 0; i < classes.size(); ++i) {
    if (classes[i] >= 0 && classes[i] < num_classes) ++counts[static_cast<size_t>(image[i])];
  }
  return counts;
}

}  // namespace

std::vector<data::CocoCategory> numbered_classes(int count) {
  std::vector<data::CocoCategory> classes;
  for (int i = 1; i <= count; ++i) classes.push_back({.id = i, .name = {}});
  return classes;
}

StepBenchmark::StepBenchmark(const detection::TrainConfig& config, const StepOptions& options,
                             Logger& logger)
    : logger_(logger),
      config_(config),
      options_(options),
      tf32_(options.device, config.solver.precision == nn::Precision::kTf32),
      batch_(detection::micro_batch_of(synthetic_batch(options.batch))),
      built_(detection::build_model(
          config, {numbered_classes(options.batch.num_classes), "--classes"}, options.device)),
      trainable_(nn::make_trainable(*built_.model, config.solver)),
      state_(options.device),
      step_([this](auto batch, const nn::LossContext& context) { return losses(batch, context); },
            trainable_, config_.solver, state_) {
  for (const std::string& line : built_.origin) logger.info(line);
  if (config.solver.autotune)
    tuned_.emplace(options.device, temporary_folder() + "/denovo_bench_convolutions.txt");
  if (options.foreground.empty()) return;
  check_foreground(config.model.box, options.foreground);
  const auto fixed = fixed_proposals(data::batch_of(batch_.tensors), options.foreground,
                                     config.model.rpn.post_nms_topk_train, options.batch.seed);
  fixed_proposals_ = {fixed.boxes.to(options.device), fixed.logits.to(options.device),
                      fixed.counts.to(options.device)};
}

nn::NamedLosses StepBenchmark::losses(std::span<const Tensor> batch,
                                      const nn::LossContext& context) {
  if (options_.begin_update) options_.begin_update();
  detection::StageTap tap;
  if (fixed_proposals_.boxes.defined())
    tap.proposals = [&](detection::Proposals& proposals) { proposals = fixed_proposals_; };
  if (profiling())  // waits
    tap.rois = [&](const detection::RoiBatch& rois) {
      foreground_ = foreground_of(rois, batch_.counts.images, built_.model->num_classes());
    };
  return detection::detector_losses(*built_.model, config_, batch, context, tap);
}

std::vector<StepResult> StepBenchmark::steps(int64_t warmup, int64_t iters, bool profiled) {
  using Clock = std::chrono::steady_clock;
  const auto seconds = [](Clock::duration time) {
    return std::chrono::duration<double>(time).count();
  };
  const double lr = config_.solver.schedule().base_lr;
  std::vector<StepResult> results;
  std::vector<double> losses;
  const auto take_losses = [&](bool drain) {
    for (const nn::StepRecord& record : step_.take_records(drain))
      losses.push_back(record.losses.back().second);
  };
  auto last = Clock::now();
  for (int64_t i = 0; i < warmup + iters; ++i) {
    if (i == warmup) reset_peak_memory(options_.device);
    StepResult result;
    if (profiled) set_profiling(true, options_.device);
    step_.run(std::span(&batch_, 1), lr);
    take_losses(false);
    const auto now = Clock::now();
    result.seconds = seconds(now - std::exchange(last, now));
    if (profiled) {
      result.profile = take_profile();
      set_profiling(false);
      result.foreground = foreground_;
    }
    if (!profiled || options_.device.is_cpu())
      logger_.info(
          fmt::format("{} {}: {:.3f} s", i < warmup ? "warm-up" : "step", i, result.seconds));
    if (i >= warmup) results.push_back(std::move(result));
  }
  take_losses(true);
  const size_t peak_bytes = memory_stats(options_.device).peak_bytes;
  for (size_t i = 0; i < results.size(); ++i) {
    results[i].loss = losses[static_cast<size_t>(warmup) + i];
    results[i].peak_bytes = peak_bytes;
  }
  return results;
}

std::vector<StepResult> StepBenchmark::run(int64_t warmup, int64_t iters) {
  if (options_.device.is_cpu()) return steps(warmup, iters, true);
  // The first two find an idle GPU: between them the clock sees launches, not what they take.
  std::vector<StepResult> results = steps(std::max<int64_t>(warmup, 2), iters, false);
  std::vector<StepResult> profiled = steps(0, iters, true);
  for (size_t i = 0; i < results.size(); ++i) {
    results[i].profile = std::move(profiled[i].profile);
    results[i].foreground = std::move(profiled[i].foreground);
  }
  return results;
}

SyntheticBatchOptions batch_options(const detection::TrainConfig& config) {
  const detection::InputConfig& input = config.input;
  const auto& sizes = input.min_size_train;
  const bool jitter = input.jitter_size > 0;
  return {.images = config.solver.images_per_batch / config.solver.accumulate,
          .height = jitter ? input.jitter_size : *std::min_element(sizes.begin(), sizes.end()),
          .width = jitter ? input.jitter_size : input.max_size,
          .num_keypoints = config.model.keypoint.count(),
          .seed = static_cast<uint64_t>(config.seed)};
}

}  // namespace denovo::bench
