// The weights of a model in a graph.
#pragma once

#include <map>
#include <string>

#include "detection/export/onnx_graph.h"
#include "nn/module.h"

namespace denovo::detection {

/// Parameters and buffers of a model as constants of a graph, under the names and in the layouts of
/// its state dict, which are PyTorch's and so ONNX's. Graph and model must outlive this.
class ModelWeights {
 public:
  ModelWeights(OnnxGraph& graph, const nn::Module& model);

  /// The constant of a parameter or buffer of the model, added when it is first asked for.
  OnnxValue operator()(const Tensor& tensor);
  /// What a layer is called, by its weight.
  std::string layer_of(const Tensor& weight) const;
  /// Throws InternalError unless the graph has all of them.
  void require_all() const;
  OnnxGraph& graph() { return graph_; }

 private:
  struct Weight {
    std::string name;
    nn::FileFormat format;
    bool added = false;
  };
  const Weight& find(const Tensor& tensor) const;

  OnnxGraph& graph_;
  std::map<const std::byte*, Weight> weights_;  // by their storage
};

}  // namespace denovo::detection
