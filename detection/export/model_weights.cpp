#include "detection/export/model_weights.h"

#include "core/error.h"
#include "nn/state_dict.h"

namespace denovo::detection {

ModelWeights::ModelWeights(OnnxGraph& graph, const nn::Module& model) : graph_(graph) {
  model.for_each_parameter([&](const std::string& name, const nn::Parameter& parameter) {
    weights_[parameter.tensor().raw()] = {name, parameter.format()};
  });
  model.for_each_buffer([&](const std::string& name, const nn::Buffer& buffer) {
    weights_[buffer.tensor().raw()] = {name, {}};
  });
}

const ModelWeights::Weight& ModelWeights::find(const Tensor& tensor) const {
  const auto found = weights_.find(tensor.raw());
  DENOVO_DCHECK(found != weights_.end());
  return found->second;
}

OnnxValue ModelWeights::operator()(const Tensor& tensor) {
  const Weight& weight = find(tensor);
  if (weight.added) return {&graph_, weight.name};
  weights_[tensor.raw()].added = true;
  return graph_.constant(weight.name, nn::to_file_layout(tensor.to(kCpu), weight.format));
}

std::string ModelWeights::layer_of(const Tensor& weight) const {
  const std::string& name = find(weight).name;
  return name.substr(0, name.rfind('.'));
}

void ModelWeights::require_all() const {
  for (const auto& [storage, weight] : weights_)
    if (!weight.added) throw InternalError("onnx: the graph has no use for " + weight.name);
}

}  // namespace denovo::detection
