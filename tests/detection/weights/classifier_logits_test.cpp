// torchvision's classifiers, imported by name, give torchvision's logits
// (tests/oracles/classifier_logits.py). Weights come from a formula and repeat after a million
// values, so that VGG-16 takes seconds: its 138 million weights are copied rather than drawn.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/autograd/autograd.h"
#include "core/files/safetensors.h"
#include "detection/parity/reference_file.h"
#include "tests/detection/weights/torchvision_networks.h"

using namespace denovo;
using namespace denovo::detection;
using namespace denovo::detection::testing;

namespace {

constexpr int64_t kPeriod = 1'000'003;
constexpr int kNumClasses = 1000;

/// torchvision's vgg16 from pixels to logits.
ClassifierModelConfig vgg16(nn::NormKind norm) {
  ClassifierModelConfig config;
  config.backbone.type = TrunkKind::kVgg;
  config.backbone.depth = 16;
  config.backbone.norm = norm;
  config.head = {.resolution = 7, .fcs = 2, .fc_channels = 4096, .dropout = 0.5};
  return config;
}

/// The picture's logits against the committed ones; returns the parameters of the model.
int64_t check_logits(const std::string& name, ClassifierModelConfig config, Codebase codebase,
                     double gain) {
  CAPTURE(name);
  config.pixel = torchvision_pixels();
  ImageClassifier model(config, kNumClasses);
  model.train(false);
  load_drawn(model, codebase, {.salt = name, .gain = gain, .period = kPeriod});
  const NoGrad no_grad;
  const Tensor logits =
      model.forward(drawn_pixels({1, 64, 64, 3}), Tensor::from<int32_t>({1, 2}, {64, 64}));
  const auto expected =
      SafetensorsFile(DENOVO_TEST_DATA "/data_files/weights/classifier_logits.safetensors")
          .read(name)
          .to_vector<double>();
  REQUIRE(logits.numel() == std::ssize(expected));
  const double error = denovo::testing::max_difference(logits.to_vector<double>(), expected) /
                       denovo::testing::max_magnitude(expected);
  CHECK_MESSAGE(error <= 1e-4, fmt::format("relative error {:.2g}", error));
  return model.num_parameters();
}

}  // namespace

TEST_CASE("classifier logits: ResNet-18, 50 and 101 of torchvision") {
  for (const int depth : {18, 50, 101}) {
    ClassifierModelConfig config;
    config.backbone.depth = depth;
    config.backbone.norm = nn::NormKind::kBatchNorm;
    check_logits(fmt::format("resnet{}", depth), config, Codebase::kTorchvisionResnet, 3);
  }
}

TEST_CASE("classifier logits: VGG-16 of torchvision, all 138,357,544 parameters of it") {
  CHECK(check_logits("vgg16", vgg16(nn::NormKind::kNone), Codebase::kTorchvisionVgg, 6) ==
        138'357'544);
}
