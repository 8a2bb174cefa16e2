#include "nn/training/training_step.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/autograd/autograd.h"
#include "core/error.h"
#include "core/run/profile.h"

namespace denovo::nn {

TrainingStep::TrainingStep(LossFunction losses, const Trainable& trainable,
                           const SolverConfig& solver, DeviceStepState& state, ProcessGroup& group)
    : losses_(std::move(losses)),
      trainable_(trainable),
      dtype_(trainable.arena->weights().dtype() == DType::kF64 ? DType::kF64 : solver.dtype()),
      rounded_(dtype_ == trainable.arena->weights().dtype()
                   ? Tensor()
                   : Tensor::empty({trainable.arena->numel()}, dtype_, state.device())),
      records_(solver.cuda_graph),
      group_(group),
      sync_(*trainable.arena, group),
      state_(state),
      totals_(state.device()),
      next_iteration_(state.read().iteration) {}

void TrainingStep::run(std::span<const MicroBatch> micro_batches, double lr) {
  state_.set_learning_rate(lr);
  StepCounts counts;
  std::vector<int64_t> image_ids;
  for (const MicroBatch& micro_batch : micro_batches) {
    counts += micro_batch.counts;
    image_ids.insert(image_ids.end(), micro_batch.image_ids.begin(), micro_batch.image_ids.end());
  }
  totals_.start(counts);
  if (Recorded* recorded = recorded_for(micro_batches)) {
    for (size_t i = 0; i < micro_batches.size(); ++i)
      for (size_t t = 0; t < micro_batches[i].tensors.size(); ++t)
        if (const Tensor& host = micro_batches[i].tensors[t]; host.defined())
          upload_into(recorded->batches[i][t], host);
    recorded->work.run([&] { enqueue(recorded->batches); });
  } else {
    std::vector<DeviceBatch> batches;
    for (const MicroBatch& micro_batch : micro_batches)
      batches.push_back(upload(micro_batch.tensors, state_.device()));
    enqueue(batches);
  }
  pending_.push_back(
      {next_iteration_++, totals_.copy_to_host(), std::move(image_ids), state_.copy_to_host()});
}

TrainingStep::Recorded* TrainingStep::recorded_for(std::span<const MicroBatch> micro_batches) {
  if (!records_ || profiling()) return nullptr;  // a profile waits for the device
  std::vector<Shape> shapes;
  for (const MicroBatch& micro_batch : micro_batches)
    for (const Tensor& tensor : micro_batch.tensors)
      shapes.push_back(tensor.defined() ? tensor.shape() : Shape());
  const auto found = recorded_.find(shapes);
  if (found != recorded_.end()) return &found->second;
  if (recorded_.size() == kMaxRecorded) return nullptr;
  Recorded recorded{std::vector<DeviceBatch>(micro_batches.size()), RepeatedWork(state_.device())};
  for (size_t i = 0; i < micro_batches.size(); ++i)
    for (const Tensor& tensor : micro_batches[i].tensors)
      recorded.batches[i].push_back(
          tensor.defined() ? shared_memory(i, recorded.batches[i].size(), tensor) : Tensor());
  return &recorded_.emplace(std::move(shapes), std::move(recorded)).first->second;
}

Tensor TrainingStep::shared_memory(size_t micro_batch, size_t tensor, const Tensor& like) {
  Tensor& memory = memory_[{micro_batch, tensor}];
  if (!memory.defined() || memory.numel() < like.numel())
    memory = Tensor::empty({like.numel()}, like.dtype(), state_.device());
  return memory.rows(0, like.numel()).view(like.shape());
}

void TrainingStep::enqueue(std::span<const DeviceBatch> batches) {
  const LossContext context{&state_, dtype_, std::ssize(batches) * group_.size()};
  {
    const RoundedLeaves rounded(*trainable_.arena, rounded_);
    for (const DeviceBatch& batch : batches) {
      NamedLosses losses = losses_(batch, context);
      std::vector<Tensor> outputs;
      for (auto& [name, loss] : losses) outputs.push_back(std::exchange(loss, loss.detach()));
      if (&batch == &batches.back()) sync_.start();
      {
        const ProfileGroup group("other", ProfilePhase::kBackward);
        backward(outputs, std::vector<Tensor>(outputs.size()));
      }
      totals_.add(losses);
    }
  }
  totals_.all_reduce(group_);
  sync_.finish();
  const ProfileGroup group("optimizer");
  trainable_.step(state_, totals_.losses(compute_dtype(dtype_)));
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

}  // namespace denovo::nn
