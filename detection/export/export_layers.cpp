#include "detection/export/export_layers.h"

namespace denovo::detection {
namespace {

using Ints = std::vector<int64_t>;

OnnxValue relu(const OnnxValue& x) {
  return x.graph->node("Relu", {x});
}

/// Opset 17 has no GroupNormalization: each group as a channel of an InstanceNormalization, whose
/// scale and shift do nothing, then those of the channels.
OnnxValue group_norm(ModelWeights& weights, const nn::Norm& norm, const OnnxMaps& x) {
  OnnxGraph& graph = weights.graph();
  const nn::Norm::Tensors tensors = norm.tensors();
  const int64_t channels = tensors.weight.numel(), groups = norm.options().num_groups;
  // No RoI at all has no size to infer, so that the length of their groups is written down.
  const Ints grouped =
      x.side == 0 ? Ints{1, groups, -1} : Ints{-1, groups, channels / groups * x.side * x.side};
  const OnnxValue shape =
      x.side == 0 ? graph.node("Shape", {x.value}) : graph.ints({-1, channels, x.side, x.side});
  const auto per_group = [&](float value) {
    return graph.floats(std::vector<float>(static_cast<size_t>(groups), value));
  };
  const OnnxValue normal = graph.node(
      "InstanceNormalization",
      {graph.node("Reshape", {x.value, graph.ints(grouped)}), per_group(1), per_group(0)},
      {{"epsilon", static_cast<float>(norm.options().eps)}});
  const auto per_channel = [&](const Tensor& tensor) {
    return graph.node("Unsqueeze", {weights(tensor), graph.ints({1, 2})});
  };
  return graph.node("Reshape", {normal, shape}) * per_channel(tensors.weight) +
         per_channel(tensors.bias);
}

OnnxValue export_norm(ModelWeights& weights, const nn::Norm& norm, const OnnxMaps& x) {
  if (norm.options().kind == nn::NormKind::kGroupNorm) return group_norm(weights, norm, x);
  const nn::Norm::Tensors tensors = norm.tensors();
  return weights.graph().node("BatchNormalization",
                              {x.value, weights(tensors.weight), weights(tensors.bias),
                               weights(tensors.running_mean), weights(tensors.running_var)},
                              {{"epsilon", static_cast<float>(norm.options().eps)}});
}

}  // namespace

OnnxMaps export_conv_norm(ModelWeights& weights, const nn::ConvNorm& layer, const OnnxMaps& x,
                          const OnnxValue& residual) {
  const OnnxScope scope(weights.graph(), weights.layer_of(layer.weight()));
  const nn::ConvNormOptions& o = layer.options();
  std::vector<OnnxValue> inputs{x.value, weights(layer.weight())};
  if (layer.bias()) inputs.push_back(weights(*layer.bias()));
  const OnnxValue convolved = weights.graph().node("Conv", inputs,
                                                   {{"kernel_shape", Ints(2, o.kernel)},
                                                    {"strides", Ints(2, o.stride)},
                                                    {"pads", Ints(4, o.padding)},
                                                    {"dilations", Ints(2, o.dilation)},
                                                    {"group", int64_t{o.groups}}});
  const int reach = o.dilation * (o.kernel - 1);
  OnnxMaps y{convolved, x.side == 0 ? 0 : (x.side + 2 * o.padding - reach - 1) / o.stride + 1};
  if (layer.norm()) y.value = export_norm(weights, *layer.norm(), y);
  if (residual.defined()) y.value = y.value + residual;
  if (o.relu) y.value = relu(y.value);
  return y;
}

OnnxValue export_linear(ModelWeights& weights, const nn::Linear& layer, const OnnxValue& x) {
  const OnnxScope scope(weights.graph(), weights.layer_of(layer.weight()));
  const OnnxValue y = weights.graph().node(
      "Gemm", {x, weights(layer.weight()), weights(layer.bias())}, {{"transB", int64_t{1}}});
  return layer.relu() ? relu(y) : y;
}

OnnxMaps export_deconv(ModelWeights& weights, const nn::Deconv2x& layer, const OnnxMaps& x) {
  const OnnxScope scope(weights.graph(), weights.layer_of(layer.weight()));
  const OnnxValue y = weights.graph().node(
      "ConvTranspose", {x.value, weights(layer.weight()), weights(layer.bias())},
      {{"kernel_shape", Ints(2, 2)}, {"strides", Ints(2, 2)}});
  return {relu(y), 2 * x.side};
}

OnnxValue export_max_pool(const OnnxValue& x, const ops::MaxPool2dOptions& options) {
  return x.graph->node("MaxPool", {x},
                       {{"kernel_shape", Ints(2, options.kernel)},
                        {"strides", Ints(2, options.stride)},
                        {"pads", Ints(4, options.padding)}});
}

}  // namespace denovo::detection
