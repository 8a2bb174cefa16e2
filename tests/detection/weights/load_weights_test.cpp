#include "detection/weights/load_weights.h"

#include <doctest/doctest.h>

#include "core/autograd/autograd.h"
#include "core/error.h"
#include "core/files/safetensors.h"
#include "core/run/step_state.h"
#include "detection/config/model_file_config.h"
#include "detection/training/build_model.h"
#include "detection/weights/rename_rules.h"
#include "nn/state_dict.h"
#include "nn/training/trainable.h"
#include "testing/ramp.h"
#include "testing/temporary_directory.h"

using namespace denovo;
using namespace denovo::detection;
using testing::TemporaryDirectory;

namespace {

const std::string kResNet = DENOVO_TEST_DATA "/data_files/weights/torchvision_resnet.safetensors";
const std::string kFeatures =
    DENOVO_TEST_DATA "/data_files/weights/torchvision_resnet_features.safetensors";

/// A detector around the trunk of tests/oracles/torchvision_resnet.py.
ModelConfig tiny_model(nn::NormKind norm) {
  ModelConfig config;
  config.backbone.blocks = {2, 1, 1, 1};
  config.backbone.block = BlockKind::kBottleneck;
  config.backbone.stem_channels = 4;
  config.backbone.channels = {8, 16, 32, 64};
  config.backbone.groups = 2;
  config.backbone.width_per_group = 1;
  config.backbone.norm = norm;
  config.backbone.num_groups = 2;
  config.backbone.fpn_channels = 8;
  config.box.convs = 0;
  config.box.fc_channels = 8;
  config.mask.convs = 1;
  config.mask.channels = 8;
  return config;
}

const nn::ResNet& resnet_of(const MaskRcnn& model) {
  return dynamic_cast<const nn::ResNet&>(model.backbone().trunk());
}

/// The features of the reference's pixels, res2 first.
std::vector<Tensor> features(const MaskRcnn& model) {
  const NoGrad no_grad;
  const Tensor pixels = SafetensorsFile(kFeatures).read("pixels");
  const Tensor sizes = Tensor::from<int32_t>({1, 2}, {64, 96});
  return resnet_of(model).forward(model.normalize(pixels, sizes, DType::kF32));
}

void check_torchvision_features(const MaskRcnn& model) {
  const SafetensorsFile file(kFeatures);
  const std::vector<Tensor> found = features(model);
  for (size_t stage = 0; stage < 4; ++stage) {
    const Tensor expected = nn::from_file_layout(file.read("res" + std::to_string(stage + 2)),
                                                 {nn::FileLayout::kChannelsFirst});
    REQUIRE(found[stage].shape() == expected.shape());
    // f32 against f32, values up to about 10, sums of up to 288 terms.
    testing::check_close(found[stage], expected.to_vector<double>(), 2e-5);
  }
}

std::string write(const TemporaryDirectory& folder, const NamedTensors& tensors) {
  const std::string path = folder / "backbone.safetensors";
  write_safetensors(path, tensors);
  return path;
}

}  // namespace

TEST_CASE("load_backbone: a ResNet of torchvision gives torchvision's features") {
  for (const auto norm : {nn::NormKind::kFrozenBatchNorm, nn::NormKind::kBatchNorm}) {
    CAPTURE(norm);
    MaskRcnn model(tiny_model(norm), 2);
    model.initialize(1);
    CHECK(load_backbone(model, kResNet) ==
          "backbone: 100 tensors from " + kResNet + " in torchvision's names");
    model.train(false);
    check_torchvision_features(model);
  }
}

TEST_CASE("load_backbone: torchvision's first convolution follows the order and scale of pixels") {
  ModelConfig config = tiny_model(nn::NormKind::kFrozenBatchNorm);
  config.pixel = {ChannelOrder::kRgb, {123.675, 116.28, 103.53}, {58.395, 57.12, 57.375}};
  MaskRcnn model(config, 2);
  model.initialize(1);
  load_backbone(model, kResNet);
  check_torchvision_features(model);
}

TEST_CASE("load_backbone: what torchvision's names cannot mean here is refused by its rule") {
  const auto load = [](const ModelConfig& config) {
    MaskRcnn model(config, 2);
    load_backbone(model, kResNet);
  };
  const std::string taken =
      "config: " + kResNet +
      " was trained with batch norm, which model.backbone.norm = \"GN\" cannot take; set "
      "FrozenBN, BN or SyncBN";
  CHECK_THROWS_WITH_AS(load(tiny_model(nn::NormKind::kGroupNorm)), taken.c_str(), ConfigError);

  ModelConfig config = tiny_model(nn::NormKind::kBatchNorm);
  config.backbone.stride_in_1x1 = true;
  const std::string stride = "config: " + kResNet +
                             " has torchvision's names, whose strides stand in the 3x3 "
                             "convolutions; set model.backbone.stride_in_1x1 = false";
  CHECK_THROWS_WITH_AS(load(config), stride.c_str(), ConfigError);

  config = tiny_model(nn::NormKind::kBatchNorm);
  config.pixel.mean = {100, 110, 120};
  const std::string mean = "config: " + kResNet +
                           " needs model.pixel.mean = [103.530, 116.280, 123.675] in BGR, got "
                           "[100, 110, 120]";
  CHECK_THROWS_WITH_AS(load(config), mean.c_str(), ConfigError);
}

TEST_CASE("load_backbone: every tensor of torchvision must find its place") {
  const TemporaryDirectory folder;
  NamedTensors tensors = read_safetensors(kResNet);
  const MaskRcnn model(tiny_model(nn::NormKind::kBatchNorm), 2);
  NamedTensors deeper = tensors;
  deeper.emplace_back("layer1.2.conv1.weight", Tensor::zeros({2, 8, 1, 1}, DType::kF32));
  const std::string path = write(folder, deeper);
  CHECK_THROWS_WITH_AS(load_backbone(model, path),
                       doctest::Contains("1 unexpected: res2.2.conv1.weight"), IoError);
  tensors.emplace_back("layer1.1.conv10_w", Tensor::zeros({2, 8, 1, 1}, DType::kF32));
  tensors.emplace_back("conv10.weight", Tensor::zeros({1}, DType::kF32));
  const std::string message =
      write(folder, tensors) +
      ": 2 of 124 tensors have no place in this model: layer1.1.conv10_w, conv10.weight";
  CHECK_THROWS_WITH_AS(load_backbone(model, path), message.c_str(), IoError);
}

TEST_CASE("load_backbone: a trunk with a hole is refused, naming it, and changes nothing") {
  const TemporaryDirectory folder;
  NamedTensors tensors = read_safetensors(kResNet);
  std::erase_if(tensors, [](const auto& t) { return t.first == "layer4.0.bn3.running_var"; });
  const std::string path = write(folder, tensors);
  MaskRcnn model(tiny_model(nn::NormKind::kBatchNorm), 2);
  model.initialize(1);
  const auto before = features(model).back().to_vector<float>();
  const std::string message =
      path + ": weights do not fit this model: 1 missing: res5.0.conv3.norm.running_var";
  CHECK_THROWS_WITH_AS(load_backbone(model, path), message.c_str(), IoError);
  CHECK(features(model).back().to_vector<float>() == before);
}

TEST_CASE("load_backbone: our own names come from a detector's file, the rest of it is ignored") {
  const TemporaryDirectory folder;
  MaskRcnn source(tiny_model(nn::NormKind::kGroupNorm), 7),
      model(tiny_model(nn::NormKind::kGroupNorm), 2);
  source.initialize(3);
  model.initialize(4);
  const std::string path = write(folder, nn::state_dict(source));
  load_backbone(model, path);
  CHECK(features(model).back().to_vector<float>() == features(source).back().to_vector<float>());

  const MaskRcnn other(tiny_model(nn::NormKind::kFrozenBatchNorm), 2);
  const std::string message =
      "config: " + path +
      " was trained with group norm, which model.backbone.norm = \"FrozenBN\" cannot take; set GN";
  CHECK_THROWS_WITH_AS(load_backbone(other, path), message.c_str(), ConfigError);
}

TEST_CASE("load_backbone: settings that give our tensors another meaning are refused by name") {
  const TemporaryDirectory folder;
  ModelFileConfig trained;
  trained.model = tiny_model(nn::NormKind::kGroupNorm);
  MaskRcnn source(trained.model, 7);
  const std::string path = folder / "backbone.safetensors";
  write_safetensors(path, nn::state_dict(source), {{"config", config_text(trained)}});
  const auto refusal = [&](const std::string& assignment) -> std::string {
    ModelFileConfig changed = trained;
    ConfigFields::of(changed).apply_override(assignment);
    try {
      load_backbone(MaskRcnn(changed.model, 2), path);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return {};
  };
  for (const std::string rule :
       {"model.pixel.channel_order = \"BGR\", got \"RGB\"",
        "model.pixel.std = [1.0, 1.0, 1.0], got [57.0, 57.0, 57.0]",
        "model.backbone.num_groups = 2, got 1", "model.backbone.norm_eps = 1e-05, got 0.001",
        "model.backbone.stride_in_1x1 = false, got true"}) {
    const size_t value = rule.find(" = "), got = rule.find(", got ");
    const std::string key = rule.substr(0, value);
    CHECK(refusal(key + "=" + rule.substr(got + 6)) ==
          "config: " + key + " must be " + rule.substr(value + 3, got - value - 3) +
              ", with which " + path + " was trained, got " + rule.substr(got + 6));
  }
  CHECK(refusal("model.box.fc_channels=16").empty());
  CHECK(refusal("input.min_size_test=64").empty());
}

TEST_CASE("load_backbone: a file without any backbone is named") {
  const TemporaryDirectory folder;
  const std::string path = write(folder, {{"weight", Tensor::zeros({1}, DType::kF32)}});
  const MaskRcnn model(tiny_model(nn::NormKind::kGroupNorm), 2);
  const std::string message = path + ": its names must be those of detectron2";
  CHECK_THROWS_WITH_AS(load_backbone(model, path), doctest::Contains(message.c_str()), IoError);
}

TEST_CASE("rename_tensors: two keys for one name are refused") {
  const Tensor tensor = Tensor::zeros({1}, DType::kF32);
  const std::vector<RenameRule> rules{{"a", "x"}, {"b", "x"}};
  CHECK_THROWS_WITH_AS(rename_tensors({{"a.weight", tensor}, {"b.weight", tensor}}, rules, "f"),
                       "f: a.weight and b.weight both stand for x.weight", IoError);
}

TEST_CASE(
    "freeze_at: frozen stages get no gradient and keep weights and statistics, all others change") {
  TrainConfig config;
  config.model = tiny_model(nn::NormKind::kBatchNorm);
  config.start.freeze_at = 2;
  const auto model =
      build_model(config, {std::vector<data::CocoCategory>{{1, "a"}, {2, "b"}}, "train.json"}, kCpu)
          .model;
  const nn::Trainable trainable = nn::make_trainable(*model, config.solver);
  const auto is_frozen = [](const std::string& name) {
    return name.starts_with("stem") || name.starts_with("res2");
  };
  const nn::ResNet& trunk = resnet_of(*model);
  const nn::StateDict before = nn::state_dict(trunk);
  backward(trunk.forward(testing::ramp({2, 64, 64, 3}).to(DType::kF32)).back());
  trunk.for_each_parameter([&](const std::string& name, const nn::Parameter& parameter) {
    CAPTURE(name);
    CHECK(parameter.tensor().grad().defined() != is_frozen(name));
  });
  DeviceStepState state(kCpu);
  state.get()->lr = 0.1;
  trainable.arena->fill_missing_gradients();
  trainable.optimizer->step(state, {});
  const nn::StateDict after = nn::state_dict(trunk);
  for (size_t i = 0; i < after.size(); ++i) {
    const auto& [name, tensor] = after[i];
    CAPTURE(name);
    CHECK((tensor.to_vector<float>() == before[i].second.to_vector<float>()) == is_frozen(name));
  }
}

TEST_CASE("train config: random weights are not frozen") {
  TrainConfig config;
  config.start.freeze_at = 2;
  CHECK_THROWS_WITH_AS(config.validate(),
                       "config: model.freeze_at = 2 would freeze random weights, which costs about "
                       "3 AP; set it to 0 or give model.init",
                       ConfigError);
  config.start.freeze_at = 0;
  config.model.backbone.norm = nn::NormKind::kFrozenBatchNorm;
  CHECK_THROWS_WITH_AS(
      config.validate(),
      "config: model.backbone.norm = \"FrozenBN\" needs trained statistics; use GN "
      "or BN, or give model.init",
      ConfigError);
  config.start.freeze_at = 2;
  config.start.init = "resnet50.safetensors";
  CHECK_NOTHROW(config.validate());
}
