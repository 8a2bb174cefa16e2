#include "detection/weights/class_rows.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/autograd/autograd.h"
#include "core/error.h"
#include "core/files/safetensors.h"
#include "detection/weights/class_list.h"
#include "detection/weights/load_weights.h"
#include "testing/ramp.h"
#include "testing/temporary_directory.h"

using namespace denovo;
using namespace denovo::detection;
using testing::TemporaryDirectory;

namespace {

using Categories = std::vector<data::CocoCategory>;

const std::string kScores = "roi_heads.box_predictor.cls_score.",
                  kBoxes = "roi_heads.box_predictor.bbox_pred.",
                  kMasks = "roi_heads.mask_head.predictor.";

ModelConfig tiny_model() {
  ModelConfig config;
  config.backbone.blocks = {1, 1, 1, 1};
  config.backbone.block = BlockKind::kBasic;
  config.backbone.stem_channels = 8;
  config.backbone.channels = {8, 16, 32, 64};
  config.backbone.num_groups = 4;
  config.backbone.fpn_channels = 8;
  config.rpn.post_nms_topk_test = 50;
  config.box = {.convs = 0, .fc_channels = 8};
  config.mask.convs = 1;
  config.mask.channels = 8;
  config.test.score_threshold = 0;
  return config;
}

struct Model : MaskRcnn {
  Model(const Categories& classes, uint64_t seed)
      : MaskRcnn(tiny_model(), static_cast<int>(classes.size())), classes(classes) {
    initialize(seed);
    for_each_parameter([&](const std::string& name, const nn::Parameter& parameter) {
      // Biases start at 0, which would hide a row that was not copied.
      if (parameter.kind() != nn::ParameterKind::kBias || !name.starts_with("roi_heads")) return;
      float* values = parameter.tensor().data<float>();
      for (int64_t i = 0; i < parameter.tensor().numel(); ++i)
        values[i] = static_cast<float>(seed) + 0.01f * static_cast<float>(i);
    });
  }
  /// Rows of a predictor's tensor in file layout, those of one class or of the background.
  std::vector<float> rows(const std::string& name, int64_t first, int64_t count) const {
    for (const auto& [key, tensor] : nn::state_dict(*this))
      if (key == name) return tensor.rows(first, first + count).to_vector<float>();
    FAIL("no such tensor");
    return {};
  }
  Categories classes;
};

class Files : public TemporaryDirectory {
 public:
  std::string write(const Model& model, const Metadata& metadata) const {
    return write(nn::state_dict(model), metadata);
  }
  std::string write(const nn::StateDict& state, const Metadata& metadata) const {
    const std::string path = *this / "model.safetensors";
    write_safetensors(path, state, metadata);
    return path;
  }
  std::string write(const Model& model) const {
    return write(model, {{"categories", class_list_json(model.classes)}});
  }
};

LoadedDetector load(const Model& model, const std::string& path) {
  return load_detector(model, path, {model.classes, "train.json"});
}

/// The rows of class k of `a` and of class l of `b`, in every predictor, are the same.
bool same_rows(const Model& a, int64_t k, const Model& b, int64_t l) {
  bool same = true;
  for (const char* part : {"weight", "bias"}) {
    same = same && a.rows(kScores + part, k, 1) == b.rows(kScores + part, l, 1);
    same = same && a.rows(kBoxes + part, 4 * k, 4) == b.rows(kBoxes + part, 4 * l, 4);
    same = same && a.rows(kMasks + part, k, 1) == b.rows(kMasks + part, l, 1);
  }
  return same;
}

bool same_background(const Model& a, const Model& b) {
  bool same = true;
  for (const char* part : {"weight", "bias"})
    same = same &&
           a.rows(kScores + part, a.num_classes(), 1) == b.rows(kScores + part, b.num_classes(), 1);
  return same;
}

Detections detect(Model& model) {
  const NoGrad no_grad;
  model.train(false);
  Tensor pixels = Tensor::empty({1, 64, 64, 3}, DType::kU8);
  for (int64_t i = 0; i < pixels.numel(); ++i)
    pixels.data<uint8_t>()[i] = static_cast<uint8_t>((i * i / 7 + i * 13) % 256);
  const Tensor sizes = Tensor::from<int32_t>({1, 2}, {64, 64});
  return model.detect(
      {model.normalize(pixels, sizes, DType::kF32), sizes, Tensor::from<int64_t>({1}, {1})});
}

}  // namespace

TEST_CASE("model.weights: the same classes in another order give the same detections, renamed") {
  const Files files;
  Model trained({{1, "cup"}, {2, "plate"}, {3, "fork"}}, 3),
      model({{4, "fork"}, {5, "cup"}, {6, "plate"}}, 4);
  const std::string path = files.write(trained);
  const LoadedDetector loaded = load(model, path);
  CHECK(loaded.line.ends_with(path + "; predictor rows copied for: fork, cup, plate (3)"));
  CHECK(loaded.warning.empty());
  const Detections before = detect(trained), after = detect(model);
  REQUIRE(before.counts.to_vector<int32_t>()[0] > 5);
  CHECK(after.counts.to_vector<int32_t>() == before.counts.to_vector<int32_t>());
  CHECK(after.boxes.to_vector<float>() == before.boxes.to_vector<float>());
  // The softmax sums over classes in another order.
  testing::check_close(after.scores, before.scores.to_vector<double>(), 1e-6);
  CHECK(after.masks.to_vector<float>() == before.masks.to_vector<float>());
  const auto was = before.classes.to_vector<int32_t>(), is = after.classes.to_vector<int32_t>();
  for (int32_t i = 0; i < before.counts.to_vector<int32_t>()[0]; ++i)
    CHECK(is[static_cast<size_t>(i)] == (was[static_cast<size_t>(i)] + 1) % 3);
}

TEST_CASE("model.weights: classes that both know are copied, new ones stay as they were drawn") {
  const Files files;
  const Model trained({{1, "cup"}, {2, "plate"}, {3, "fork"}}, 3);
  const std::string path = files.write(trained);
  const Categories classes{{1, "knife"}, {2, "fork"}, {3, "spoon"}, {4, "cup"}};
  const Model model(classes, 4), fresh(classes, 4);
  CHECK(load(model, path).line ==
        fmt::format("detector: {} tensors from {}; predictor rows copied for: fork, cup (2); new, "
                    "at random: knife, spoon (2); in the file alone: plate (1)",
                    nn::state_dict(trained).size(), path));
  CHECK(same_rows(model, 1, trained, 2));
  CHECK(same_rows(model, 3, trained, 0));
  CHECK(same_background(model, trained));
  CHECK(same_rows(model, 0, fresh, 0));
  CHECK(same_rows(model, 2, fresh, 2));
  CHECK(!same_rows(model, 1, fresh, 1));
  // Everything that knows no classes is the file's.
  const nn::StateDict loaded = nn::state_dict(model), source = nn::state_dict(trained);
  for (size_t i = 0; i < loaded.size(); ++i) {
    CAPTURE(loaded[i].first);
    if (loaded[i].first.find("predictor") == std::string::npos)
      CHECK(loaded[i].second.to_vector<float>() == source[i].second.to_vector<float>());
  }
}

TEST_CASE("model.weights: the same classes load without a word, a subset keeps its rows") {
  const Files files;
  const Model trained({{1, "cup"}, {2, "plate"}, {3, "fork"}}, 3);
  const std::string path = files.write(trained);
  const Model same({{7, "cup"}, {8, "plate"}, {9, "fork"}}, 4), one({{1, "fork"}}, 4);
  CHECK(load(same, path).line.ends_with(" tensors from " + path));
  for (int k = 0; k < 3; ++k) CHECK(same_rows(same, k, trained, k));
  load(one, path);
  CHECK(same_rows(one, 0, trained, 2));
  CHECK(same_background(one, trained));
}

TEST_CASE("model.weights: predictors for all classes go to every class, known or new") {
  const Files files;
  const Model trained({{1, "cup"}, {2, "plate"}}, 3);
  nn::StateDict state = nn::state_dict(trained);
  for (auto& [name, tensor] : state) {
    if (name.starts_with(kBoxes)) tensor = tensor.rows(0, 4);
    if (name.starts_with(kMasks)) tensor = tensor.rows(0, 1);
  }
  const std::string path = files.write(state, {{"categories", class_list_json(trained.classes)}});
  const Model model({{1, "plate"}, {2, "fork"}}, 4);
  load(model, path);
  CHECK(model.rows(kScores + "weight", 0, 1) == trained.rows(kScores + "weight", 1, 1));
  for (const int k : {0, 1}) {
    CHECK(model.rows(kBoxes + "weight", 4 * k, 4) == trained.rows(kBoxes + "weight", 0, 4));
    CHECK(model.rows(kBoxes + "bias", 4 * k, 4) == trained.rows(kBoxes + "bias", 0, 4));
    CHECK(model.rows(kMasks + "weight", k, 1) == trained.rows(kMasks + "weight", 0, 1));
  }
}

TEST_CASE("model.weights: a file without class names is taken in order, with a warning, or not") {
  const Files files;
  const Model trained({{1, "cup"}, {2, "plate"}}, 3);
  const std::string path = files.write(trained, {});
  const Model same({{1, "plate"}, {2, "fork"}}, 4);
  const Categories three{{1, "cup"}, {2, "plate"}, {3, "fork"}};
  const Model other(three, 4), fresh(three, 4);
  CHECK(load(same, path).warning ==
        path + ": has no class names; its 2 classes are taken in order for those of train.json");
  CHECK(same_rows(same, 0, trained, 0));
  CHECK(same_rows(same, 1, trained, 1));
  const LoadedDetector loaded = load(other, path);
  CHECK(loaded.warning.empty());
  CHECK(
      loaded.line.ends_with("; it has 2 classes without names, so that the predictor rows of all "
                            "3 are new, at random"));
  for (int k = 0; k < 3; ++k) CHECK(same_rows(other, k, fresh, k));
  CHECK(same_background(other, fresh));
}

TEST_CASE("model.weights: rows that contradict the file's own classes are refused by tensor") {
  const Files files;
  const Model trained({{1, "cup"}, {2, "plate"}, {3, "fork"}}, 3), model({{1, "cup"}}, 4);
  const std::string fewer = class_list_json(Categories{{1, "cup"}, {2, "plate"}});
  const std::string listed = files.write(trained, {{"categories", fewer}});
  const std::string message = listed +
                              ": cls_score must have 3 rows, one for each of the categories in its "
                              "metadata and the background, got 4";
  CHECK_THROWS_WITH_AS(load(model, listed), message.c_str(), IoError);
  nn::StateDict state = nn::state_dict(trained);
  for (auto& [name, tensor] : state)
    if (name == kBoxes + "bias") tensor = tensor.rows(0, 8);
  const std::string path = files.write(state, {{"categories", class_list_json(trained.classes)}});
  const std::string rows =
      path + ": " + kBoxes + "bias must have 12 rows, as cls_score has 3 classes, got 8";
  CHECK_THROWS_WITH_AS(load(model, path), rows.c_str(), IoError);
}
