// Weights of cascades: names, classes, a plain detector for every stage, other codebases.
#include "detection/weights/stage_names.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>

#include "core/error.h"
#include "core/files/safetensors.h"
#include "detection/weights/class_list.h"
#include "detection/weights/convert_weights.h"
#include "detection/weights/detector_file.h"
#include "detection/weights/export_weights.h"
#include "detection/weights/load_weights.h"
#include "testing/temporary_directory.h"

using namespace denovo;
using namespace denovo::detection;
using testing::TemporaryDirectory;

namespace {

using Categories = std::vector<data::CocoCategory>;
using Values = std::map<std::string, std::vector<float>>;

const Categories kClasses{{1, "cup"}, {2, "fork"}};

ModelFileConfig tiny(int stages) {
  ModelFileConfig file;
  ModelConfig& config = file.model;
  config.backbone.blocks = {1, 1, 1, 1};
  config.backbone.block = BlockKind::kBottleneck;
  config.backbone.stem_channels = 4;
  config.backbone.channels = {8, 16, 32, 64};
  config.backbone.fpn_channels = 8;
  config.backbone.norm = config.backbone.fpn_norm = config.box.norm = config.mask.norm =
      nn::NormKind::kNone;
  config.box.convs = 1;
  config.box.conv_channels = 8;
  config.box.fc_channels = 8;
  config.mask.convs = 1;
  config.mask.channels = 8;
  config.cascade.enabled = stages > 0;
  config.cascade.ious.resize(static_cast<size_t>(stages > 0 ? stages : 3));
  config.cascade.box_weights.resize(config.cascade.ious.size());
  config.validate();
  return file;
}

struct Model : MaskRcnn {
  Model(int stages, uint64_t seed, const Categories& classes = kClasses)
      : MaskRcnn(tiny(stages).model, static_cast<int>(classes.size())), classes(classes) {
    initialize(seed);
    for_each_parameter([&](const std::string&, const nn::Parameter& parameter) {
      // Biases start at 0, which would hide what was not copied.
      if (parameter.kind() == nn::ParameterKind::kBias)
        fill(parameter.tensor(), 0.1 * static_cast<double>(seed));
    });
  }
  Values values() const {
    Values all;
    for (const auto& [name, tensor] : nn::state_dict(*this)) all[name] = tensor.to_vector<float>();
    return all;
  }
  std::string write(const TemporaryDirectory& folder, int stages) const {
    const std::string path = folder / "model.safetensors";
    write_safetensors(
        path, nn::state_dict(*this),
        {{"config", config_text(tiny(stages))}, {"categories", class_list_json(classes)}});
    return path;
  }
  std::string load(const std::string& path) const {
    return load_detector(*this, path, {classes, "train.json"}).line;
  }
  Categories classes;
};

std::string staged(const std::string& name, int stage) {
  const size_t dot = name.find('.', std::string("roi_heads.").size());
  return fmt::format("{}.{}{}", name.substr(0, dot), stage, name.substr(dot));
}

bool is_of_boxes(const std::string& name) {
  return name.starts_with("roi_heads.box_");
}

}  // namespace

TEST_CASE("stage names: those of box heads and predictors alone have a stage") {
  const StagedName found = staged_name("roi_heads.box_predictor.1.cls_score.weight");
  CHECK(found.name == "roi_heads.box_predictor.cls_score.weight");
  CHECK(found.stage == 1);
  CHECK(staged_name("roi_heads.box_head.0.conv1.norm.bias").name ==
        "roi_heads.box_head.conv1.norm.bias");
  for (const std::string name :
       {"roi_heads.box_head.fc1.weight", "roi_heads.box_head.1", "roi_heads.box_head.10.fc1.weight",
        "roi_heads.mask_head.0.weight", "backbone.bottom_up.res2.0.conv1.weight"}) {
    CHECK(staged_name(name).name == name);
    CHECK(staged_name(name).stage == -1);
  }
}

TEST_CASE("model.weights: a plain detector serves every stage of a cascade, whose boxes are new") {
  const TemporaryDirectory folder;
  const Model plain(0, 3), cascade(3, 4), fresh(3, 4);
  const std::string path = plain.write(folder, 0);
  CHECK(cascade.load(path).ends_with(
      path + "; its box head for each of 3 stages, whose box regression is new, at random"));
  const Values before = plain.values(), drawn = fresh.values();
  Values after = cascade.values();
  for (const auto& [name, values] : before) {
    CAPTURE(name);
    if (!is_of_boxes(name)) {
      CHECK(after.extract(name).mapped() == values);
      continue;
    }
    for (int stage = 0; stage < 3; ++stage) {
      const auto got = after.extract(staged(name, stage)).mapped();
      const bool is_new = name.find("bbox_pred") != std::string::npos;
      CHECK(got == (is_new ? drawn.at(staged(name, stage)) : values));
    }
  }
  CHECK(after.empty());
}

TEST_CASE("model.weights: classes of a cascade are told by their names in every stage") {
  const TemporaryDirectory folder;
  const Model trained(3, 3), model(3, 4, {{1, "fork"}, {2, "spoon"}});
  const std::string path = trained.write(folder, 3);
  CHECK(model.load(path).ends_with(
      "; predictor rows copied for: fork (1); new, at random: spoon (1); in the file alone: cup "
      "(1)"));
  const Values before = trained.values(), after = model.values(),
               drawn = Model(3, 4, model.classes).values();
  const auto row = [](const Values& values, const std::string& name, size_t k) {
    const auto& all = values.at(name);
    return std::vector<float>(all.begin() + static_cast<long>(8 * k),
                              all.begin() + static_cast<long>(8 * (k + 1)));
  };
  for (int stage = 0; stage < 3; ++stage) {
    const std::string layer = fmt::format("roi_heads.box_predictor.{}.", stage);
    const std::string scores = layer + "cls_score.weight", boxes = layer + "bbox_pred.weight";
    CHECK(row(after, scores, 0) == row(before, scores, 1));
    CHECK(row(after, scores, 1) == row(drawn, scores, 1));
    CHECK(row(after, scores, 2) == row(before, scores, 2));  // background
    CHECK(after.at(boxes) == before.at(boxes));
  }
}

TEST_CASE("model.weights: a cascade of other stages is refused, and by a model without any") {
  const TemporaryDirectory folder;
  const std::string path = Model(3, 3).write(folder, 3);
  const std::string what = "config: " + path + " is a cascade of 3 stages, which model.cascade.";
  CHECK_THROWS_WITH_AS(Model(2, 4).load(path), (what + "ious of 2 stages cannot take").c_str(),
                       ConfigError);
  CHECK_THROWS_WITH_AS(Model(0, 4).load(path), (what + "enabled = false cannot take").c_str(),
                       ConfigError);

  ModelFileConfig other = tiny(3);
  other.model.cascade.box_weights = {10, 10, 10};
  const std::string units = folder / "units.safetensors";
  write_safetensors(units, nn::state_dict(Model(3, 3)),
                    {{"config", config_text(other)}, {"categories", class_list_json(kClasses)}});
  CHECK_THROWS_WITH_AS(Model(3, 4).load(units),
                       ("config: model.cascade.box_weights must be [10, 10, 10], with which " +
                        units + " was trained, got [10, 20, 30]")
                           .c_str(),
                       ConfigError);
}

TEST_CASE("convert_weights: a cascade in detectron2's names and back; torchvision has none") {
  const TemporaryDirectory folder;
  const Model model(3, 3);
  const std::string ours = model.write(folder, 3), theirs = folder / "theirs.pth",
                    back = folder / "back.safetensors";
  export_weights(ours, Codebase::kDetectron2, theirs);
  const ImportedModel imported(theirs);
  CHECK(imported.config.model.cascade.enabled);
  CHECK(imported.told.back() ==
        "does not say at which IoUs and in which units its stages learnt; assumed: "
        "model.cascade.ious = [0.5, 0.6, 0.7], model.cascade.box_weights = [10, 20, 30]");
  convert_weights(imported, kClasses, back);
  const auto loaded = DetectorFile(back).load(kCpu);
  const Values before = model.values();
  for (const auto& [name, tensor] : nn::state_dict(*loaded)) {
    CAPTURE(name);
    CHECK(tensor.to_vector<float>() == before.at(name));
  }
  CHECK_THROWS_WITH_AS(export_weights(ours, Codebase::kTorchvisionDetector, folder / "no.pth"),
                       (ours + ": is a cascade, for which torchvision has no names").c_str(),
                       IoError);

  nn::StateDict state = nn::state_dict(model);
  for (auto& [name, tensor] : state)
    if (name.ends_with("2.bbox_pred.weight")) tensor = Tensor::zeros({8, 8}, DType::kF32);
  write_safetensors(back, state, {});
  CHECK_THROWS_WITH_AS(
      ImportedModel{back},
      (back + ": roi_heads.box_predictor.2.bbox_pred must have 4 rows, one box for all classes, "
              "got 8")
          .c_str(),
      IoError);
}
