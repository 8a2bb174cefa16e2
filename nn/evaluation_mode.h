// A model in evaluation mode, without a graph, for a scope.
#pragma once

#include "core/autograd/autograd.h"
#include "core/dist/process_group.h"
#include "nn/module.h"

namespace denovo::nn {

/// Whatever ends the scope, the model is then in the mode that it was in before.
class EvaluationMode {
 public:
  explicit EvaluationMode(Module& model) : model_(model), was_training_(model.is_training()) {
    model_.train(false);
  }
  /// Of a model that several ranks train: statistics of batches (BN) are each rank's own, and the
  /// run keeps those of rank 0, which all ranks have afterwards. Collective.
  EvaluationMode(Module& model, ProcessGroup& group) : EvaluationMode(model) {
    model.for_each_buffer(
        [&](const std::string&, const Buffer& buffer) { group.broadcast(buffer.tensor()); });
  }
  ~EvaluationMode() { model_.train(was_training_); }
  EvaluationMode(const EvaluationMode&) = delete;
  EvaluationMode& operator=(const EvaluationMode&) = delete;

 private:
  Module& model_;
  const bool was_training_;
  NoGrad no_grad_;
};

}  // namespace denovo::nn
