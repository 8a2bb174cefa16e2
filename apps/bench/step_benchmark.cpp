#include "apps/bench/step_benchmark.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <utility>

#include "apps/bench/fixed_proposals.h"
#include "core/autograd.h"
#include "core/error.h"
#include "ops/conv2d/conv2d_tuning.h"

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
      batch_(synthetic_batch(options.batch)),
      trainable_(detection::build_model(
          config, {numbered_classes(options.batch.num_classes), "--classes"}, options.device)),
      state_(options.device),
      totals_(options.device),
      on_device_(data::empty_like(batch_, options.device)),
      work_(options.device) {
  for (const std::string& line : trainable_.origin) logger.info(line);
  if (config.solver.autotune) {
    const auto file = std::filesystem::temp_directory_path() / "denovo_bench_convolutions.txt";
    with_backend(options.device, [&](auto& ctx) { ops::tune_convolutions(ctx, file); });
  }
  if (options.foreground.empty()) return;
  check_foreground(config.model.box, options.foreground);
  const auto fixed = fixed_proposals(batch_, options.foreground,
                                     config.model.rpn.post_nms_topk_train, options.batch.seed);
  fixed_proposals_ = {fixed.boxes.to(options.device), fixed.logits.to(options.device),
                      fixed.counts.to(options.device)};
}

detection::StepTotals::NamedLosses StepBenchmark::losses(const detection::DeviceBatch& batch,
                                                         std::vector<int>& foreground) {
  detection::MaskRcnn& model = *trainable_.model;
  const auto& [images, gt] = batch;
  const int64_t count = images.count();
  const int per_group = static_cast<int>(std::min<int64_t>(config_.solver.images_per_group, count));
  const int64_t groups = count / per_group;
  const detection::SamplingKey key{static_cast<uint64_t>(config_.seed), &state_};

  const std::vector<Tensor> features = model.backbone().forward(images.pixels);
  const detection::RpnPredictions predictions = model.rpn().forward(features);
  const Tensor& anchors = model.anchor_generator().anchors(
      images.pixels.size(1), images.pixels.size(2), gt.boxes.dtype(), images.pixels.device());
  const detection::RpnSample sample = model.rpn().sample(anchors, gt, images.ids, key);
  const detection::RpnLosses rpn =
      model.rpn().losses(predictions, sample, anchors, gt, per_group, groups);
  detection::Proposals proposals = model.rpn().propose(predictions, anchors, images.sizes, true);
  if (fixed_proposals_.boxes.defined()) proposals = fixed_proposals_;
  const detection::RoiBatch rois = detection::sample_rois(config_.model.box, proposals, gt,
                                                          images.ids, model.num_classes(), key);
  if (profiling()) foreground = foreground_of(rois, count, model.num_classes());  // waits
  const detection::RoiLosses roi = model.roi_heads().losses(features, rois, gt, per_group, groups);
  return detection::Losses{rpn.classification, rpn.box, roi.classification, roi.box, roi.mask}
      .named();
}

void StepBenchmark::enqueue(std::vector<int>& foreground) {
  const auto batch = detection::prepare(on_device_, *trainable_.model, config_.solver.dtype());
  auto all = losses(batch, foreground);
  std::vector<Tensor> outputs;
  for (auto& [name, loss] : all) outputs.push_back(std::exchange(loss, loss.detach()));
  {
    const ProfileGroup group("other", ProfilePhase::kBackward);
    backward(outputs, std::vector<Tensor>(outputs.size()));
  }
  totals_.add(all);
  const ProfileGroup group("optimizer");
  trainable_.optimizer->step(state_, totals_.losses(DType::kF32));
}

double StepBenchmark::update(StepResult& result) {
  const auto start = std::chrono::steady_clock::now();
  const auto work = [&] { enqueue(result.foreground); };
  totals_.start(std::span(&batch_, 1));
  data::upload_into(on_device_, batch_);
  if (config_.solver.cuda_graph && !profiling()) {
    work_.run(work);
  } else {
    work();
  }
  result.loss = 0;
  const auto values = totals_.read(totals_.copy_to_host());  // waits for the device
  for (const auto& [name, loss] : values.losses) result.loss += loss;
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

StepResult StepBenchmark::run() {
  StepResult result;
  reset_peak_memory(options_.device);
  state_.set_learning_rate(config_.solver.schedule().base_lr);
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
