// Automatic differentiation: a node object per executed op, and an engine that runs them backwards.
//
// An op computes its outputs, then, when gradients are wanted, makes its Node, stores what backward
// needs in named Saved members, and calls attach(). backward() visits nodes in the reverse order of
// their creation (a topological order, without counting edges), frees what a node saved as soon as
// it has run, and collects gradients in the leaves.
//
// Threads: one thread builds and runs a graph.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/tensor/tensor.h"

namespace denovo {

/// Where a node's backward puts the gradient of one input. The engine says whether it is wanted at
/// all, and whether it is the first contribution (assign) or a later one (accumulate).
class GradSlot {
 public:
  /// False: this gradient is not needed, compute nothing for it.
  explicit operator bool() const { return needed_; }
  /// The tensor to write into, of the input's shape, dtype and device; uninitialised when beta() is
  /// 0.
  const Tensor& buffer();
  /// 0: write buffer() = g. 1: write buffer() += g (cuDNN's and oneDNN's beta).
  double beta() const { return accumulate_ ? 1.0 : 0.0; }
  bool accumulates() const { return accumulate_; }
  /// For ops that cannot accumulate or that pass a gradient through: hands over g (of the input's
  /// shape), which the engine keeps, copies or adds as needed.
  void set(const Tensor& g);

 private:
  friend class Engine;
  bool needed_ = false;
  bool accumulate_ = false;
  bool owned_storage_ = true;  // false: buffer_ belongs to a leaf and must be written in place
  Shape shape_;
  DType dtype_ = DType::kF32;
  Device device_;
  Tensor buffer_;
  bool written_ = false;
};

class Saved;

/// One executed op. grad_outputs[i] is undefined when nothing downstream used output i.
class Node {
 public:
  virtual ~Node();
  virtual std::string_view name() const = 0;
  virtual void backward(std::span<const Tensor> grad_outputs, std::span<GradSlot> grad_inputs) = 0;

 private:
  friend class Engine;
  friend class Saved;
  friend void attach(std::shared_ptr<Node>, std::span<const Tensor>, std::span<const Tensor>);

  struct Input {
    std::shared_ptr<Node> producer;    // interior tensor, or
    std::shared_ptr<TensorImpl> leaf;  // leaf that requires a gradient, or neither: no gradient
    int producer_output = 0;
    Shape shape;
    DType dtype = DType::kF32;
    Device device;
  };
  struct Output {
    Shape shape;
    DType dtype;
    Device device;
  };
  std::vector<Input> inputs_;
  std::vector<Output> outputs_;
  std::vector<Saved*> saved_;
  uint64_t order_ = 0;
  const char* profile_group_ = nullptr;
};

/// A tensor that a node keeps for its backward: Saved x_{*this}. Holds storage only, never a graph,
/// so an op may save its own output. Released by the engine right after backward.
class Saved {
 public:
  explicit Saved(Node& owner) { owner.saved_.push_back(this); }
  Saved(const Saved&) = delete;
  Saved& operator=(const Saved&) = delete;
  void operator=(const Tensor& tensor) { tensor_ = tensor.defined() ? tensor.detach() : Tensor(); }
  /// Throws InternalError when the graph was already run backwards.
  const Tensor& get() const;
  bool defined() const { return tensor_.defined(); }

 private:
  friend class Engine;
  Tensor tensor_;
  bool released_ = false;
};

/// While alive, ops on this thread record nothing.
class NoGrad {
 public:
  NoGrad();
  ~NoGrad();
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  bool previous_;
};

/// True when recording is on and any of the inputs is part of a graph or requires a gradient.
/// Undefined tensors are allowed and do not count.
bool wants_grad(std::initializer_list<Tensor> inputs);
bool wants_grad(std::span<const Tensor> inputs);

/// Makes the node the producer of outputs and an edge to every input (undefined inputs allowed:
/// their slots are never needed). Slots of backward stand in the order of inputs.
void attach(std::shared_ptr<Node> node, std::span<const Tensor> inputs,
            std::span<const Tensor> outputs);
inline void attach(std::shared_ptr<Node> node, std::initializer_list<Tensor> inputs,
                   std::initializer_list<Tensor> outputs) {
  attach(std::move(node), std::span(inputs.begin(), inputs.size()),
         std::span(outputs.begin(), outputs.size()));
}

/// Adds the gradients of sum_i <outputs[i], grads[i]> to every leaf below that requires one. An
/// undefined grads[i] stands for ones. The graph is freed on the way; a second call on it throws.
void backward(std::span<const Tensor> outputs, std::span<const Tensor> grads);
inline void backward(const Tensor& output, const Tensor& grad = {}) {
  backward(std::span(&output, 1), std::span(&grad, 1));
}

}  // namespace denovo
