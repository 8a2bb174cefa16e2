#include "detection/training/training_step.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <utility>

#include "core/autograd.h"

namespace denovo::detection {

DeviceBatch to_device(const data::Batch& batch, const MaskRcnn& model, DType dtype, Device device) {
  DeviceBatch result;
  const auto to = [&](const Tensor& host) {
    return host.defined() ? upload(host, device) : Tensor();
  };
  result.images.sizes = to(batch.image_sizes);
  result.images.ids = to(batch.image_ids);
  result.images.pixels = model.normalize(to(batch.images), result.images.sizes, dtype);
  result.gt.boxes = to(batch.boxes).to(compute_dtype(dtype));
  result.gt.classes = to(batch.classes);
  const Tensor vertices = to(batch.polygon_xy);
  result.gt.masks = {vertices.defined() ? vertices.to(compute_dtype(dtype)) : vertices,
                     to(batch.polygon_starts),
                     to(batch.instance_polygons),
                     to(batch.run_ends),
                     to(batch.instance_runs),
                     to(batch.transforms),
                     to(batch.original_sizes)};
  return result;
}

TrainingStep::TrainingStep(MaskRcnn& model, Arena& arena, nn::Sgd& optimizer,
                           const TrainConfig& config, DeviceStepState& state, ProcessGroup& group)
    : model_(model),
      optimizer_(optimizer),
      dtype_(arena.weights().dtype() == DType::kF64 ? DType::kF64 : config.solver.dtype()),
      group_(group),
      sync_(arena, group),
      config_(config),
      state_(state),
      next_iteration_(state.read().iteration) {}

void TrainingStep::run(std::span<const data::Batch> micro_batches, double lr) {
  state_.set_learning_rate(lr);
  StepTotals totals;
  std::vector<int64_t> image_ids;
  const int64_t images = micro_batches[0].images.size(0);
  const int64_t per_group = std::min<int64_t>(config_.solver.images_per_group, images);
  const LossGroups groups{
      static_cast<int>(per_group),
      images / per_group * static_cast<int64_t>(micro_batches.size()) * group_.size()};
  for (const data::Batch& micro_batch : micro_batches) {
    const DeviceBatch batch = to_device(micro_batch, model_, dtype_, state_.device());
    auto losses =
        model_
            .losses(batch.images, batch.gt, {static_cast<uint64_t>(config_.seed), &state_}, groups)
            .named();
    std::vector<Tensor> outputs;
    for (auto& [name, loss] : losses) outputs.push_back(std::exchange(loss, loss.detach()));
    if (&micro_batch == &micro_batches.back()) sync_.start();
    backward(outputs, std::vector<Tensor>(outputs.size()));
    totals.add(losses, micro_batch);
    const auto ids = micro_batch.image_ids.to_vector<int64_t>();
    image_ids.insert(image_ids.end(), ids.begin(), ids.end());
  }
  totals.all_reduce(group_);
  sync_.finish();
  optimizer_.step(state_, totals.losses(compute_dtype(dtype_)));
  pending_.push_back(
      {next_iteration_++, std::move(totals), std::move(image_ids), state_.copy_to_host()});
}

std::vector<StepRecord> TrainingStep::take_records(bool drain) {
  std::vector<StepRecord> records;
  while (pending_.size() > (drain ? 0u : 1u)) {
    Pending pending = std::move(pending_.front());
    pending_.pop_front();
    StepTotals::Values values = pending.totals.read();
    double total = 0;
    for (const auto& [name, value] : values.losses) total += value;
    values.losses.emplace_back("total_loss", total);
    const StepState state = step_state_of(std::move(pending.state));
    records.push_back({pending.iteration, std::move(values.losses), state.grad_norm, values.counts,
                       values.signal});
    if (state.faulted && state.fault_iteration == pending.iteration)
      report_divergence(records.back(), pending.image_ids);
  }
  return records;
}

void TrainingStep::report_divergence(const StepRecord& record, const std::vector<int64_t>& image_ids) {
  std::string broken = fmt::format("the gradient norm is {}", std::abs(record.grad_norm));
  for (const auto& [name, value] : record.losses) {
    if (!std::isfinite(value)) {
      // A nan has a sign that says nothing.
      broken = fmt::format("{} is {}", name, std::isnan(value) ? std::abs(value) : value);
      break;
    }
  }
  const auto images = group_.gather(fmt::format("{}", fmt::join(image_ids, ", ")));
  together(group_, [&] {
    throw DivergedError(fmt::format(
        "training diverged at iteration {}: {}, images {}; no update was made from there on",
        record.iteration, broken, fmt::join(images, ", ")));
  });
  throw InternalError("training step: a divergence went unreported");
}

}  // namespace denovo::detection
