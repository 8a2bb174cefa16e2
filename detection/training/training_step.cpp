#include "detection/training/training_step.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "core/autograd.h"

namespace denovo::detection {

DeviceBatch to_device(const data::Batch& batch, const MaskRcnn& model, DType dtype, Device device) {
  DeviceBatch result;
  result.images.sizes = batch.image_sizes.to(device);
  result.images.ids = batch.image_ids.to(device);
  result.images.pixels = model.normalize(batch.images.to(device), result.images.sizes, dtype);
  const auto upload = [&](const Tensor& tensor) {
    return tensor.defined() ? tensor.to(device) : Tensor();
  };
  result.gt.boxes = batch.boxes.to(device).to(dtype);
  result.gt.classes = batch.classes.to(device);
  result.gt.masks = {upload(batch.polygon_xy),        upload(batch.polygon_starts),
                     upload(batch.instance_polygons), upload(batch.run_ends),
                     upload(batch.instance_runs),     upload(batch.transforms),
                     upload(batch.original_sizes)};
  return result;
}

TrainingStep::TrainingStep(MaskRcnn& model, nn::Sgd& optimizer, const TrainConfig& config,
                           DeviceStepState& state)
    : model_(model),
      optimizer_(optimizer),
      config_(config),
      state_(state),
      next_iteration_(state.get()->iteration) {}

void TrainingStep::run(std::span<const data::Batch> micro_batches, double lr) {
  state_.get()->lr = lr;
  Pending pending{next_iteration_++, {}, {}};
  const int64_t images = micro_batches[0].images.size(0);
  const int64_t per_group = std::min<int64_t>(config_.solver.images_per_group, images);
  const LossGroups groups{static_cast<int>(per_group),
                          images / per_group * static_cast<int64_t>(micro_batches.size())};
  std::vector<Tensor> all_losses;
  for (const data::Batch& micro_batch : micro_batches) {
    const DeviceBatch batch = to_device(micro_batch, model_, DType::kF32, state_.device());
    const auto losses =
        model_
            .losses(batch.images, batch.gt, {static_cast<uint64_t>(config_.seed), &state_}, groups)
            .named();
    std::vector<Tensor> outputs;
    for (const auto& [name, loss] : losses) outputs.push_back(loss);
    backward(outputs, std::vector<Tensor>(outputs.size()));
    pending.losses.push_back(losses);
    for (auto& [name, loss] : pending.losses.back()) {
      loss = loss.detach();  // the graph and its activations go now
      all_losses.push_back(loss);
    }
    const auto ids = micro_batch.image_ids.to_vector<int64_t>();
    pending.image_ids.insert(pending.image_ids.end(), ids.begin(), ids.end());
  }
  optimizer_.step(state_, all_losses);
  pending_.push_back(std::move(pending));
}

StepRecord TrainingStep::read(const Pending& pending) const {
  StepRecord record{pending.iteration, {}, 0, pending.image_ids};
  double total = 0;
  for (size_t i = 0; i < pending.losses[0].size(); ++i) {
    double sum = 0;
    for (const auto& micro_batch : pending.losses) sum += micro_batch[i].second.item();
    record.losses.emplace_back(pending.losses[0][i].first, sum);
    total += sum;
  }
  record.losses.emplace_back("total_loss", total);
  return record;
}

std::vector<StepRecord> TrainingStep::take_records(bool drain) {
  std::vector<StepRecord> records;
  while (pending_.size() > (drain ? 0u : 1u)) {
    records.push_back(read(pending_.front()));
    const StepRecord& record = records.back();
    pending_.pop_front();
    const StepState& state = *state_.get();
    if (state.faulted && record.iteration == state.fault_iteration) {
      std::string broken = fmt::format("the gradient norm is {}", std::abs(state.grad_norm));
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
  }
  if (!records.empty()) records.back().grad_norm = state_.get()->grad_norm;
  return records;
}

}  // namespace denovo::detection
