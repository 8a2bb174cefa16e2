#include "detection/training/training_step.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

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
  result.gt.masks = {to(batch.polygon_xy),    to(batch.polygon_starts), to(batch.instance_polygons),
                     to(batch.run_ends),      to(batch.instance_runs),  to(batch.transforms),
                     to(batch.original_sizes)};
  return result;
}

TrainingStep::TrainingStep(MaskRcnn& model, nn::Sgd& optimizer, const TrainConfig& config,
                           DeviceStepState& state)
    : model_(model),
      optimizer_(optimizer),
      config_(config),
      state_(state),
      next_iteration_(state.read().iteration) {}

void TrainingStep::run(std::span<const data::Batch> micro_batches, double lr) {
  state_.set_learning_rate(lr);
  decltype(Pending::losses) copies;
  std::vector<int64_t> image_ids;
  const int64_t images = micro_batches[0].images.size(0);
  const int64_t per_group = std::min<int64_t>(config_.solver.images_per_group, images);
  const LossGroups groups{static_cast<int>(per_group),
                          images / per_group * static_cast<int64_t>(micro_batches.size())};
  std::vector<Tensor> all_losses;
  for (const data::Batch& micro_batch : micro_batches) {
    const DeviceBatch batch =
        to_device(micro_batch, model_, config_.solver.dtype(), state_.device());
    const auto losses =
        model_
            .losses(batch.images, batch.gt, {static_cast<uint64_t>(config_.seed), &state_}, groups)
            .named();
    std::vector<Tensor> outputs;
    for (const auto& [name, loss] : losses) outputs.push_back(loss);
    backward(outputs, std::vector<Tensor>(outputs.size()));
    copies.emplace_back();
    for (const auto& [name, loss] : losses) {
      all_losses.push_back(loss.detach());  // the graph and its activations go now
      copies.back().emplace_back(name, HostCopy(all_losses.back()));
    }
    const auto ids = micro_batch.image_ids.to_vector<int64_t>();
    image_ids.insert(image_ids.end(), ids.begin(), ids.end());
  }
  optimizer_.step(state_, all_losses);
  pending_.push_back(
      {next_iteration_++, std::move(copies), std::move(image_ids), state_.copy_to_host()});
}

namespace {

/// The losses of an update, summed over its micro-batches, then their total.
std::vector<std::pair<std::string, double>> summed(
    std::vector<std::vector<std::pair<std::string, HostCopy>>>& losses) {
  std::vector<std::pair<std::string, double>> result;
  double total = 0;
  for (size_t i = 0; i < losses[0].size(); ++i) {
    double sum = 0;
    for (auto& micro_batch : losses) sum += micro_batch[i].second.get().item();
    result.emplace_back(losses[0][i].first, sum);
    total += sum;
  }
  result.emplace_back("total_loss", total);
  return result;
}

[[noreturn]] void throw_diverged(const StepRecord& record) {
  std::string broken = fmt::format("the gradient norm is {}", std::abs(record.grad_norm));
  for (const auto& [name, value] : record.losses) {
    if (!std::isfinite(value)) {
      // A nan has a sign that says nothing.
      broken = fmt::format("{} is {}", name, std::isnan(value) ? std::abs(value) : value);
      break;
    }
  }
  throw DivergedError(fmt::format(
      "training diverged at iteration {}: {}, images {}; no update was made from there on",
      record.iteration, broken, fmt::join(record.image_ids, ", ")));
}

}  // namespace

std::vector<StepRecord> TrainingStep::take_records(bool drain) {
  std::vector<StepRecord> records;
  while (pending_.size() > (drain ? 0u : 1u)) {
    Pending pending = std::move(pending_.front());
    pending_.pop_front();
    const StepState state = step_state_of(std::move(pending.state));
    records.push_back(
        {pending.iteration, summed(pending.losses), state.grad_norm, std::move(pending.image_ids)});
    if (state.faulted && state.fault_iteration == pending.iteration) throw_diverged(records.back());
  }
  return records;
}

}  // namespace denovo::detection
