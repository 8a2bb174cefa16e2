#include "detection/pretraining/image_classifier.h"

#include <doctest/doctest.h>

#include <limits>

#include "core/autograd/autograd.h"
#include "core/files/safetensors.h"
#include "core/kernels/backend.h"
#include "core/run/step_state.h"
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
  backbone.block = BlockKind::kBasic;
  backbone.stem_channels = 8;
  backbone.channels = {8, 16, 32, 64};
  backbone.num_groups = 4;
  backbone.fpn_channels = 8;
  return backbone;
}

}  // namespace

TEST_CASE("image classifier: its trunk loads into a detector as it is") {
  const testing::TemporaryDirectory directory;
  ClassifierModelConfig model;
  model.backbone = tiny_backbone();
  ImageClassifier classifier(model, 3);
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
                      got = nn::state_dict(detector.backbone().trunk());
  REQUIRE(got.size() == expected.size());
  for (size_t i = 0; i < got.size(); ++i) {
    CAPTURE(got[i].first);
    CHECK(got[i].first == expected[i].first);
    CHECK(got[i].second.to_vector<float>() == expected[i].second.to_vector<float>());
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
  CHECK(counts.images == 5);
}
