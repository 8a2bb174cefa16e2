#include "detection/export/export_detector.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>

#include "core/error.h"
#include "core/files/safetensors.h"
#include "data/loading/batch_builder.h"
#include "detection/parity/formula.h"
#include "detection/parity/reference_file.h"
#include "detection/weights/detector_file.h"

using namespace denovo;
using namespace denovo::detection;

namespace {

const std::string kFolder = DENOVO_TEST_DATA "/data_files/export/";

/// Trained detectors of tests/oracles/onnx_runtime.py: both paddings, channel orders and kinds of
/// RoIAlign, GroupNorm, BatchNorm and none, basic blocks and bottlenecks, one box head and three.
const std::vector<std::string> kModels{"group_norm", "batch_norm", "boxes_only", "cascade"};

std::string text_of(const SafetensorsFile& file, const std::string& key) {
  for (const auto& [name, text] : file.metadata())
    if (name == key) return text;
  return {};
}

/// What the detector of today finds in an image that is a network input already.
Detections detect(const DetectorFile& file, MaskRcnn& model, const Tensor& pixels) {
  data::Image image(static_cast<int>(pixels.size(0)), static_cast<int>(pixels.size(1)));
  std::copy_n(pixels.data<uint8_t>(), pixels.numel(), image.rgb.begin());
  data::InputRule rule = file.config.input.test_rule();
  rule.short_sides = {std::min(image.height, image.width)};
  rule.max_size = 0;
  const data::Batch batch = data::image_batch(std::span(&image, 1), rule);
  REQUIRE(batch.image_sizes.to_vector<int>() == std::vector{image.height, image.width});
  return model.detect({model.normalize(batch.images, batch.image_sizes, DType::kF32),
                       batch.image_sizes, batch.image_ids});
}

void check_close(const std::string& what, const Tensor& actual, const Tensor& expected,
                 double tolerance) {
  REQUIRE_MESSAGE(actual.numel() >= expected.numel(), what);
  // Slots behind the last detection are empty.
  auto values = actual.to_vector<double>();
  values.resize(static_cast<size_t>(expected.numel()));
  const double off = testing::max_difference(values, expected.to_vector<double>());
  CHECK_MESSAGE(off <= tolerance, fmt::format("{}: off by {:.3g}", what, off));
}

/// A model of random weights, small enough to be made many times.
ModelConfig small_config() {
  ModelConfig config;
  config.backbone.blocks = {1, 1, 1, 1};
  config.backbone.block = BlockKind::kBasic;
  config.backbone.stem_channels = 8;
  config.backbone.channels = {8, 8, 16, 16};
  config.backbone.num_groups = 4;
  config.backbone.fpn_channels = 8;
  config.box = {.convs = 1, .conv_channels = 8, .fc_channels = 8};
  config.mask.convs = 1;
  config.mask.channels = 8;
  return config;
}

std::string exported(const ModelConfig& config,
                     const std::optional<data::ImageSize>& size = std::nullopt) {
  MaskRcnn model(config, 2);
  model.initialize(1);
  model.train(false);
  const std::vector<data::CocoCategory> categories{{3, "cup"}, {8, "jug"}};
  return export_detector(model, {}, categories, size);
}

bool has(const std::string& bytes, const char* text) {
  return bytes.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("export: detectors find what ONNX Runtime found with their exported files") {
  for (const std::string& name : kModels) {
    const DetectorFile file(kFolder + name + ".safetensors");
    const auto model = file.load(kCpu);
    const SafetensorsFile reference(kFolder + name + ".onnxruntime.safetensors");
    int64_t count = 0;
    for (int i = 0; i < 3; ++i) {
      const auto of_image = [&](const char* what) { return fmt::format("{}.{}", what, i); };
      const Detections found = detect(file, *model, reference.read(of_image("image")));
      const Tensor scores = reference.read(of_image("scores"));
      const std::string where = fmt::format("{}, image {}: ", name, i);
      CHECK_MESSAGE(found.counts.item() == scores.numel(), where);
      check_close(where + "scores", found.scores, scores, 1e-5);
      check_close(where + "boxes", found.boxes, reference.read(of_image("boxes")), 1e-3);
      check_close(where + "classes", found.classes, reference.read(of_image("classes")), 0);
      REQUIRE(found.masks.defined() == (reference.find(of_image("masks")) != nullptr));
      if (found.masks.defined())
        check_close(where + "masks", found.masks, reference.read(of_image("masks")), 1e-4);
      count += scores.numel();
    }
    CHECK_MESSAGE(count >= 10, name);
  }
}

TEST_CASE("export: a detector with a keypoint head is refused") {
  ModelConfig config = small_config();
  config.keypoint = {.enabled = true, .num_keypoints = 3, .convs = 1, .channels = 8};
  CHECK_THROWS_WITH_AS(
      exported(config),
      "export_onnx: must have no keypoint head, which has no form in the graph yet", ConfigError);
}

TEST_CASE("export: the file that ONNX Runtime ran is the one that is written today") {
  for (const std::string& name : kModels) {
    const DetectorFile file(kFolder + name + ".safetensors");
    const std::string bytes =
        export_detector(*file.load(kCpu), file.config.input, file.categories, std::nullopt);
    const SafetensorsFile reference(kFolder + name + ".onnxruntime.safetensors");
    CHECK_MESSAGE(fmt::format("{:016x}", testing::fnv1a64(bytes)) == text_of(reference, "onnx"),
                  name << ": run tests/oracles/onnx_runtime.py again");
  }
}

TEST_CASE("export: every kind of norm and block passes the checks of libonnx") {
  for (const auto& choice : nn::kNormNames) {
    ModelConfig config = small_config();
    config.backbone.norm = config.backbone.fpn_norm = config.box.norm = config.mask.norm =
        choice.value;
    const std::string bytes = exported(config);
    const bool group_norm = choice.value == nn::NormKind::kGroupNorm;
    CHECK(has(bytes, "InstanceNormalization") == group_norm);
    CHECK(has(bytes, "BatchNormalization") == (!group_norm && choice.value != nn::NormKind::kNone));
  }
  ModelConfig config = small_config();
  config.backbone.block = BlockKind::kBottleneck;
  config.backbone.groups = 2;
  config.backbone.width_per_group = 8;
  config.backbone.stride_in_1x1 = true;
  config.box.convs = 0;
  config.box.fcs = 2;
  config.mask.convs = 0;
  CHECK(has(exported(config), "backbone.bottom_up.res5.0.conv3.weight"));
}

TEST_CASE("export: a VGG with several anchor sizes on its one map passes the checks of libonnx") {
  for (const auto norm : {nn::NormKind::kNone, nn::NormKind::kBatchNorm}) {
    ModelConfig config = small_config();
    config.backbone.type = TrunkKind::kVgg;
    config.backbone.depth = 16;
    config.backbone.blocks = {1, 1, 2, 1, 1};
    config.backbone.channels = {8, 8, 8, 8, 16};
    config.backbone.norm = norm;
    config.anchors.sizes = {32, 64, 128};
    config.box = {.convs = 0, .fcs = 2, .fc_channels = 8, .dropout = 0.5};
    config.mask.enabled = false;
    config.validate();
    const std::string bytes = exported(config);
    CHECK(has(bytes, "backbone.bottom_up.conv3_2.weight"));
    CHECK_FALSE(has(bytes, "Dropout"));
    CHECK_FALSE(has(bytes, "GreaterOrEqual"));  // no choice of a level
  }
}

TEST_CASE("export: without a mask head there is no output of masks, and sizes may be fixed") {
  ModelConfig config = small_config();
  const std::string both = exported(config), fixed = exported(config, data::ImageSize{96, 160});
  CHECK(has(both, "ConvTranspose"));
  CHECK(has(both, "image_height"));
  CHECK_FALSE(has(fixed, "image_height"));
  config.mask.enabled = false;
  CHECK_FALSE(has(exported(config), "ConvTranspose"));
}
