#include "apps/bench/step_benchmark.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

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
    : config_(config),
      options_(options),
      tf32_(options.device, config.solver.precision == nn::Precision::kTf32),
      batch_(detection::micro_batch_of(synthetic_batch(options.batch))),
      built_(detection::build_model(
          config, {numbered_classes(options.batch.num_classes), "--classes"}, options.device)),
      trainable_(nn::make_trainable(*built_.model, config.solver)),
      state_(options.device),
      step_([this](auto batch, const nn::LossContext& context) { return losses(batch, context); },
            *trainable_.arena, *trainable_.optimizer, config_.solver, state_) {
  for (const std::string& line : built_.origin) logger.info(line);
  if (config.solver.autotune)
    tuned_.emplace(options.device,
                   std::filesystem::temp_directory_path() / "denovo_bench_convolutions.txt");
  if (options.foreground.empty()) return;
  check_foreground(config.model.box, options.foreground);
  const auto fixed = fixed_proposals(data::batch_of(batch_.tensors), options.foreground,
                                     config.model.rpn.post_nms_topk_train, options.batch.seed);
  fixed_proposals_ = {fixed.boxes.to(options.device), fixed.logits.to(options.device),
                      fixed.counts.to(options.device)};
}

nn::NamedLosses StepBenchmark::losses(std::span<const Tensor> batch,
                                      const nn::LossContext& context) {
  detection::StageTap tap;
  if (fixed_proposals_.boxes.defined())
    tap.proposals = [&](detection::Proposals& proposals) { proposals = fixed_proposals_; };
  if (profiling())  // waits
    tap.rois = [&](const detection::RoiBatch& rois) {
      foreground_ = foreground_of(rois, batch_.counts.images, built_.model->num_classes());
    };
  return detection::detector_losses(*built_.model, config_, batch, context, tap);
}

double StepBenchmark::update(StepResult& result) {
  const auto start = std::chrono::steady_clock::now();
  step_.run(std::span(&batch_, 1), config_.solver.schedule().base_lr);
  result.loss = step_.take_records(true).back().losses.back().second;  // waits for the device
  result.foreground = foreground_;
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

StepResult StepBenchmark::run() {
  StepResult result;
  reset_peak_memory(options_.device);
  // A profile of a GPU makes it wait: there, one update for the time and one for its parts.
  if (!options_.device.is_cpu()) result.seconds = update(result);
  set_profiling(true, options_.device);
  const double profiled_seconds = update(result);
  result.profile = take_profile();
  set_profiling(false);
  if (options_.device.is_cpu()) result.seconds = profiled_seconds;
  result.peak_bytes = memory_stats(options_.device).peak_bytes;
  return result;
}

SyntheticBatchOptions batch_options(const detection::TrainConfig& config) {
  const auto& sizes = config.input.min_size_train;
  return {.images = config.solver.images_per_batch / config.solver.accumulate,
          .height = *std::min_element(sizes.begin(), sizes.end()),
          .width = config.input.max_size,
          .seed = static_cast<uint64_t>(config.seed)};
}

}  // namespace denovo::bench
