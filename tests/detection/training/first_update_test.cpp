// One update on a GPU against the CPU's: the losses, and the gradients of all parameters. Whatever
// decides by comparing makes rounding visible and is kept out: both train on the proposals of the
// CPU's network, and the seed is one for which no ReLU and no maximum lies within f32's rounding.
#include <algorithm>
#include <cmath>

#include "core/kernels/random.h"
#include "data/loading/loader.h"
#include "detection/training/build_model.h"
#include "detection/training/device_batch.h"
#include "nn/training/trainable.h"
#include "nn/training/training_step.h"
#include "testing/gpu.h"
#include "tests/detection/training/small_run.h"

using namespace denovo;
using namespace denovo::detection;
using denovo::detection::testing::kSteadySeed;
using denovo::detection::testing::relative_difference;
using denovo::detection::testing::SmallRun;
using denovo::testing::gpu_or_skip;

namespace {

constexpr double kTolerance = 1e-4;

TrainConfig steady_config() {
  TrainConfig config = SmallRun().config;
  config.seed = kSteadySeed;
  return config;
}

struct FirstUpdate {
  std::vector<std::pair<std::string, double>> losses;
  NamedTensors momenta;  // after one update the gradients and the weight decay
  Proposals proposals;   // of its own network
  RoiBatch rois;
};

struct Given {
  Device device;
  const Proposals* proposals = nullptr;  // to train on, in place of its own
  uint32_t rounding = 0;                 // not 0: a draw of changes of the weights
};

Proposals copied(const Proposals& proposals, Device device) {
  return {proposals.boxes.to(device), proposals.logits.to(device), proposals.counts.to(device)};
}

void change_weights(MaskRcnn& model, uint32_t draw) {
  constexpr double kChange = 3e-6;
  const RandomStream random{draw, RandomPurpose::kTest};
  uint32_t n = 0;
  model.for_each_parameter([&](const std::string&, const nn::Parameter& parameter) {
    float* weights = parameter.tensor().data<float>();
    for (int64_t i = 0; i < parameter.tensor().numel(); ++i)
      weights[i] *= static_cast<float>(1 + kChange * (random.bits(n++) * 0x1p-31 - 1));
  });
}

FirstUpdate first_update(const TrainConfig& config, const Given& given) {
  const auto dataset = data::read_coco(config.data.path(config.data.train_annotations));
  const auto model = build_model(config, data::CategoryList::of(dataset), given.device).model;
  if (given.rounding != 0) change_weights(*model, given.rounding);
  const nn::Trainable trainable = nn::make_trainable(*model, config.solver);
  DeviceStepState state(given.device);
  FirstUpdate update;
  StageTap tap;
  tap.proposals = [&](Proposals& proposals) {
    update.proposals = copied(proposals, kCpu);
    if (given.proposals) proposals = copied(*given.proposals, given.device);
  };
  tap.rois = [&](const RoiBatch& rois) { update.rois = rois; };
  nn::TrainingStep step(
      [&](auto batch, const nn::LossContext& context) {
        return detector_losses(*model, config, batch, context, tap);
      },
      trainable, config.solver, state);
  const data::TrainingView view = data::training_view(dataset, {});
  data::TrainLoader loader({dataset, config.data.path(config.data.train_images)}, view,
                           {.builder = {.rule = config.input.train_rule(), .seed = 3},
                            .images_per_batch = config.solver.images_per_batch,
                            .threads = 0},
                           0);
  const nn::MicroBatch batch = micro_batch_of(loader.next());
  step.run(std::span(&batch, 1), 0.01);
  update.losses = step.take_records(true)[0].losses;
  update.momenta = trainable.optimizer->state_dict();
  return update;
}

void check_same(const FirstUpdate& got, const FirstUpdate& expected, double tolerance) {
  CHECK(got.rois.classes.to_vector<int32_t>() == expected.rois.classes.to_vector<int32_t>());
  CHECK(got.rois.boxes.to_vector<float>() == expected.rois.boxes.to_vector<float>());
  const double total = expected.losses.back().second;
  REQUIRE(got.losses.size() == expected.losses.size());
  for (size_t i = 0; i < expected.losses.size(); ++i) {
    INFO(expected.losses[i].first);
    CHECK(std::abs(got.losses[i].second - expected.losses[i].second) <= tolerance * total);
  }
  REQUIRE(got.momenta.size() == expected.momenta.size());
  for (size_t i = 0; i < expected.momenta.size(); ++i) {
    INFO(expected.momenta[i].first);
    CHECK(relative_difference(got.momenta[i].second, expected.momenta[i].second) <= tolerance);
  }
}

/// The share of a's proposals that b has too, within a tenth of a pixel.
double share_in(const Proposals& a, const Proposals& b) {
  const auto boxes = a.boxes.to_vector<float>(), others = b.boxes.to_vector<float>();
  const auto counts = a.counts.to_vector<int32_t>(), num_others = b.counts.to_vector<int32_t>();
  const auto slots = static_cast<size_t>(a.boxes.size(1));
  int total = 0, found = 0;
  for (size_t n = 0; n < counts.size(); ++n) {
    const float *first = &boxes[n * slots * 4], *other = &others[n * slots * 4];
    total += counts[n];
    for (int i = 0; i < counts[n]; ++i) {
      for (int j = 0; j < num_others[n]; ++j) {
        if (!std::equal(first + 4 * i, first + 4 * i + 4, other + 4 * j,
                        [](float x, float y) { return std::abs(x - y) < 0.1f; }))
          continue;
        ++found;
        break;
      }
    }
  }
  REQUIRE(total > 0);
  return static_cast<double>(found) / total;
}

}  // namespace

TEST_CASE("first update: objects and background are sampled, and rounding decides nothing") {
  const TrainConfig config = steady_config();
  const FirstUpdate exact = first_update(config, {.device = kCpu});
  const auto classes = exact.rois.classes.to_vector<int32_t>();
  const int32_t background = *std::max_element(classes.begin(), classes.end());
  CHECK(std::count(classes.begin(), classes.end(), background) >= 8);
  CHECK(std::count_if(classes.begin(), classes.end(), [&](int c) { return c < background; }) >= 4);
  for (uint32_t draw = 1; draw <= 5; ++draw) {
    CAPTURE(draw);
    check_same(first_update(config, {kCpu, &exact.proposals, draw}), exact, kTolerance);
  }
}

TEST_CASE("first update: a GPU's is the CPU's, in all losses and all gradients") {
  const TrainConfig config = steady_config();
  const FirstUpdate expected = first_update(config, {.device = kCpu});
  // Proposals that are given and are its own change nothing.
  check_same(first_update(config, {kCpu, &expected.proposals}), expected, 0);
  const auto gpu = gpu_or_skip();
  if (!gpu) return;
  const FirstUpdate got = first_update(config, {*gpu, &expected.proposals});
  check_same(got, expected, kTolerance);
  // Near-ties may change a few.
  CHECK(share_in(expected.proposals, got.proposals) >= 0.9);
}
