// Models of other codebases: names, rows, conventions, and there and back again.
#include "detection/weights/import_weights.h"

#include <doctest/doctest.h>

#include <cstring>
#include <set>

#include "core/error.h"
#include "core/files/safetensors.h"
#include "core/foreign/torch_writer.h"
#include "detection/mask_rcnn/mask_rcnn.h"
#include "detection/weights/class_list.h"
#include "detection/weights/coco_classes.h"
#include "detection/weights/convert_weights.h"
#include "detection/weights/detector_file.h"
#include "detection/weights/export_weights.h"
#include "testing/draw_tensors.h"
#include "testing/temporary_directory.h"

using namespace denovo;
using namespace denovo::detection;
using testing::TemporaryDirectory;

namespace {

ModelFileConfig tiny(nn::NormKind norm) {
  ModelFileConfig config;
  ModelConfig& model = config.model;
  model.backbone.blocks = {1, 2, 1, 1};
  model.backbone.block = BlockKind::kBottleneck;
  model.backbone.stem_channels = 4;
  model.backbone.channels = {8, 16, 32, 64};
  model.backbone.norm = norm;
  model.backbone.num_groups = 2;
  model.backbone.fpn_channels = 8;
  model.backbone.fpn_norm = nn::NormKind::kNone;
  model.box.convs = 0;
  model.box.fcs = 2;
  model.box.fc_channels = 8;
  model.mask.convs = 2;
  model.mask.channels = 8;
  model.mask.norm = nn::NormKind::kNone;
  set_conventions(Codebase::kTorchvisionDetector, config);
  return config;
}

/// A model file of ours with drawn weights.
std::string model_file(const TemporaryDirectory& folder, const ModelFileConfig& config,
                       const std::vector<data::CocoCategory>& classes) {
  const MaskRcnn model(config.model, static_cast<int>(classes.size()));
  model.initialize(5);
  ModelFileConfig said = config;
  const std::string path = folder / "ours.safetensors";
  write_safetensors(path, nn::state_dict(model),
                    {{"config", config_text(said)}, {"categories", class_list_json(classes)}});
  return path;
}

bool same(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() &&
         std::memcmp(a.raw(), b.raw(), a.bytes()) == 0;
}

std::vector<std::string> ours_of(Codebase codebase, std::vector<std::string> names) {
  if (codebase == Codebase::kDetectron)
    for (std::string& name : names) name = with_dots(name);
  return rename(names, rename_rules(codebase, names), "file");
}

/// As torchvision's second models are: two convolutions before the RPN's predictors, normalised
/// convolutions in all heads.
ModelFileConfig second(ModelFileConfig config) {
  ModelConfig& model = config.model;
  model.backbone.norm = model.backbone.fpn_norm = nn::NormKind::kFrozenBatchNorm;
  model.rpn.convs = 2;
  model.box.convs = 3;
  model.box.conv_channels = 8;
  model.box.fcs = 1;
  model.box.norm = model.mask.norm = nn::NormKind::kFrozenBatchNorm;
  return config;
}

}  // namespace

TEST_CASE(
    "import: torchvision's detector and back, tensor for tensor, by COCO's 91 rows or K + 1") {
  for (const auto& [coco, is_second] :
       {std::pair{true, false}, {false, false}, {true, true}, {false, true}}) {
    CAPTURE(coco);
    CAPTURE(is_second);
    const TemporaryDirectory folder;
    const std::vector<data::CocoCategory> classes =
        coco ? coco_classes() : std::vector<data::CocoCategory>{{1, "cup"}, {2, "fork"}};
    const ModelFileConfig first = tiny(nn::NormKind::kFrozenBatchNorm);
    const std::string ours = model_file(folder, is_second ? second(first) : first, classes);
    const std::string theirs = folder / "theirs.pth";
    const ExportedWeights exported = export_weights(ours, Codebase::kTorchvisionDetector, theirs);
    CHECK(exported.told.empty());  // all conventions are torchvision's

    const ImportedModel imported(theirs);
    CHECK(imported.codebase() == Codebase::kTorchvisionDetector);
    CHECK(imported.num_classes() == static_cast<int>(classes.size()));
    const foreign::ForeignFile file(theirs);
    for (const auto& tensor : file.tensors())
      if (tensor.name == "roi_heads.box_predictor.cls_score.bias")
        CHECK(tensor.shape == std::vector<int64_t>{coco ? 91 : 3});

    const std::string back = folder / "back.safetensors";
    convert_weights(imported, classes, back);
    const DetectorFile before(ours), after(back);
    const SafetensorsFile old_file(ours), new_file(back);
    CHECK(old_file.entries().size() == new_file.entries().size());
    for (const auto& entry : old_file.entries()) {
      CAPTURE(entry.name);
      CHECK(same(old_file.read(entry), new_file.read(entry.name)));
    }
    CHECK(after.categories.size() == classes.size());
    // Inferred from names and shapes, it describes the same model.
    ModelFileConfig inferred = after.config, stated = before.config;
    stated.model.backbone.num_groups = inferred.model.backbone.num_groups;  // of no norm
    stated.model.backbone.width_per_group = inferred.model.backbone.width_per_group;
    stated.model.box.norm = inferred.model.box.norm;  // of no convolution
    for (const auto& key : config_differences(ConfigFields::of(stated), ConfigFields::of(inferred)))
      FAIL_CHECK(key.key << " = " << key.before << " became " << key.after);
  }
}

TEST_CASE("import: torchvision's Keypoint R-CNN and back, with COCO's names for one class of 17") {
  ModelFileConfig config = tiny(nn::NormKind::kFrozenBatchNorm);
  config.model.mask.enabled = false;
  config.model.keypoint.enabled = true;
  config.model.keypoint.convs = 3;
  config.model.keypoint.channels = 8;
  const TemporaryDirectory folder;
  const std::string ours = model_file(folder, config, {coco_person()});
  const std::string theirs = folder / "theirs.pth";
  CHECK(export_weights(ours, Codebase::kTorchvisionDetector, theirs).told.empty());
  std::set<std::string> names;
  const foreign::ForeignFile file(theirs);
  for (const auto& tensor : file.tensors())
    if (tensor.name.starts_with("roi_heads.keypoint")) {
      names.insert(tensor.name);
      if (tensor.name.ends_with("kps_score_lowres.weight"))
        CHECK(tensor.shape == std::vector<int64_t>{8, 17, 4, 4});
    }
  const std::string head = "roi_heads.keypoint_head.", predictor = "roi_heads.keypoint_predictor.";
  CHECK(names == std::set<std::string>{head + "0.bias", head + "0.weight", head + "2.bias",
                                       head + "2.weight", head + "4.bias", head + "4.weight",
                                       predictor + "kps_score_lowres.bias",
                                       predictor + "kps_score_lowres.weight"});

  const ImportedModel imported(theirs);
  REQUIRE(imported.categories.size() == 1);
  CHECK(imported.categories[0].name == "person");
  CHECK(imported.categories[0].keypoints == coco_person().keypoints);
  CHECK(imported.config.model.keypoint.count() == 17);
  CHECK(imported.config.model.keypoint.convs == 3);
  CHECK(imported.config.model.keypoint.channels == 8);
  CHECK(imported.config.model.keypoint.norm == nn::NormKind::kNone);
  CHECK_FALSE(imported.config.model.keypoint.pixel_centers);
  const std::string back = folder / "back.safetensors";
  convert_weights(imported, imported.categories, back);
  const SafetensorsFile old_file(ours), new_file(back);
  CHECK(old_file.entries().size() == new_file.entries().size());
  for (const auto& entry : old_file.entries()) {
    CAPTURE(entry.name);
    CHECK(same(old_file.read(entry), new_file.read(entry.name)));
  }
  CHECK(DetectorFile(back).categories[0].skeleton == coco_person().skeleton);
}

TEST_CASE("import: the names of torchvision's first detectors, and of Detectron's blobs") {
  const std::string trunk = "backbone.bottom_up.", rpn = "proposal_generator.rpn_head.",
                    mask = "roi_heads.mask_head.";
  CHECK(ours_of(Codebase::kTorchvisionDetector,
                {"backbone.body.bn1.running_var", "backbone.body.layer3.5.downsample.1.weight",
                 "backbone.body.layer1.0.bn2.num_batches_tracked",
                 "backbone.fpn.inner_blocks.0.bias", "backbone.fpn.layer_blocks.3.weight",
                 "rpn.head.conv.bias", "roi_heads.mask_head.mask_fcn4.weight"}) ==
        std::vector<std::string>{trunk + "stem.conv1.norm.running_var",
                                 trunk + "res4.5.shortcut.norm.weight", "",
                                 "backbone.fpn_lateral2.bias", "backbone.fpn_output5.weight",
                                 rpn + "conv.bias", mask + "mask_fcn4.weight"});
  CHECK(ours_of(Codebase::kTorchvisionDetector,
                {"rpn.head.conv.0.0.weight", "rpn.head.conv.1.0.bias",
                 "roi_heads.box_head.0.0.weight", "roi_heads.box_head.1.0.weight",
                 "roi_heads.box_head.1.1.running_mean", "roi_heads.box_head.3.weight",
                 "rpn.head.conv.1.0.weight", "roi_heads.mask_head.0.1.weight"}) ==
        std::vector<std::string>{
            rpn + "conv.conv0.weight", rpn + "conv.conv1.bias", "roi_heads.box_head.conv1.weight",
            "roi_heads.box_head.conv2.weight", "roi_heads.box_head.conv2.norm.running_mean",
            "roi_heads.box_head.fc1.weight", rpn + "conv.conv1.weight",
            mask + "mask_fcn1.norm.weight"});
  CHECK(ours_of(Codebase::kDetectron, {"conv1_w",
                                       "res_conv1_bn_s",
                                       "res2_0_branch1_w",
                                       "res3_3_branch2c_bn_b",
                                       "res5_2_branch2a_gn_s",
                                       "fpn_inner_res5_2_sum_w",
                                       "fpn_inner_res3_3_sum_lateral_b",
                                       "fpn_inner_res2_2_sum_lateral_gn_s",
                                       "fpn_res4_5_sum_gn_b",
                                       "conv_rpn_fpn2_w",
                                       "rpn_bbox_pred_fpn2_b",
                                       "head_conv4_gn_s",
                                       "fc7_w",
                                       "_[mask]_fcn3_w",
                                       "_[mask]_fcn1_gn_b",
                                       "conv5_mask_b",
                                       "fc1000_w",
                                       "conv1_w_momentum",
                                       "conv_fcn8_b",
                                       "kps_score_lowres_w",
                                       "kps_score_w"}) ==
        std::vector<std::string>{trunk + "stem.conv1.weight",
                                 trunk + "stem.conv1.norm.weight",
                                 trunk + "res2.0.shortcut.weight",
                                 trunk + "res3.3.conv3.norm.bias",
                                 trunk + "res5.2.conv1.norm.weight",
                                 "backbone.fpn_lateral5.weight",
                                 "backbone.fpn_lateral3.bias",
                                 "backbone.fpn_lateral2.norm.weight",
                                 "backbone.fpn_output4.norm.bias",
                                 rpn + "conv.weight",
                                 rpn + "anchor_deltas.bias",
                                 "roi_heads.box_head.conv4.norm.weight",
                                 "roi_heads.box_head.fc2.weight",
                                 mask + "mask_fcn3.weight",
                                 mask + "mask_fcn1.norm.bias",
                                 mask + "deconv.bias",
                                 "",
                                 "",
                                 "roi_heads.keypoint_head.conv_fcn8.bias",
                                 "roi_heads.keypoint_head.score_lowres.weight",
                                 ""});
  CHECK_THROWS_WITH_AS(ours_of(Codebase::kTorchvisionDetector,
                               {"backbone.body.conv1.weight", "rpn.head.conv.1.0.bias"}),
                       "file: 1 of 2 tensors have no place in this model: rpn.head.conv.1.0.bias",
                       IoError);
}

TEST_CASE("import: wrappers and prefixes of training programs are looked through and told") {
  const TemporaryDirectory folder;
  const auto classifier = [&](const std::string& prefix) {
    NamedTensors tensors;
    const Tensor one = Tensor::zeros({1, 1, 1, 1}, DType::kF32);
    for (const char* name : {"conv1.weight", "bn1.weight", "layer1.0.conv1.weight"})
      tensors.emplace_back(prefix + name, one);
    return tensors;
  };
  const auto picked = [&](const NamedTensors& tensors) {
    const std::string path = folder / "file.pth";
    foreign::write_torch_archive(path, tensors);
    const foreign::ForeignFile file(path);
    PickedState state = pick_state(file);
    std::vector<std::string> names;
    for (const auto& tensor : state.tensors) names.push_back(tensor.name);
    CHECK(names == std::vector<std::string>{"conv1.weight", "bn1.weight", "layer1.0.conv1.weight"});
    return state.told;
  };
  CHECK(picked(classifier("")) == "");
  CHECK(picked(classifier("module.")) == "without module.");
  CHECK(picked(classifier("module._orig_mod.")) == "without module., without _orig_mod.");
  NamedTensors moco = classifier("module.encoder_q.");
  for (const auto& tensor : classifier("module.encoder_k.")) moco.push_back(tensor);
  moco.emplace_back("module.queue", Tensor::zeros({2, 2}, DType::kF32));
  CHECK(picked(moco) == "without module., encoder_q.* alone, 4 other tensors are no part of it");
}

TEST_CASE("import: a model that no configuration describes is refused before anything is written") {
  const TemporaryDirectory folder;
  const std::string ours =
      model_file(folder, tiny(nn::NormKind::kFrozenBatchNorm), {{1, "cup"}, {2, "fork"}});
  NamedTensors tensors = read_safetensors(ours);
  std::erase_if(tensors, [](const auto& tensor) {
    return tensor.first == "backbone.bottom_up.res3.1.conv2.norm.running_mean";
  });
  const std::string path = folder / "hole.pth", out = folder / "out.safetensors";
  for (auto& [name, tensor] : tensors) tensor = tensor.to(DType::kF32);
  foreign::write_torch_archive(path, tensors);
  const std::string message = path +
                              ": is no model that a configuration describes: 1 "
                              "missing: backbone.bottom_up.res3.1.conv2.norm.running_mean";
  CHECK_THROWS_WITH_AS(convert_weights(ImportedModel(path), {}, out), message.c_str(), IoError);
  CHECK(folder.entries().count("out.safetensors") == 0);
}
