#include "detection/weights/codebases.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/error.h"
#include "detection/weights/vgg_names.h"

namespace denovo::detection {
namespace {

const std::string kTrunk = "backbone.bottom_up.", kRpn = "proposal_generator.rpn_head.",
                  kBox = "roi_heads.box_head.", kPredictor = "roi_heads.box_predictor.",
                  kMask = "roi_heads.mask_head.", kKeypoint = "roi_heads.keypoint_head.";

/// Counters that only training reads, at the front of every table of PyTorch's.
const RenameRule kCounters{"*.num_batches_tracked", {}, true};

std::vector<RenameRule> torchvision_trunk(const std::string& theirs) {
  const std::string block = theirs + "layer{}.{}.", ours = kTrunk + "res{+1}.{}.";
  return {{theirs + "conv1", kTrunk + "stem.conv1"},
          {theirs + "bn1", kTrunk + "stem.conv1.norm"},
          {block + "conv{}", ours + "conv{}"},
          {block + "bn{}", ours + "conv{}.norm"},
          {block + "downsample.0", ours + "shortcut"},
          {block + "downsample.1", ours + "shortcut.norm"}};
}

std::vector<RenameRule> torchvision_resnet() {
  auto rules = torchvision_trunk("");
  // Of MoCo's two fully connected layers, fc.0 and fc.2, nobody needs any.
  rules.insert(rules.begin(), {kCounters, {"fc.{}", {}, true}, {"fc", "linear"}});
  return rules;
}

/// How many of `names` there are with `first`, first + 1, … in the place of {}.
int count_of(std::span<const std::string> names, const std::string& pattern, int first) {
  int count = 0;
  while (std::find(names.begin(), names.end(), fmt::format(fmt::runtime(pattern), first + count)) !=
         names.end())
    ++count;
  return count;
}

/// The box head: two fully connected layers, or, in torchvision's second models, convolutions and
/// one, which are numbered as one list with a flattening in between.
std::vector<RenameRule> torchvision_box_head(std::span<const std::string> names) {
  const int convs = std::max(count_of(names, kBox + "{}.0.weight", 0),
                             count_of(names, kBox + "conv{}.weight", 1));
  if (convs == 0) return {{kBox + "fc6", kBox + "fc1"}, {kBox + "fc7", kBox + "fc2"}};
  return {{kBox + "{}.0", kBox + "conv{+1}"},
          {kBox + "{}.1", kBox + "conv{+1}.norm"},
          {fmt::format("{}{}", kBox, convs + 1), kBox + "fc1"}};
}

/// The 3x3 convolutions of the RPN, of which the second models have two.
RenameRule torchvision_rpn_convs(std::span<const std::string> names) {
  const int convs = std::max(count_of(names, "rpn.head.conv.{}.0.weight", 0),
                             count_of(names, kRpn + "conv.conv{}.weight", 0));
  if (convs < 2) return {"rpn.head.conv.0.0", kRpn + "conv"};
  return {"rpn.head.conv.{}.0", kRpn + "conv.conv{}"};
}

std::vector<RenameRule> torchvision_detector(std::span<const std::string> names) {
  std::vector<RenameRule> rules{kCounters};
  const auto trunk = torchvision_trunk("backbone.body.");
  rules.insert(rules.end(), trunk.begin(), trunk.end());
  const std::string fpn = "backbone.fpn.";
  const std::vector<RenameRule> rest{
      // Without the last zero, and with names in the mask head: files of before 0.12.
      {fpn + "inner_blocks.{}.0", "backbone.fpn_lateral{+2}"},
      {fpn + "inner_blocks.{}.1", "backbone.fpn_lateral{+2}.norm"},
      {fpn + "inner_blocks.{}", "backbone.fpn_lateral{+2}", false, true},
      {fpn + "layer_blocks.{}.0", "backbone.fpn_output{+2}"},
      {fpn + "layer_blocks.{}.1", "backbone.fpn_output{+2}.norm"},
      {fpn + "layer_blocks.{}", "backbone.fpn_output{+2}", false, true},
      torchvision_rpn_convs(names),
      {"rpn.head.conv.weight", kRpn + "conv.weight", false, true},
      {"rpn.head.conv.bias", kRpn + "conv.bias", false, true},
      {"rpn.head.cls_logits", kRpn + "objectness_logits"},
      {"rpn.head.bbox_pred", kRpn + "anchor_deltas"},
      {kPredictor + "cls_score", kPredictor + "cls_score"},
      {kPredictor + "bbox_pred", kPredictor + "bbox_pred"},
      {kMask + "{}.0", kMask + "mask_fcn{+1}"},
      {kMask + "{}.1", kMask + "mask_fcn{+1}.norm"},
      {kMask + "mask_fcn{}", kMask + "mask_fcn{}", false, true},
      {"roi_heads.mask_predictor.conv5_mask", kMask + "deconv"},
      {"roi_heads.mask_predictor.mask_fcn_logits", kMask + "predictor"},
      {"roi_heads.keypoint_predictor.kps_score_lowres", kKeypoint + "score_lowres"}};
  rules.insert(rules.end(), rest.begin(), rest.end());
  const auto box_head = torchvision_box_head(names);
  rules.insert(rules.end(), box_head.begin(), box_head.end());
  constexpr int kKeypointConvs = 8;  // a ReLU stands between each two
  for (int i = 0; i < kKeypointConvs; ++i)
    rules.push_back(
        {fmt::format("{}{}", kKeypoint, 2 * i), fmt::format("{}conv_fcn{}", kKeypoint, i + 1)});
  return rules;
}

std::vector<RenameRule> detectron2() {
  return {kCounters,
          // Constants that some versions saved.
          {"pixel_mean", {}, true},
          {"pixel_std", {}, true},
          {"proposal_generator.anchor_generator", {}, true},
          {kTrunk + "stem.fc", {}, true},
          {"stem.fc", {}, true},
          {"linear", "linear"},  // the classifier of pretrain_imagenet
          {"backbone", "backbone"},
          {"proposal_generator", "proposal_generator"},
          {"roi_heads", "roi_heads"},
          // A trunk alone, as converted from torchvision.
          {"stem", kTrunk + "stem"},
          {"res{}", kTrunk + "res{}"}};
}

std::vector<RenameRule> detectron() {
  std::vector<RenameRule> rules{// The classifier of an ImageNet model, and what its training kept.
                                {"fc1000", {}, true},
                                {"pred", {}, true},
                                {"lr", {}, true},
                                {"weight_order", {}, true},
                                {"model_iter", {}, true},
                                {"*_momentum", {}, true},
                                {"conv1", kTrunk + "stem.conv1"},
                                {"res_conv1_bn", kTrunk + "stem.conv1.norm"},
                                {"conv1_gn", kTrunk + "stem.conv1.norm"}};
  const std::string block = kTrunk + "res{}.{}.";
  for (const auto& [branch, conv] : {std::pair{"branch2a", "conv1"},
                                     {"branch2b", "conv2"},
                                     {"branch2c", "conv3"},
                                     {"branch1", "shortcut"}}) {
    const std::string theirs = fmt::format("res{{}}_{{}}_{}", branch);
    rules.push_back({theirs, block + conv});
    rules.push_back({theirs + "_bn", block + conv + ".norm"});
    rules.push_back({theirs + "_gn", block + conv + ".norm"});
  }
  // The top of the pyramid has no "lateral" in its name.
  for (const char* lateral : {"_sum_lateral", "_sum"}) {
    rules.push_back({fmt::format("fpn_inner_res{{}}_{{*}}{}", lateral), "backbone.fpn_lateral{}"});
    rules.push_back(
        {fmt::format("fpn_inner_res{{}}_{{*}}{}_gn", lateral), "backbone.fpn_lateral{}.norm"});
  }
  const std::vector<RenameRule> rest{{"fpn_res{}_{*}_sum", "backbone.fpn_output{}"},
                                     {"fpn_res{}_{*}_sum_gn", "backbone.fpn_output{}.norm"},
                                     {"conv_rpn_fpn2", kRpn + "conv"},
                                     {"rpn_cls_logits_fpn2", kRpn + "objectness_logits"},
                                     {"rpn_bbox_pred_fpn2", kRpn + "anchor_deltas"},
                                     {"head_conv{}", kBox + "conv{}"},
                                     {"head_conv{}_gn", kBox + "conv{}.norm"},
                                     {"fc6", kBox + "fc1"},
                                     {"fc7", kBox + "fc2"},
                                     {"cls_score", kPredictor + "cls_score"},
                                     {"bbox_pred", kPredictor + "bbox_pred"},
                                     {"_[mask]_fcn{}", kMask + "mask_fcn{}"},
                                     {"_[mask]_fcn{}_gn", kMask + "mask_fcn{}.norm"},
                                     {"conv5_mask", kMask + "deconv"},
                                     {"mask_fcn_logits", kMask + "predictor"},
                                     {"conv_fcn{}", kKeypoint + "conv_fcn{}"},
                                     {"kps_score_lowres", kKeypoint + "score_lowres"},
                                     // The bilinear enlargement, as a filter that is not trained.
                                     {"kps_score", {}, true}};
  rules.insert(rules.end(), rest.begin(), rest.end());
  return rules;
}

}  // namespace

const char* name(Codebase codebase) {
  switch (codebase) {
    case Codebase::kDetectron2:
      return "detectron2";
    case Codebase::kTorchvisionDetector:
    case Codebase::kTorchvisionResnet:
    case Codebase::kTorchvisionVgg:
      return "torchvision";
    case Codebase::kDetectron:
      return "Detectron";
  }
  throw InternalError("weights: unknown codebase");
}

Codebase codebase_of(std::span<const std::string> names, const std::string& source) {
  const auto any = [&](std::string_view start) {
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& name) { return name.starts_with(start); });
  };
  if (any("backbone.body.")) return Codebase::kTorchvisionDetector;
  if (any(kTrunk) || any("stem.conv1.")) return Codebase::kDetectron2;
  if (any("features.0.weight")) return Codebase::kTorchvisionVgg;
  if (any("conv1.weight") && any("layer1.")) return Codebase::kTorchvisionResnet;
  if (any("conv1_w")) return Codebase::kDetectron;
  throw IoError(fmt::format(
      "{}: its names must be those of detectron2 (backbone.bottom_up.…), of torchvision's "
      "detectors (backbone.body.…), ResNets (conv1.weight, layer1.…) or VGGs (features.0.weight), "
      "or of Detectron (conv1_w), got {}{}",
      source, fmt::join(names.first(std::min<size_t>(names.size(), 4)), ", "),
      names.size() > 4 ? ", …" : ""));
}

std::vector<RenameRule> rename_rules(Codebase codebase, std::span<const std::string> names) {
  switch (codebase) {
    case Codebase::kDetectron2:
      return detectron2();
    case Codebase::kTorchvisionDetector:
      return torchvision_detector(names);
    case Codebase::kTorchvisionResnet:
      return torchvision_resnet();
    case Codebase::kTorchvisionVgg:
      return torchvision_vgg_rules(names);
    case Codebase::kDetectron:
      return detectron();
  }
  throw InternalError("weights: unknown codebase");
}

std::string with_dots(const std::string& blob) {
  for (const auto& [theirs, ours] : {std::pair{"_w", ".weight"},
                                     {"_b", ".bias"},
                                     {"_s", ".weight"},
                                     {"_rm", ".running_mean"},
                                     {"_riv", ".running_var"}})
    if (blob.ends_with(theirs))
      return blob.substr(0, blob.size() - std::string(theirs).size()) + ours;
  return blob;
}

bool has_background_first(Codebase codebase) {
  return codebase == Codebase::kTorchvisionDetector || codebase == Codebase::kDetectron;
}

void set_conventions(Codebase codebase, ModelFileConfig& config) {
  ModelConfig& model = config.model;
  if (codebase == Codebase::kTorchvisionResnet || codebase == Codebase::kTorchvisionVgg ||
      codebase == Codebase::kTorchvisionDetector) {
    // (p / 255 - mean) / std in RGB.
    model.pixel.channel_order = ChannelOrder::kRgb;
    model.pixel.mean = {123.675, 116.28, 103.53};
    model.pixel.std = {58.395, 57.12, 57.375};
  }
  if (codebase == Codebase::kTorchvisionDetector) {
    model.anchors.rounded = true;
    model.rpn.min_size = 1e-3;
    model.rpn.smooth_l1_beta = 1.0 / 9;
    model.box.smooth_l1_beta = 1.0 / 9;
    model.pooler.sampling_ratio = 2;
    model.pooler.aligned = false;
    model.test.mask_paste = ops::MaskPaste::kWholePixel;
    model.keypoint.pixel_centers = false;
  }
  // Caffe2's ResNets have the stride of a stage in the first 1x1 convolution, those of GroupNorm
  // in the 3x3. RoIs were not shifted by half a pixel.
  if (codebase == Codebase::kDetectron) {
    model.backbone.stride_in_1x1 = model.backbone.norm != nn::NormKind::kGroupNorm;
    model.pooler.sampling_ratio = 2;
    model.pooler.aligned = false;
    model.keypoint.pixel_centers = false;
  }
  // detectron2's default is Caffe2's; its models with GroupNorm, SyncBN or groups differ.
  // Those with batch norm in the pyramid are the SyncBN ones.
  if (codebase == Codebase::kDetectron2)
    model.backbone.stride_in_1x1 = model.backbone.norm == nn::NormKind::kFrozenBatchNorm &&
                                   model.backbone.fpn_norm == nn::NormKind::kNone &&
                                   model.backbone.groups == 1;
}

}  // namespace denovo::detection
