// VGGs of torchvision: values and gradients against torchvision's own code in f64
// (tests/oracles/vgg_f64.py), and the way of a file into a detector and back.
#include <doctest/doctest.h>

#include <cstring>

#include "core/autograd/autograd.h"
#include "core/error.h"
#include "core/files/safetensors.h"
#include "core/foreign/torch_writer.h"
#include "detection/parity/reference_file.h"
#include "detection/weights/convert_weights.h"
#include "detection/weights/export_weights.h"
#include "detection/weights/load_weights.h"
#include "ops/softmax_cross_entropy/softmax_cross_entropy.h"
#include "testing/temporary_directory.h"
#include "tests/detection/weights/torchvision_networks.h"

using namespace denovo;
using namespace denovo::detection;
using namespace denovo::detection::testing;
using denovo::testing::TemporaryDirectory;

namespace {

constexpr int kNumClasses = 5;

/// The network of tests/oracles/vgg_f64.py.
ClassifierModelConfig narrow(nn::NormKind norm) {
  ClassifierModelConfig config;
  config.backbone.type = TrunkKind::kVgg;
  config.backbone.depth = 16;
  config.backbone.channels = {4, 6, 8, 8, 8};
  config.backbone.norm = norm;
  config.head = {.resolution = 7, .fcs = 2, .fc_channels = 8};
  config.pixel = torchvision_pixels();
  return config;
}

/// A detector whose trunk and box head are those of that network.
ModelConfig narrow_detector(nn::NormKind norm) {
  const ClassifierModelConfig classifier = narrow(norm);
  ModelConfig config;
  config.backbone = classifier.backbone;
  config.pixel = classifier.pixel;
  config.box = {.convs = 0, .fcs = 2, .fc_channels = 8, .dropout = 0.5};
  config.mask.enabled = false;
  return config;
}

Tensor sizes() {
  return Tensor::from<int32_t>({2, 2}, {64, 96, 64, 96});
}

const SafetensorsFile& reference() {
  static const SafetensorsFile file(DENOVO_TEST_DATA "/data_files/weights/vgg_f64.safetensors");
  return file;
}

void check_close(const std::string& name, const Tensor& actual, double tolerance) {
  const auto expected = reference().read(name).to_vector<double>();
  REQUIRE_MESSAGE(actual.numel() == std::ssize(expected), name);
  const double error = denovo::testing::max_difference(actual.to_vector<double>(), expected) /
                       denovo::testing::max_magnitude(expected);
  CHECK_MESSAGE(error <= tolerance, name << ": relative error " << error);
}

/// torchvision's state dict of the formula's weights, with biases in front of norms and counters.
nn::StateDict torchvision_state(const std::string& salt) {
  const bool has_norms = salt == "bn";
  const ImageClassifier model(narrow(has_norms ? nn::NormKind::kBatchNorm : nn::NormKind::kNone),
                              kNumClasses);
  const NamedShapes tensors = torchvision_tensors(model, Codebase::kTorchvisionVgg);
  nn::StateDict state;
  for (size_t i = 0; i < tensors.theirs.size(); ++i) {
    const std::string& name = tensors.theirs[i];
    const auto add = [&](const std::string& full, const Shape& shape) {
      state.emplace_back(full, drawn_weight({.salt = salt}, full, shape, DType::kF32));
    };
    add(name, tensors.shapes[i]);
    if (has_norms && tensors.shapes[i].rank() == 4)
      add(name.substr(0, name.rfind('.')) + ".bias", {tensors.shapes[i][0]});
    if (name.ends_with("running_var"))
      state.emplace_back(name.substr(0, name.rfind('.')) + ".num_batches_tracked",
                         Tensor::zeros({1}, DType::kF32));
  }
  return state;
}

bool same(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() &&
         std::memcmp(a.raw(), b.raw(), a.bytes()) == 0;
}

}  // namespace

TEST_CASE("vgg: logits and every gradient are torchvision's in f64, with batch norm and without") {
  for (const std::string salt : {"plain", "bn"}) {
    CAPTURE(salt);
    const auto norm = salt == "bn" ? nn::NormKind::kBatchNorm : nn::NormKind::kNone;
    ImageClassifier model(narrow(norm), kNumClasses);
    model.reallocate(DType::kF64, kCpu);
    const NamedShapes tensors = torchvision_tensors(model, Codebase::kTorchvisionVgg);
    nn::StateDict state;
    for (size_t i = 0; i < tensors.ours.size(); ++i)
      state.emplace_back(tensors.ours[i], drawn_weight({.salt = salt}, tensors.theirs[i],
                                                       tensors.shapes[i], DType::kF64));
    nn::load_state_dict_strict(model, state, "formula");
    const Tensor logits = model.forward(drawn_pixels({2, 64, 96, 3}), sizes(), DType::kF64);
    check_close(salt + ".logits", logits, 1e-10);
    const Tensor loss = ops::softmax_cross_entropy(logits, Tensor::from<int32_t>({2}, {1, 3}),
                                                   Tensor::full({2}, 0.5, DType::kF64), 0);
    check_close(salt + ".loss", loss, 1e-10);
    backward(loss);
    size_t i = 0;
    model.for_each_parameter([&](const std::string& name, const nn::Parameter& parameter) {
      REQUIRE(name == tensors.ours[i]);
      check_close(salt + ".grad." + tensors.theirs[i++],
                  nn::to_file_layout(parameter.tensor().grad(), parameter.format()), 1e-9);
    });
  }
}

TEST_CASE("import: a VGG file of torchvision is its classifier, biases before norms included") {
  for (const std::string salt : {"plain", "bn"}) {
    CAPTURE(salt);
    const TemporaryDirectory folder;
    const std::string path = folder / "vgg16.pth";
    foreign::write_torch_archive(path, torchvision_state(salt));
    const ImportedModel file(path);
    CHECK(file.codebase() == Codebase::kTorchvisionVgg);
    CHECK_FALSE(file.is_detector());
    const BackboneConfig& inferred = file.config.model.backbone;
    CHECK(inferred.type == TrunkKind::kVgg);
    CHECK(inferred.depth == 16);
    CHECK(inferred.blocks.empty());
    CHECK(inferred.channels == std::vector{4, 6, 8, 8, 8});

    const auto norm = salt == "bn" ? nn::NormKind::kFrozenBatchNorm : nn::NormKind::kNone;
    CHECK(inferred.norm == norm);
    ImageClassifier model(narrow(norm), kNumClasses);
    nn::load_state_dict_strict(model, file.state(), path);
    model.train(false);
    // f32 against f64 through sixteen layers.
    check_close(salt + ".eval", model.forward(drawn_pixels({2, 64, 96, 3}), sizes()), 1e-5);
  }
}

TEST_CASE("load_backbone: VGG's trunk, and fc6 and fc7 into a box head of their sizes") {
  const TemporaryDirectory folder;
  const std::string path = folder / "vgg16.pth";
  foreign::write_torch_archive(path, torchvision_state("plain"));
  MaskRcnn model(narrow_detector(nn::NormKind::kNone), 3);
  model.initialize(1);
  const nn::StateDict before = nn::state_dict(model);
  CHECK(load_backbone(model, path) == "backbone: 26 tensors from " + path +
                                          " in torchvision's names; 4 of its fully connected "
                                          "layers for the box head");
  const nn::StateDict file = ImportedModel(path).state();
  size_t taken = 0;
  const nn::StateDict after = nn::state_dict(model);
  for (size_t i = 0; i < after.size(); ++i) {
    const auto& [name, tensor] = after[i];
    CAPTURE(name);
    const auto found = std::find_if(file.begin(), file.end(),
                                    [&](const auto& entry) { return entry.first == name; });
    CHECK(same(tensor, found == file.end() ? before[i].second : found->second));
    taken += found != file.end();
  }
  CHECK(taken == 26 + 4);

  ModelConfig other = narrow_detector(nn::NormKind::kNone);
  other.box.fc_channels = 16;
  MaskRcnn wider(other, 3);
  wider.initialize(1);
  CHECK(load_backbone(wider, path)
            .ends_with("; its fully connected layers do not fit model.box, whose own are random"));
}

TEST_CASE("load_backbone: pixels of another order and scale are folded into VGG's first layer") {
  const TemporaryDirectory folder;
  const std::string path = folder / "vgg16.pth";
  foreign::write_torch_archive(path, torchvision_state("plain"));
  ModelConfig config = narrow_detector(nn::NormKind::kNone);
  MaskRcnn theirs(config, 3);
  config.pixel = PixelConfig();  // BGR, deviation 1
  MaskRcnn ours(config, 3);
  load_backbone(theirs, path);
  load_backbone(ours, path);
  const Tensor pixels = drawn_pixels({2, 64, 96, 3});
  const auto map = [&](const MaskRcnn& model) {
    const NoGrad no_grad;
    return model.backbone().forward(model.normalize(pixels, sizes(), DType::kF32))[0];
  };
  const auto expected = map(theirs).to_vector<double>(), got = map(ours).to_vector<double>();
  CHECK(denovo::testing::max_difference(got, expected) <=
        1e-5 * denovo::testing::max_magnitude(expected));
}

TEST_CASE("export: a VGG classifier goes to torchvision's names and comes back the same") {
  for (const auto norm : {nn::NormKind::kNone, nn::NormKind::kBatchNorm}) {
    CAPTURE(choice_name(norm, nn::kNormNames));
    const TemporaryDirectory folder;
    const ClassifierModelConfig config = narrow(norm);
    const ImageClassifier model(config, kNumClasses);
    model.initialize(4);
    const std::string ours = folder / "ours.safetensors", theirs = folder / "theirs.pth";
    write_safetensors(ours, nn::state_dict(model),
                      {{"config", trunk_config_text(config.backbone, config.pixel)}});
    export_weights(ours, Codebase::kTorchvisionDetector, theirs);
    const ImportedModel back(theirs);
    CHECK(back.codebase() == Codebase::kTorchvisionVgg);
    // With norms torchvision has a bias in front of each.
    CHECK(back.file().tensors().size() == (norm == nn::NormKind::kNone ? 32 : 32 + 13 * 4));
    const nn::StateDict returned = back.state();
    const auto before = read_safetensors(ours);
    CHECK(returned.size() == before.size());
    for (const auto& [name, tensor] : before) {
      CAPTURE(name);
      const auto found = std::find_if(returned.begin(), returned.end(),
                                      [&](const auto& entry) { return entry.first == name; });
      REQUIRE(found != returned.end());
      CHECK(same(tensor, found->second));
    }
    // A backbone of its own, which a detector takes.
    const std::string converted = folder / "converted.safetensors";
    convert_weights(back, {}, converted);
    MaskRcnn detector(narrow_detector(norm), 2);
    CHECK(load_backbone(detector, converted).ends_with("layers for the box head"));
  }
}

TEST_CASE("import: layers that no VGG has are named") {
  const TemporaryDirectory folder;
  nn::StateDict state = torchvision_state("plain");
  state.emplace_back("classifier.1.weight", Tensor::zeros({4, 4}, DType::kF32));
  const std::string path = folder / "alexnet.pth";
  foreign::write_torch_archive(path, state);
  const std::string message =
      path + ": 1 of 33 tensors have no place in this model: classifier.1.weight";
  CHECK_THROWS_WITH_AS(ImportedModel{path}, message.c_str(), IoError);
}

TEST_CASE("export: torchvision has no detector on a VGG") {
  const TemporaryDirectory folder;
  ModelFileConfig config;
  config.model = narrow_detector(nn::NormKind::kNone);
  config.model.anchors.sizes = {24, 48, 96};
  const MaskRcnn model(config.model, 1);
  model.initialize(1);
  const std::string path = folder / "ours.safetensors";
  write_safetensors(
      path, nn::state_dict(model),
      {{"config", config_text(config)}, {"categories", R"([{"id": 1, "name": "cup"}])"}});
  const std::string message = path + ": is a detector on a VGG, for which torchvision has no names";
  CHECK_THROWS_WITH_AS(export_weights(path, Codebase::kTorchvisionDetector, folder / "out.pth"),
                       message.c_str(), IoError);
  // Its own names describe it.
  const ImportedModel file(path);
  CHECK(file.is_detector());
  CHECK(file.config.model.backbone.is_vgg());
  CHECK(file.config.model.box.resolution == 7);
  CHECK(file.config.model.anchors.sizes.size() == 3);
  MaskRcnn other(config.model, 1);
  other.initialize(2);
  load_detector(other, path, {std::vector<data::CocoCategory>{{1, "cup"}}, "train.json"});
  const nn::StateDict before = nn::state_dict(model), after = nn::state_dict(other);
  for (size_t i = 0; i < before.size(); ++i) CHECK(same(before[i].second, after[i].second));
}
