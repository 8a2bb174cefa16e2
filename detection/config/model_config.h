// Everything that defines a detector: architecture, anchors, sampling, losses, test-time rules and
// the preprocessing its weights expect. Stored in every checkpoint. Defaults are the paper's (GN
// R50-FPN, nothing frozen) with detectron2's conventions where Detectron's differ.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/config/config_fields.h"
#include "nn/backbone/fpn.h"
#include "nn/backbone/vgg.h"
#include "nn/layers/fc_layers.h"
#include "ops/mask_paste/mask_paste.h"

namespace denovo::detection {

enum class TrunkKind { kResNet, kVgg };
inline constexpr ChoiceName<TrunkKind> kTrunkNames[] = {{TrunkKind::kResNet, "ResNet"},
                                                        {TrunkKind::kVgg, "VGG"}};

enum class BlockKind { kAuto, kBasic, kBottleneck };  // auto: the depth's
inline constexpr ChoiceName<BlockKind> kBlockNames[] = {{BlockKind::kAuto, "auto"},
                                                        {BlockKind::kBasic, "basic"},
                                                        {BlockKind::kBottleneck, "bottleneck"}};

/// Initialisers that codebases differ in.
enum class InitKind { kMsra, kXavier, kNormal };
/// Rate of dropout that leaves something to train.
inline constexpr double kMostDropout = 0.999;

// Of trunks and of fully connected layers.
inline constexpr ChoiceName<InitKind> kLayerInitNames[] = {{InitKind::kMsra, "msra"},
                                                           {InitKind::kXavier, "xavier"}};
inline constexpr ChoiceName<InitKind> kMaskPredictorInitNames[] = {{InitKind::kNormal, "normal"},
                                                                   {InitKind::kMsra, "msra"}};

enum class ChannelOrder { kBgr, kRgb };
inline constexpr ChoiceName<ChannelOrder> kChannelOrderNames[] = {{ChannelOrder::kBgr, "BGR"},
                                                                  {ChannelOrder::kRgb, "RGB"}};

inline constexpr ChoiceName<ops::MaskPaste> kMaskPasteNames[] = {
    {ops::MaskPaste::kContinuous, "continuous"}, {ops::MaskPaste::kWholePixel, "whole_pixel"}};

/// A ResNet with a feature pyramid, or conv5 of a VGG without one.
struct BackboneConfig {
  TrunkKind type = TrunkKind::kResNet;
  int depth = 50;
  std::vector<int> blocks;  // overrides the depth's; convolutions per stage in a VGG
  BlockKind block = BlockKind::kAuto;
  int stem_channels = 64;
  std::vector<int> channels;  // of res2..res5 or of a VGG's stages, overrides the depth's
  int groups = 1;
  int width_per_group = 0;  // 0: channels / 4 / groups
  bool stride_in_1x1 = false;
  nn::NormKind norm = nn::NormKind::kGroupNorm;
  int num_groups = 32;
  double norm_eps = 1e-5;
  InitKind init = InitKind::kMsra;
  int fpn_channels = 256;
  nn::NormKind fpn_norm = nn::NormKind::kGroupNorm;

  void describe(ConfigFields& v);
  bool is_vgg() const { return type == TrunkKind::kVgg; }
  nn::ResNetOptions resnet() const;
  nn::VggOptions vgg() const;
  nn::FpnOptions fpn() const;
  std::unique_ptr<nn::Backbone> make() const;
  /// Of an image classifier: the same parameters, with all its pools.
  std::unique_ptr<nn::Trunk> make_classifier_trunk() const;
  nn::NormOptions norm_options(nn::NormKind kind) const { return {kind, num_groups, norm_eps}; }
};

struct AnchorConfig {
  std::vector<double> sizes{32, 64, 128, 256, 512};  // one per level p2..p6, or all on the one map
  std::vector<double> ratios{0.5, 1, 2};             // height / width
  bool rounded = false;                              // torchvision rounds its cell anchors

  void describe(ConfigFields& v);
};

struct RpnConfig {
  double positive_iou = 0.7, negative_iou = 0.3;
  int batch_per_image = 256;
  double positive_fraction = 0.5;
  double nms_iou = 0.7;
  int pre_nms_topk_train = 2000, pre_nms_topk_test = 1000;    // per level
  int post_nms_topk_train = 1000, post_nms_topk_test = 1000;  // per image
  double smooth_l1_beta = 0;                                  // 0: L1
  double min_size = 0;  // torchvision drops proposals below 1e-3 pixels
  int convs = 1;        // 3x3, before the predictors; torchvision's second models have 2

  void describe(ConfigFields& v);
};

struct BoxHeadConfig {
  int batch_per_image = 512;
  double positive_fraction = 0.25;
  double iou = 0.5;
  int resolution = 7;
  int convs = 4, conv_channels = 256;
  int fcs = 1, fc_channels = 1024;
  InitKind fc_init = InitKind::kXavier;
  double dropout = 0;  // behind each fully connected layer
  nn::NormKind norm = nn::NormKind::kGroupNorm;
  double smooth_l1_beta = 0;

  void describe(ConfigFields& v);
  nn::FcOptions fc() const {
    return {fcs, fc_channels, resolution, fc_init == InitKind::kMsra, dropout};
  }
  /// The most foreground RoIs of an image.
  int64_t max_foreground() const {
    return static_cast<int64_t>(batch_per_image * positive_fraction);
  }
};

/// Stages of a cascade. With two losses of each, those of the RPN and of masks and keypoints stay
/// below ops::kMaxLosses.
inline constexpr size_t kLeastStages = 2, kMostStages = 5;

/// Cascade R-CNN (Cai and Vasconcelos, 2018): box heads one behind the other, each of which learns
/// from the boxes of the one before it at a higher IoU, with one box for all classes. Defaults are
/// the paper's.
struct CascadeConfig {
  bool enabled = false;
  std::vector<double> ious{0.5, 0.6, 0.7};  // by stage; the first is BoxHeadConfig::iou
  std::vector<double> box_weights{10, 20, 30};

  void describe(ConfigFields& v);
  /// With stages, of a model whose first one matches at box_iou. Throws ConfigError.
  void validate(double box_iou) const;
};

struct MaskHeadConfig {
  bool enabled = true;
  int resolution = 14;  // of the pooled features; the mask is twice as large
  int convs = 4, channels = 256;
  nn::NormKind norm = nn::NormKind::kGroupNorm;
  InitKind predictor_init = InitKind::kNormal;  // detectron2: N(0, 0.001); Detectron: msra

  void describe(ConfigFields& v);
};

/// By what the keypoint loss of the images of a group is divided.
enum class KeypointNormalizer {
  kVisible,  // the labelled keypoints in them: a mean, and the default of Detectron and detectron2
  kStatic    // as many as could be sampled: NORMALIZE_BY_VISIBLE_KEYPOINTS = False of both
};
inline constexpr ChoiceName<KeypointNormalizer> kKeypointNormalizerNames[] = {
    {KeypointNormalizer::kVisible, "visible"}, {KeypointNormalizer::kStatic, "static"}};

struct KeypointHeadConfig {
  bool enabled = false;
  int num_keypoints = 17;
  int resolution = 14;  // of the pooled features; heat maps are four times as large
  int convs = 8, channels = 512;
  nn::NormKind norm = nn::NormKind::kNone;
  KeypointNormalizer normalizer = KeypointNormalizer::kVisible;
  bool pixel_centers = true;  // torchvision: false

  void describe(ConfigFields& v);
  /// Of the model: 0 without the head.
  int count() const { return enabled ? num_keypoints : 0; }
  /// From the pixel that a file names to the point that the model sees, in the file's pixels.
  double offset() const { return pixel_centers ? 0.5 : 0; }
};

struct PoolerConfig {
  int sampling_ratio = 0;  // 0: adaptive
  bool aligned = true;
  int canonical_size = 224, canonical_level = 4;

  void describe(ConfigFields& v);
};

struct TestConfig {
  double score_threshold = 0.05;
  double nms_iou = 0.5;
  int detections_per_image = 100;
  ops::MaskPaste mask_paste = ops::MaskPaste::kContinuous;

  void describe(ConfigFields& v);
};

/// What a network input is; the loader and detect follow it.
struct PixelConfig {
  ChannelOrder channel_order = ChannelOrder::kBgr;
  std::vector<double> mean{103.530, 116.280, 123.675};  // in channel_order
  std::vector<double> std{1, 1, 1};

  void describe(ConfigFields& v);
  /// u8 pixels [N, H, W, 3] RGB and valid sizes i32 [N, 2] to the network's input, in dtype.
  Tensor normalize(const Tensor& pixels, const Tensor& sizes, DType dtype) const;
};

struct ModelConfig {
  BackboneConfig backbone;
  AnchorConfig anchors;
  RpnConfig rpn;
  PoolerConfig pooler;
  BoxHeadConfig box;
  CascadeConfig cascade;
  MaskHeadConfig mask;
  KeypointHeadConfig keypoint;
  TestConfig test;
  PixelConfig pixel;

  /// A norm of a head. A model has one number of groups and one epsilon for all its norms; they
  /// stand in BackboneConfig since trunk and pyramid, all that a classifier shares, need them too.
  nn::NormOptions head_norm(nn::NormKind kind) const { return backbone.norm_options(kind); }

  void describe(ConfigFields& v);
  /// Throws ConfigError for combinations that cannot work.
  void validate() const;
};

}  // namespace denovo::detection
