#include "detection/export/export_backbone.h"

#include "core/error.h"
#include "nn/backbone/fpn.h"
#include "nn/backbone/vgg.h"

namespace denovo::detection {
namespace {

OnnxMaps export_block(ModelWeights& weights, const nn::ResidualBlock& block, const OnnxMaps& x) {
  const OnnxMaps residual = block.shortcut() ? export_conv_norm(weights, *block.shortcut(), x) : x;
  const auto& convs = block.convs();
  OnnxMaps y = x;
  for (size_t i = 0; i + 1 < convs.size(); ++i) y = export_conv_norm(weights, convs[i], y);
  return export_conv_norm(weights, convs[convs.size() - 1], y, residual.value);
}

std::vector<OnnxMaps> export_resnet(ModelWeights& weights, const nn::ResNet& resnet,
                                    const OnnxValue& x) {
  OnnxMaps y = export_conv_norm(weights, resnet.stem().conv1(), {x});
  y.value = export_max_pool(y.value, nn::Stem::kPool);
  std::vector<OnnxMaps> stages;
  for (size_t stage = 0; stage < resnet.num_stages(); ++stage) {
    for (const auto& block : resnet.stage(stage)) y = export_block(weights, *block, y);
    stages.push_back(y);
  }
  return stages;
}

OnnxValue export_vgg(ModelWeights& weights, const nn::Vgg& vgg, const OnnxValue& x) {
  OnnxMaps y{x};
  for (size_t stage = 0; stage < nn::Vgg::kNumStages; ++stage) {
    for (const auto& conv : vgg.stage(stage)) y = export_conv_norm(weights, *conv, y);
    if (stage + 1 < nn::Vgg::kNumStages || vgg.has_last_pool())
      y.value = export_max_pool(y.value, nn::Vgg::kPool);
  }
  return y.value;
}

/// Each cell becomes two by two of its value.
OnnxValue upsample(const OnnxValue& x) {
  return x.graph->node("Resize", {x, {}, x.graph->floats({1, 1, 2, 2})},
                       {{"mode", "nearest"},
                        {"nearest_mode", "floor"},
                        {"coordinate_transformation_mode", "asymmetric"}});
}

}  // namespace

std::vector<OnnxValue> export_backbone(ModelWeights& weights, const nn::Backbone& backbone,
                                       const OnnxValue& x) {
  if (const auto* vgg = dynamic_cast<const nn::VggC5*>(&backbone))
    return {export_vgg(weights, vgg->trunk(), x)};
  const auto* fpn = dynamic_cast<const nn::ResNetFpn*>(&backbone);
  DENOVO_DCHECK(fpn != nullptr);
  const std::vector<OnnxMaps> stages = export_resnet(weights, fpn->trunk(), x);
  std::vector<OnnxValue> levels(stages.size() + 1);
  OnnxMaps top;
  for (size_t i = stages.size(); i-- > 0;) {
    const OnnxMaps lateral = export_conv_norm(weights, fpn->laterals()[i], stages[i]);
    top.value = top.value.defined() ? lateral.value + upsample(top.value) : lateral.value;
    levels[i] = export_conv_norm(weights, fpn->outputs()[i], top).value;
  }
  levels.back() = export_max_pool(levels[stages.size() - 1], nn::ResNetFpn::kEverySecond);
  return levels;
}

}  // namespace denovo::detection
