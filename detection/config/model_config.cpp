#include "detection/config/model_config.h"

#include <fmt/format.h>

#include "core/error.h"
#include "ops/anchors/anchors.h"
#include "ops/heatmap_peaks/heatmap_peaks.h"
#include "ops/normalize_image/normalize_image.h"

namespace denovo::detection {
namespace {

void describe_norm(ConfigFields& v, const char* key, nn::NormKind& norm, const char* where) {
  v.choice(key, norm, nn::kNormNames, fmt::format("normalisation {}", where));
}

}  // namespace

void BackboneConfig::describe(ConfigFields& v) {
  v.choice("type", type, kTrunkNames,
           "ResNet with feature pyramid; or VGG, whose last map, of stride 16, stands alone: "
           "the keys of blocks, groups and pyramid do not count");
  v("depth", depth, "layers of the ResNet (18 to 152) or VGG (11, 13, 16, 19)")
      .one_of({11, 13, 16, 18, 19, 34, 50, 101, 152});
  v("blocks", blocks,
    "residual blocks of res2..res5, or convolutions of VGG's five stages, for a trunk of another "
    "depth; empty: the depth's")
      .positive();
  v.choice("block", block, kBlockNames, "kind of residual block");
  v("stem_channels", stem_channels, "channels of the stem").positive();
  v("channels", channels,
    "output channels of res2..res5, or of VGG's five stages; empty: the depth's")
      .positive();
  v("groups", groups, "groups of the 3x3 convolution of a bottleneck (ResNeXt)").positive();
  v("width_per_group", width_per_group,
    "bottleneck channels per group at res2, doubled by every stage; 0: channels / 4 / groups")
      .non_negative();
  v("stride_in_1x1", stride_in_1x1,
    "stride of a bottleneck in its first 1x1 convolution instead of the 3x3");
  describe_norm(v, "norm", norm, "of the trunk");
  v("num_groups", num_groups, "groups of every GroupNorm of the model").positive();
  v("norm_eps", norm_eps, "epsilon of every norm of the model").non_negative();
  v.choice("init", init, kLayerInitNames,
           "random trunk: msra (detectron2) or xavier (the paper's code)");
  v("fpn_channels", fpn_channels, "channels of every pyramid level").positive();
  describe_norm(v, "fpn_norm", fpn_norm, "of the pyramid");
}

nn::ResNetOptions BackboneConfig::resnet() const {
  nn::ResNetOptions options = nn::ResNetOptions::of_depth(depth);
  if (!blocks.empty()) options.blocks = blocks;
  if (block != BlockKind::kAuto) options.bottleneck = block == BlockKind::kBottleneck;
  options.stem_channels = stem_channels;
  // The widths of the kind that was asked for, as in the ResNets of 18 and of 50 layers.
  if (block != BlockKind::kAuto)
    options.channels = nn::ResNetOptions::of_depth(block == BlockKind::kBasic ? 18 : 50).channels;
  if (!channels.empty()) options.channels = channels;
  options.groups = groups;
  options.width_per_group = width_per_group;
  options.stride_in_1x1 = stride_in_1x1;
  options.norm = norm_options(norm);
  options.xavier = init == InitKind::kXavier;
  return options;
}

nn::VggOptions BackboneConfig::vgg() const {
  nn::VggOptions options = nn::VggOptions::of_depth(depth);
  if (!blocks.empty()) options.convs = blocks;
  if (!channels.empty()) options.channels = channels;
  options.norm = norm_options(norm);
  options.xavier = init == InitKind::kXavier;
  return options;
}

nn::FpnOptions BackboneConfig::fpn() const {
  return {fpn_channels, norm_options(fpn_norm)};
}

std::unique_ptr<nn::Backbone> BackboneConfig::make() const {
  if (is_vgg()) return std::make_unique<nn::VggC5>(vgg());
  return std::make_unique<nn::ResNetFpn>(resnet(), fpn());
}

std::unique_ptr<nn::Trunk> BackboneConfig::make_classifier_trunk() const {
  if (!is_vgg()) return std::make_unique<nn::ResNet>(resnet());
  nn::VggOptions options = vgg();
  options.last_pool = true;
  return std::make_unique<nn::Vgg>(options);
}

void AnchorConfig::describe(ConfigFields& v) {
  v("sizes", sizes,
    "anchor size in pixels: one for each of p2..p6; all of them on the one map of a VGG")
      .positive()
      .not_empty();
  v("ratios", ratios, "anchor height / width").positive().not_empty();
  v("rounded", rounded, "round cell anchors to whole pixels, as torchvision does");
}

void RpnConfig::describe(ConfigFields& v) {
  v("positive_iou", positive_iou, "an anchor is positive from this IoU on").range(0, 1);
  v("negative_iou", negative_iou, "an anchor is negative below this IoU").range(0, 1);
  v("batch_per_image", batch_per_image, "anchors sampled for the loss").positive();
  v("positive_fraction", positive_fraction, "largest share of positives among them").range(0, 1);
  v("nms_iou", nms_iou, "IoU above which the lower-scored proposal is dropped").range(0, 1);
  v("pre_nms_topk_train", pre_nms_topk_train, "proposals per level before NMS, training")
      .positive();
  v("pre_nms_topk_test", pre_nms_topk_test, "the same, testing").positive();
  v("post_nms_topk_train", post_nms_topk_train, "proposals per image after NMS, training")
      .positive();
  v("post_nms_topk_test", post_nms_topk_test, "the same, testing").positive();
  v("smooth_l1_beta", smooth_l1_beta, "where the box loss turns linear; 0: L1").non_negative();
  v("min_size", min_size, "proposals must be wider and higher than this, pixels").non_negative();
  v("convs", convs, "3x3 convolutions of the head").positive();
}

void BoxHeadConfig::describe(ConfigFields& v) {
  v("batch_per_image", batch_per_image, "RoIs sampled for the losses").positive();
  v("positive_fraction", positive_fraction, "largest share of foreground among them").range(0, 1);
  v("iou", iou, "a RoI is foreground from this IoU on").range(0, 1);
  v("resolution", resolution, "side of the pooled features").positive();
  v("convs", convs, "3x3 convolutions of the head (0: none)").non_negative();
  v("conv_channels", conv_channels, "their channels").positive();
  v("fcs", fcs, "fully connected layers").positive();
  v("fc_channels", fc_channels, "their channels").positive();
  v.choice("fc_init", fc_init, kLayerInitNames,
           "random fully connected layers: xavier (detectron2) or msra (VGG of the paper)");
  v("dropout", dropout, "share of their outputs that training sets to 0, of each layer (VGG: 0.5)")
      .range(0, kMostDropout);
  describe_norm(v, "norm", norm, "of the convolutions");
  v("smooth_l1_beta", smooth_l1_beta, "where the box loss turns linear; 0: L1").non_negative();
}

void CascadeConfig::describe(ConfigFields& v) {
  v("enabled", enabled,
    "several box heads, each on the boxes of the one before it (Cascade R-CNN), with one box for "
    "all classes; masks and keypoints are those of the last");
  v("ious", ious, "a RoI is foreground from this IoU on, by stage; the first is model.box.iou")
      .range(0, 1);
  v("box_weights", box_weights,
    "by stage, what regression targets of x and y are multiplied by; those of width and height by "
    "half of it")
      .positive();
}

void CascadeConfig::validate(double box_iou) const {
  if (!enabled) return;
  if (ious.size() < kLeastStages || ious.size() > kMostStages)
    throw ConfigError(
        fmt::format("config: model.cascade.ious must have one value for each of {} to {} stages, "
                    "got {}",
                    kLeastStages, kMostStages, ious.size()));
  if (box_weights.size() != ious.size())
    throw ConfigError(fmt::format(
        "config: model.cascade.box_weights must have one value for each of the {} ious, got {}",
        ious.size(), box_weights.size()));
  if (ious.front() != box_iou)
    throw ConfigError(
        fmt::format("config: model.cascade.ious must begin with model.box.iou = {}, got {}",
                    box_iou, ious.front()));
}

void MaskHeadConfig::describe(ConfigFields& v) {
  v("enabled", enabled, "predict masks (Mask R-CNN) or boxes only (Faster R-CNN)");
  v("resolution", resolution, "side of the pooled features; masks are twice as large").positive();
  v("convs", convs, "3x3 convolutions of the head").non_negative();
  v("channels", channels, "their channels").positive();
  describe_norm(v, "norm", norm, "of the convolutions");
  v.choice("predictor_init", predictor_init, kMaskPredictorInitNames,
           "initialiser of the last layer");
}

void KeypointHeadConfig::describe(ConfigFields& v) {
  v("enabled", enabled, "predict keypoints");
  v("num_keypoints", num_keypoints, "keypoints of an object, those of the data set's categories")
      .positive();
  v("resolution", resolution, "side of the pooled features; heat maps are four times as large")
      .range(1, ops::kMaxHeatmapSize / 4);
  v("convs", convs, "3x3 convolutions of the head").non_negative();
  v("channels", channels, "their channels").positive();
  describe_norm(v, "norm", norm, "of the convolutions");
  v.choice("normalizer", normalizer, kKeypointNormalizerNames,
           "the loss is a mean over the labelled keypoints of the images, or divided by as many as "
           "could be sampled");
  v("pixel_centers", pixel_centers,
    "a keypoint is the centre of the pixel that the file names (detectron2), or its upper left "
    "corner (torchvision)");
}

void PoolerConfig::describe(ConfigFields& v) {
  v("sampling_ratio", sampling_ratio,
    "RoIAlign samples per bin and direction; 0: by the size of the bin")
      .non_negative();
  v("aligned", aligned,
    "RoIAlign shifts coordinates by half a pixel (detectron2), or not (torchvision)");
  v("canonical_size", canonical_size, "side of a box that belongs to canonical_level").positive();
  v("canonical_level", canonical_level, "pyramid level of such a box")
      .range(nn::pyramid_level(nn::ResNet::strides().front()),
             nn::pyramid_level(nn::ResNet::strides().back()));
}

void TestConfig::describe(ConfigFields& v) {
  v("score_threshold", score_threshold, "detections below are dropped").range(0, 1);
  v("nms_iou", nms_iou, "IoU above which the lower-scored detection of a class is dropped")
      .range(0, 1);
  v("detections_per_image", detections_per_image, "detections kept").positive();
  v.choice("mask_paste", mask_paste, kMaskPasteNames,
           "mask placement: continuous (detectron2) or whole_pixel (torchvision)");
}

void PixelConfig::describe(ConfigFields& v) {
  v.choice("channel_order", channel_order, kChannelOrderNames, "order of the input channels");
  v("mean", mean, "subtracted from 0..255 values, in channel_order");
  v("std", std, "then divided by").positive();
}

Tensor PixelConfig::normalize(const Tensor& pixels, const Tensor& sizes, DType dtype) const {
  return ops::normalize_image(pixels, sizes,
                              {.mean = {mean[0], mean[1], mean[2]},
                               .std = {std[0], std[1], std[2]},
                               .bgr = channel_order == ChannelOrder::kBgr,
                               .dtype = dtype});
}

void ModelConfig::describe(ConfigFields& v) {
  v.section("backbone", backbone, "trunk, and feature pyramid where it is a ResNet");
  v.section("anchors", anchors, "anchors of the RPN");
  v.section("rpn", rpn, "region proposal network");
  v.section("pooler", pooler, "RoIAlign");
  v.section("box", box, "box head");
  v.section("cascade", cascade, "several box heads, one behind the other");
  v.section("mask", mask, "mask head");
  v.section("keypoint", keypoint, "keypoint head");
  v.section("test", test, "rules at test time");
  v.section("pixel", pixel, "input normalisation");
}

void ModelConfig::validate() const {
  if (backbone.is_vgg()) {
    backbone.vgg().check();
    if (anchors.sizes.size() * anchors.ratios.size() > ops::kMaxAnchorsPerCell)
      throw ConfigError(fmt::format(
          "config: model.anchors must have at most {} sizes x ratios on one map, got {} x {}",
          ops::kMaxAnchorsPerCell, anchors.sizes.size(), anchors.ratios.size()));
  } else if (anchors.sizes.size() != nn::ResNetFpn::kStrides.size()) {
    throw ConfigError(
        fmt::format("config: model.anchors.sizes must have one size for each of p2..p6, got {}",
                    anchors.sizes.size()));
  }
  if (rpn.negative_iou > rpn.positive_iou) {
    throw ConfigError(
        fmt::format("config: model.rpn.negative_iou must not exceed positive_iou, got {} and {}",
                    rpn.negative_iou, rpn.positive_iou));
  }
  cascade.validate(box.iou);
  if (pixel.mean.size() != 3 || pixel.std.size() != 3) {
    throw ConfigError("config: model.pixel.mean and std must have three values");
  }
  if (backbone.is_vgg()) return;
  const auto check_stages = [](const char* key, const std::vector<int>& values) {
    if (values.empty() || values.size() == nn::ResNet::strides().size()) return;
    throw ConfigError(
        fmt::format("config: model.backbone.{} must have four values, got {}", key, values.size()));
  };
  check_stages("blocks", backbone.blocks);
  check_stages("channels", backbone.channels);
  backbone.resnet().check();
}

}  // namespace denovo::detection
