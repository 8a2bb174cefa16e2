#include "detection/training/training_step.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/autograd.h"

namespace denovo::detection {

TrainingStep::TrainingStep(MaskRcnn& model, Arena& arena, nn::Sgd& optimizer,
                           const TrainConfig& config, DeviceStepState& state, ProcessGroup& group)
    : model_(model),
      optimizer_(optimizer),
      dtype_(arena.weights().dtype() == DType::kF64 ? DType::kF64 : config.solver.dtype()),
      group_(group),
      sync_(arena, group),
      config_(config),
      state_(state),
      totals_(state.device()),
      next_iteration_(state.read().iteration) {}

void TrainingStep::run(std::span<const data::Batch> micro_batches, double lr) {
  state_.set_learning_rate(lr);
  totals_.start(micro_batches);
  if (Recorded* recorded = recorded_for(micro_batches)) {
    for (size_t i = 0; i < micro_batches.size(); ++i)
      data::upload_into(recorded->batches[i], micro_batches[i]);
    recorded->work.run([&] { enqueue(recorded->batches); });
  } else {
    std::vector<data::Batch> batches;
    for (const data::Batch& batch : micro_batches)
      batches.push_back(data::upload(batch, state_.device()));
    enqueue(batches);
  }
  std::vector<int64_t> image_ids;
  for (const data::Batch& batch : micro_batches) {
    const auto ids = batch.image_ids.to_vector<int64_t>();
    image_ids.insert(image_ids.end(), ids.begin(), ids.end());
  }
  pending_.push_back(
      {next_iteration_++, totals_.copy_to_host(), std::move(image_ids), state_.copy_to_host()});
}

TrainingStep::Recorded* TrainingStep::recorded_for(std::span<const data::Batch> micro_batches) {
  // Sums over ranks are watched by the host, which a record leaves out.
  if (!config_.solver.cuda_graph || group_.size() > 1) return nullptr;
  std::vector<int64_t> shapes;
  for (const data::Batch& batch : micro_batches)
    shapes.insert(shapes.end(), {batch.count(), batch.images.size(1), batch.images.size(2)});
  const auto found = recorded_.find(shapes);
  if (found != recorded_.end()) return &found->second;
  if (recorded_.size() == kMaxRecorded) return nullptr;
  Recorded recorded{{}, RepeatedWork(state_.device())};
  for (size_t i = 0; i < micro_batches.size(); ++i) {
    recorded.batches.push_back(data::empty_like(micro_batches[i], state_.device()));
    Tensor& images = recorded.batches.back().images;
    images = image_memory(i, images);
  }
  return &recorded_.emplace(std::move(shapes), std::move(recorded)).first->second;
}

Tensor TrainingStep::image_memory(size_t micro_batch, const Tensor& images) {
  image_memory_.resize(std::max(image_memory_.size(), micro_batch + 1));
  Tensor& memory = image_memory_[micro_batch];
  if (!memory.defined() || memory.numel() < images.numel()) memory = images.view({images.numel()});
  return memory.rows(0, images.numel()).view(images.shape());
}

void TrainingStep::enqueue(std::span<const data::Batch> micro_batches) {
  const int64_t images = micro_batches[0].count();
  const int64_t per_group = std::min<int64_t>(config_.solver.images_per_group, images);
  const LossGroups groups{
      static_cast<int>(per_group),
      images / per_group * static_cast<int64_t>(micro_batches.size()) * group_.size()};
  for (const data::Batch& micro_batch : micro_batches) {
    const DeviceBatch batch = prepare(micro_batch, model_, dtype_);
    auto losses =
        model_
            .losses(batch.images, batch.gt, {static_cast<uint64_t>(config_.seed), &state_}, groups)
            .named();
    std::vector<Tensor> outputs;
    for (auto& [name, loss] : losses) outputs.push_back(std::exchange(loss, loss.detach()));
    if (&micro_batch == &micro_batches.back()) sync_.start();
    backward(outputs, std::vector<Tensor>(outputs.size()));
    totals_.add(losses);
  }
  totals_.all_reduce(group_);
  sync_.finish();
  optimizer_.step(state_, totals_.losses(compute_dtype(dtype_)));
}

std::vector<StepRecord> TrainingStep::take_records(bool drain) {
  std::vector<StepRecord> records;
  while (pending_.size() > (drain ? 0u : 1u)) {
    Pending pending = std::move(pending_.front());
    pending_.pop_front();
    StepTotals::Values values = totals_.read(std::move(pending.totals));
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

void TrainingStep::report_divergence(const StepRecord& record,
                                     const std::vector<int64_t>& image_ids) {
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
