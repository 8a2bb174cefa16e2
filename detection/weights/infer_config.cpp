#include "detection/weights/infer_config.h"

#include <fmt/format.h>

#include <cmath>
#include <map>

#include "core/error.h"

namespace denovo::detection {
namespace {

const std::string kTrunk = "backbone.bottom_up.", kHeads = "roi_heads.";

class Inference {
 public:
  Inference(const std::vector<NamedShape>& tensors, const std::string& source) : source_(source) {
    for (const NamedShape& tensor : tensors) shapes_.emplace(tensor.name, tensor.shape);
  }

  InferredConfig run() {
    const bool vgg = has(kTrunk + "conv1_1.weight");
    vgg ? vgg_trunk() : trunk();
    if (has("roi_heads.box_predictor.cls_score.weight") || num_stages() > 0) {
      if (!vgg) pyramid();
      heads();
    }
    return std::move(result_);
  }

 private:
  bool has(const std::string& name) const { return shapes_.contains(name); }
  int size(const std::string& name, size_t dimension) const {
    const auto found = shapes_.find(name);
    if (found == shapes_.end()) throw IoError(fmt::format("{}: lacks {}", source_, name));
    const auto& shape = found->second;
    if (dimension >= shape.size() || shape[dimension] < 1 || shape[dimension] > 1'000'000)
      throw IoError(
          fmt::format("{}: {} has no possible size in dimension {}", source_, name, dimension));
    return static_cast<int>(shape[dimension]);
  }
  int rows(const std::string& layer) const { return size(layer + ".weight", 0); }
  nn::NormKind norm_of(const std::string& conv) const {
    if (has(conv + ".norm.running_mean")) return nn::NormKind::kFrozenBatchNorm;
    return has(conv + ".norm.weight") ? nn::NormKind::kGroupNorm : nn::NormKind::kNone;
  }
  /// Layers PREFIX1, PREFIX2, … there are.
  int count(const std::string& prefix) const {
    int layers = 0;
    while (has(fmt::format("{}{}.weight", prefix, layers + 1))) ++layers;
    return layers;
  }

  /// Box heads of a cascade; 0: it is none.
  int num_stages() const {
    int stages = 0;
    while (has(fmt::format("{}box_predictor.{}.cls_score.weight", kHeads, stages))) ++stages;
    return stages;
  }

  void trunk() {
    BackboneConfig& backbone = result_.config.model.backbone;
    backbone.stem_channels = rows(kTrunk + "stem.conv1");
    backbone.norm = norm_of(kTrunk + "stem.conv1");
    const bool bottleneck = has(kTrunk + "res2.0.conv3.weight");
    const char* const last = bottleneck ? "conv3" : "conv2";
    for (int stage = 2; stage <= 5; ++stage) {
      int blocks = 0;
      while (has(fmt::format("{}res{}.{}.conv1.weight", kTrunk, stage, blocks))) ++blocks;
      backbone.blocks.push_back(blocks);
      backbone.channels.push_back(rows(fmt::format("{}res{}.0.{}", kTrunk, stage, last)));
    }
    if (bottleneck) {
      const int width = rows(kTrunk + "res2.0.conv2");
      backbone.groups = width / size(kTrunk + "res2.0.conv2.weight", 1);
      backbone.width_per_group = width / std::max(backbone.groups, 1);
    }
    backbone.block = bottleneck ? BlockKind::kBottleneck : BlockKind::kBasic;
    name_depth(backbone, bottleneck);
  }

  void vgg_trunk() {
    BackboneConfig& backbone = result_.config.model.backbone;
    backbone.type = TrunkKind::kVgg;
    backbone.norm = norm_of(kTrunk + "conv1_1");
    for (size_t stage = 1; stage <= nn::Vgg::kNumStages; ++stage) {
      const std::string prefix = fmt::format("{}conv{}_", kTrunk, stage);
      backbone.blocks.push_back(count(prefix));
      backbone.channels.push_back(rows(prefix + "1"));
    }
    if (backbone.channels == nn::VggOptions().channels) backbone.channels.clear();
    backbone.depth = 16;
    for (const int depth : {11, 13, 16, 19}) {
      if (nn::VggOptions::of_depth(depth).convs != backbone.blocks) continue;
      backbone.depth = depth;
      backbone.blocks.clear();
      break;
    }
  }

  /// Says by its depth what needs no list.
  static void name_depth(BackboneConfig& backbone, bool bottleneck) {
    for (const int depth : {18, 34, 50, 101, 152}) {
      BackboneConfig plain;
      plain.depth = depth;
      const nn::ResNetOptions options = plain.resnet();
      if (options.bottleneck != bottleneck ||
          std::vector<int>(options.blocks.begin(), options.blocks.end()) != backbone.blocks)
        continue;
      backbone.depth = depth;
      backbone.blocks.clear();
      backbone.block = BlockKind::kAuto;
      if (std::vector<int>(options.channels.begin(), options.channels.end()) == backbone.channels)
        backbone.channels.clear();
      if (backbone.channels.empty() && backbone.groups == 1 && backbone.width_per_group == 64)
        backbone.width_per_group = 0;
      return;
    }
  }

  void pyramid() {
    BackboneConfig& backbone = result_.config.model.backbone;
    backbone.fpn_channels = rows("backbone.fpn_lateral2");
    backbone.fpn_norm = norm_of("backbone.fpn_lateral2");
  }

  void heads() {
    ModelConfig& model = result_.config.model;
    const int stages = num_stages();
    const std::string stage = stages > 0 ? "0." : "";
    if (stages > 0) cascade(model.cascade, stages);
    result_.num_classes = rows(kHeads + "box_predictor." + stage + "cls_score") - 1;
    const int anchors = rows("proposal_generator.rpn_head.objectness_logits");
    const auto ratios = static_cast<int>(model.anchors.ratios.size());
    const bool one_map = model.backbone.is_vgg();  // which has all sizes
    if (one_map ? anchors % ratios != 0 : anchors != ratios)
      throw IoError(fmt::format("{}: must have {}{} anchors at a place, got {}", source_,
                                one_map ? "a multiple of " : "", ratios, anchors));
    // Tensors tell how many sizes there are: those of the default, each twice the one before it.
    while (one_map && std::ssize(model.anchors.sizes) * ratios < anchors)
      model.anchors.sizes.push_back(2 * model.anchors.sizes.back());
    if (one_map) model.anchors.sizes.resize(static_cast<size_t>(anchors / ratios));
    while (has(fmt::format("proposal_generator.rpn_head.conv.conv{}.weight", model.rpn.convs)))
      ++model.rpn.convs;
    const std::string box = kHeads + "box_head." + stage, mask = kHeads + "mask_head.";
    model.box.convs = count(box + "conv");
    model.box.fcs = count(box + "fc");
    model.box.norm = norm_of(box + "conv1");
    if (model.box.convs > 0) model.box.conv_channels = rows(box + "conv1");
    const int channels = model.box.convs > 0       ? model.box.conv_channels
                         : model.backbone.is_vgg() ? model.backbone.vgg().channels.back()
                                                   : model.backbone.fpn_channels;
    model.box.fc_channels = rows(box + "fc1");
    const int inputs = size(box + "fc1.weight", 1);
    model.box.resolution =
        static_cast<int>(std::lround(std::sqrt(static_cast<double>(inputs) / channels)));
    keypoint_head(model.keypoint);
    model.mask.enabled = has(mask + "predictor.weight");
    if (!model.mask.enabled) return;
    model.mask.convs = count(mask + "mask_fcn");
    model.mask.channels = rows(mask + "predictor") > 0 ? size(mask + "predictor.weight", 1) : 0;
    model.mask.norm = norm_of(mask + "mask_fcn1");
  }

  /// Tensors tell the number of stages: IoUs and weights go on as those of the paper's three.
  void cascade(CascadeConfig& cascade, int stages) {
    cascade = {.enabled = true, .ious = {}, .box_weights = {}};
    for (int stage = 0; stage < stages; ++stage) {
      cascade.ious.push_back((5 + stage) / 10.0);
      cascade.box_weights.push_back(10.0 * (1 + stage));
      const std::string boxes = fmt::format("{}box_predictor.{}.bbox_pred", kHeads, stage);
      if (rows(boxes) != 4)
        throw IoError(fmt::format("{}: {} must have 4 rows, one box for all classes, got {}",
                                  source_, boxes, rows(boxes)));
    }
  }

  void keypoint_head(KeypointHeadConfig& keypoint) {
    const std::string head = kHeads + "keypoint_head.";
    keypoint.enabled = has(head + "score_lowres.weight");
    if (!keypoint.enabled) return;
    keypoint.convs = count(head + "conv_fcn");
    keypoint.channels = size(head + "score_lowres.weight", 0);
    keypoint.num_keypoints = size(head + "score_lowres.weight", 1);
    keypoint.norm = norm_of(head + "conv_fcn1");
  }

  const std::string& source_;
  std::map<std::string, std::vector<int64_t>> shapes_;
  InferredConfig result_;
};

}  // namespace

InferredConfig infer_config(const std::vector<NamedShape>& tensors, const std::string& source) {
  return Inference(tensors, source).run();
}

}  // namespace denovo::detection
