// Five updates in f64: ranks with their parts of each batch against one rank with all of it. Both
// add the same numbers in other orders; 1e-10 leaves no room for another objective.
#include <doctest/doctest.h>

#include <cmath>

#include "data/loading/loader.h"
#include "detection/training/detector_task.h"
#include "detection/training/device_batch.h"
#include "nn/schedule/lr_schedule.h"
#include "nn/training/training_step.h"
#include "testing/ranks.h"
#include "tests/detection/training/small_run.h"

using namespace denovo;
using namespace denovo::detection;
using denovo::detection::testing::shared_data;
using denovo::testing::group;

namespace {

constexpr double kTolerance = 1e-10;
constexpr int kSteps = 5;

TrainConfig small_config(const std::vector<std::string>& overrides) {
  TrainConfig config;
  ConfigFields fields = ConfigFields::of(config);
  fields.read_file(DENOVO_TEST_DATA "/data_files/training/small_run.toml");
  fields.apply_override("solver.images_per_batch=8");
  for (const std::string& assignment : overrides) fields.apply_override(assignment);
  config.validate();
  return config;
}

struct Result {
  std::vector<std::vector<std::pair<std::string, double>>> losses;  // by step
  std::vector<double> grad_norms, weights, buffers;
  nn::StepCounts counts;
};

Result train(const TrainConfig& config, const data::CocoDataset& dataset, ProcessGroup& ranks) {
  config.solver.validate_ranks(ranks.size());
  MaskRcnn model(config.model, dataset.num_classes());
  model.reallocate(DType::kF64, kCpu);
  model.initialize(7);
  model.join(ranks);
  std::vector<ArenaLeaf> leaves;
  model.for_each_parameter([&](const std::string& name, const nn::Parameter& parameter) {
    leaves.push_back({name, parameter.tensor()});
  });
  nn::Trainable trainable;
  trainable.arena = std::make_unique<Arena>(leaves);
  trainable.optimizer = nn::make_optimizer(*trainable.arena, config.solver);
  DeviceStepState state(kCpu);
  nn::TrainingStep step(
      [&](auto batch, const nn::LossContext& context) {
        return detector_losses(model, config, batch, context);
      },
      trainable, config.solver, state, ranks);

  const data::TrainingView view = data::training_view(dataset, {});
  data::TrainLoader loader({dataset, config.data.path(config.data.train_images)}, view,
                           {.builder = {.rule = config.input.train_rule(), .seed = 3},
                            .images_per_batch = config.solver.images_per_batch,
                            .num_parts = config.solver.accumulate * ranks.size(),
                            .threads = 0},
                           0, ranks.rank(), ranks.size());
  Result result;
  for (int i = 0; i < kSteps; ++i) {
    std::vector<nn::MicroBatch> batches;
    for (int part = 0; part < config.solver.accumulate; ++part)
      batches.push_back(micro_batch_of(loader.next()));
    step.run(batches, 0.01);
    const nn::StepRecord record = step.take_records(true)[0];
    result.losses.push_back(record.losses);
    result.grad_norms.push_back(record.grad_norm);
    result.counts = record.counts;
  }
  result.weights = trainable.arena->weights().to_vector<double>();
  model.for_each_buffer([&](const std::string&, const nn::Buffer& buffer) {
    const auto values = buffer.tensor().to_vector<double>();
    result.buffers.insert(result.buffers.end(), values.begin(), values.end());
  });
  return result;
}

void check_same(const std::vector<double>& ours, const std::vector<double>& expected) {
  REQUIRE(ours.size() == expected.size());
  double largest = 1e-300, worst = 0;
  for (size_t i = 0; i < ours.size(); ++i) {
    largest = std::max(largest, std::abs(expected[i]));
    worst = std::max(worst, std::abs(ours[i] - expected[i]));
  }
  CHECK(worst <= kTolerance * largest);
}

void check_equals_one_rank(const std::vector<std::string>& overrides) {
  TrainConfig config = small_config(overrides);
  config.data.root = shared_data(group());
  const auto dataset = data::read_coco(config.data.path(config.data.train_annotations));
  const Result one = train(config, dataset, ProcessGroup::alone());
  const Result ours = train(config, dataset, group());
  for (size_t i = 0; i < kSteps; ++i) {
    for (size_t k = 0; k < one.losses[i].size(); ++k) {
      const auto& [name, expected] = one.losses[i][k];
      INFO("step ", i, ", ", name, ": ", ours.losses[i][k].second, ", one rank ", expected);
      CHECK(std::abs(ours.losses[i][k].second - expected) <= kTolerance * std::abs(expected));
    }
  }
  check_same(ours.grad_norms, one.grad_norms);
  check_same(ours.weights, one.weights);
  check_same(ours.buffers, one.buffers);
  CHECK(ours.counts.images == one.counts.images);
  CHECK(ours.counts.instances == one.counts.instances);
  CHECK(ours.counts.pixels == one.counts.pixels);
  // All ranks hold the same bytes.
  const Tensor first = Tensor::from({static_cast<int64_t>(ours.weights.size())}, ours.weights);
  group().broadcast(first);
  CHECK(first.to_vector<double>() == ours.weights);
}

}  // namespace

TEST_CASE("ranks: five f64 updates equal those of one rank with the whole batch") {
  check_equals_one_rank({});
}

TEST_CASE("ranks: so do updates of accumulated micro-batches") {
  check_equals_one_rank({"solver.accumulate=2", "solver.images_per_group=1"});
}

TEST_CASE("ranks: so do AdamW's, whose gradients are clipped by value") {
  check_equals_one_rank({"solver.optimizer=adamw", "solver.clip_value=0.01"});
}

TEST_CASE("ranks: so do updates of a cascade") {
  check_equals_one_rank({"model.cascade.enabled=true"});
}

TEST_CASE("ranks: so do updates with SyncBN in the trunk, the pyramid and the heads") {
  check_equals_one_rank({"model.backbone.norm=\"SyncBN\"", "model.backbone.fpn_norm=\"SyncBN\"",
                         "model.box.convs=1", "model.box.conv_channels=8",
                         "model.box.norm=\"SyncBN\"", "model.mask.norm=\"SyncBN\""});
}
