#include "detection/classifier/image_classifier.h"

#include <doctest/doctest.h>

#include <limits>

#include "core/autograd.h"
#include "core/backend.h"
#include "core/files/safetensors.h"
#include "core/step_state.h"
#include "data/classification/classification_loader.h"
#include "data/shapes/shapes_folder.h"
#include "detection/weights/load_weights.h"
#include "nn/optimizer/sgd.h"
#include "nn/state_dict.h"
#include "testing/temporary_directory.h"

using namespace denovo;
using namespace denovo::detection;

namespace {

BackboneConfig tiny_backbone() {
  BackboneConfig backbone;
  backbone.blocks = {1, 1, 1, 1};
  backbone.block = "basic";
  backbone.stem_channels = 8;
  backbone.channels = {8, 16, 32, 64};
  backbone.num_groups = 4;
  backbone.fpn_channels = 8;
  return backbone;
}

constexpr int kSize = 64;

/// Layers this small are faster on one thread, and on a busy machine by far: threads that wait for
/// their share spin.
class OneThread {
 public:
  OneThread() { cpu_context().set_num_threads(1); }
  ~OneThread() { cpu_context().set_num_threads(before_); }

 private:
  int before_ = cpu_context().num_threads();
};

TopCounts evaluate(const ImageClassifier& model, const data::ImageFolder& folder) {
  const NoGrad no_grad;
  data::ClassificationEvalLoader loader(folder,
                                        {.size = kSize, .images_per_batch = 16, .threads = 0});
  TopCounts counts;
  while (const auto batch = loader.next()) counts.add(model.forward(batch->images), batch->labels);
  return counts;
}

void train(const ImageClassifier& model, const data::ImageFolder& folder, int steps) {
  std::vector<ArenaLeaf> leaves;
  model.for_each_parameter([&](const std::string& name, const nn::Parameter& parameter) {
    leaves.push_back({.name = name, .tensor = parameter.tensor()});
  });
  Arena arena(std::move(leaves));
  nn::Sgd optimizer(arena, {.momentum = 0.9, .weight_decay = 1e-4});
  DeviceStepState state(kCpu);
  state.get()->lr = 0.02;
  data::ClassificationTrainLoader loader(
      folder, {.size = kSize, .min_scale = 0.7f, .images_per_batch = 16, .threads = 0, .seed = 1});
  for (int step = 0; step < steps; ++step) {
    const data::ClassificationBatch batch = loader.next();
    const Tensor loss = model.loss(batch.images, batch.labels);
    backward(loss);
    optimizer.step(state, std::span(&loss, 1));
  }
}

}  // namespace

TEST_CASE("image classifier: learns a generated folder that it cannot know untrained") {
  const OneThread one_thread;
  const testing::TemporaryDirectory directory;
  data::write_shapes_folder(
      directory / "shapes",
      {.num_train = 1, .num_val = 1, .size = 64, .num_classification = 60, .seed = 5});
  const data::ImageFolder folder =
      data::read_image_folder(directory / "shapes/classification/train");
  const auto num_classes = static_cast<int>(folder.classes.size());
  ImageClassifier model(tiny_backbone(), {}, num_classes);
  model.initialize(1);
  CHECK(evaluate(model, folder).top1_accuracy() < 0.35);
  train(model, folder, 120);
  const TopCounts trained = evaluate(model, folder);
  CHECK(trained.images == static_cast<int64_t>(folder.images.size()));
  CHECK(trained.top1_accuracy() > 0.7);
  CHECK(trained.top5 > trained.top1);
}

TEST_CASE("image classifier: its trunk loads into a detector as it is") {
  const testing::TemporaryDirectory directory;
  ImageClassifier classifier(tiny_backbone(), {}, 3);
  classifier.initialize(7);
  const std::string path = directory / "model.safetensors";
  write_safetensors(path, nn::state_dict(classifier));
  ModelConfig config;
  config.backbone = tiny_backbone();
  config.box = {.conv_channels = 8, .fc_channels = 8};
  config.mask.channels = 8;
  MaskRcnn detector(config, 2);
  detector.initialize(1);
  load_backbone(detector, path);
  const nn::StateDict expected = nn::state_dict(classifier.trunk()),
                      got = nn::state_dict(detector.backbone().bottom_up());
  REQUIRE(got.size() == expected.size());
  for (size_t i = 0; i < got.size(); ++i) {
    CAPTURE(got[i].first);
    CHECK(got[i].first == expected[i].first);
    CHECK(got[i].second.to_vector<float>() == expected[i].second.to_vector<float>());
  }
}

TEST_CASE("image classifier: the loss at equal logits is ln K for any batch") {
  ImageClassifier model(tiny_backbone(), {}, 5);
  model.initialize(1);
  model.for_each_parameter([](const std::string& name, const nn::Parameter& parameter) {
    if (name.starts_with("linear")) fill(parameter.tensor(), 0);
  });
  for (const int64_t n : {1, 3}) {
    const Tensor loss =
        model.loss(Tensor::full({n, 32, 32, 3}, 90, DType::kU8), Tensor::full({n}, 4, DType::kI32));
    CHECK(loss.item() == doctest::Approx(1.6094379).epsilon(1e-6));
  }
}

TEST_CASE("top counts: ties go to the lower class, and NaN is never right") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const Tensor logits = Tensor::from<double>({4, 6}, {5,   5, 1, 1, 1, 1,  //
                                                      5,   5, 1, 1, 1, 1,  //
                                                      9,   8, 7, 6, 5, 4,  //
                                                      nan, 1, 1, 1, 1, 1});
  TopCounts counts;
  counts.add(logits, Tensor::from<int32_t>({4}, {0, 1, 5, 0}));
  CHECK(counts.images == 4);
  CHECK(counts.top1 == 1);
  CHECK(counts.top5 == 2);
  counts.add(logits.rows(3, 4), Tensor::from<int32_t>({1}, {1}));
  CHECK(counts.top1 == 2);
  CHECK(counts.top1_accuracy() == 0.4);
}
