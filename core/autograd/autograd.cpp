#include "core/autograd/autograd.h"

#include <fmt/format.h>

#include <atomic>
#include <queue>
#include <unordered_map>

#include "core/autograd/op_trace.h"
#include "core/run/profile.h"

namespace denovo {
namespace {

thread_local bool recording = true;
std::atomic<uint64_t> next_order{1};
OpObserver observer;

}  // namespace

Node::~Node() {
  // A chain of nodes would otherwise be destroyed by recursion, one stack frame a layer.
  std::vector<std::shared_ptr<Node>> pending;
  const auto take = [&](Node& node) {
    for (Input& input : node.inputs_) {
      if (input.producer) pending.push_back(std::move(input.producer));
    }
  };
  take(*this);
  while (!pending.empty()) {
    const std::shared_ptr<Node> node = std::move(pending.back());
    pending.pop_back();
    if (node.use_count() == 1) take(*node);
  }
}

const Tensor& GradSlot::buffer() {
  DENOVO_DCHECK(needed_);
  if (!buffer_.defined()) buffer_ = Tensor::empty(shape_, dtype_, device_);
  // An interior gradient that was passed through may have other readers: they keep the old values.
  if (accumulate_ && owned_storage_ && !written_ && buffer_.impl()->storage.use_count() > 1) {
    buffer_ = buffer_.clone();
  }
  written_ = true;
  return buffer_;
}

void GradSlot::set(const Tensor& g) {
  if (!needed_) return;
  DENOVO_DCHECK(g.numel() == shape_.numel());
  if (accumulate_) {
    denovo::accumulate(buffer(), g);
  } else if (owned_storage_ && g.dtype() == dtype_) {
    buffer_ = g.view(shape_);
    written_ = true;
  } else {
    copy(buffer(), g);
  }
}

const Tensor& Saved::get() const {
  if (released_) throw InternalError("autograd: backward was called twice on the same graph");
  return tensor_;
}

NoGrad::NoGrad() : previous_(recording) {
  recording = false;
}
NoGrad::~NoGrad() {
  recording = previous_;
}

bool wants_grad(std::span<const Tensor> inputs) {
  if (!recording) return false;
  for (const Tensor& input : inputs) {
    if (input.defined() && (input.impl()->producer || input.requires_grad())) return true;
  }
  return false;
}

bool wants_grad(std::initializer_list<Tensor> inputs) {
  return wants_grad(std::span(inputs.begin(), inputs.size()));
}

void attach(std::shared_ptr<Node> node, std::span<const Tensor> inputs,
            std::span<const Tensor> outputs) {
  node->order_ = next_order++;
  node->profile_group_ = ProfileGroup::current();
  for (const Tensor& input : inputs) {
    Node::Input edge;
    if (input.defined()) {
      edge.shape = input.shape();
      edge.dtype = input.dtype();
      edge.device = input.device();
      if (input.impl()->producer) {
        edge.producer = input.impl()->producer;
        edge.producer_output = input.impl()->producer_output;
      } else if (input.requires_grad()) {
        edge.leaf = input.impl();
      }
    }
    node->inputs_.push_back(std::move(edge));
  }
  int index = 0;
  for (const Tensor& output : outputs) {
    node->outputs_.push_back({output.shape(), output.dtype(), output.device()});
    output.impl()->producer = node;
    output.impl()->producer_output = index++;
  }
  if (observer) observer({node->name(), node->profile_group_, inputs, outputs});
}

void observe_ops(OpObserver new_observer) {
  observer = std::move(new_observer);
}

/// One backward pass.
class Engine {
 public:
  void run(std::span<const Tensor> outputs, std::span<const Tensor> grads) {
    const NoGrad no_grad;
    std::vector<Node*> roots;
    for (size_t i = 0; i < outputs.size(); ++i) {
      const Tensor& output = outputs[i];
      const auto& producer = output.impl()->producer;
      if (!producer) throw InternalError("autograd: backward of a tensor that no recorded op made");
      const Tensor grad = grads[i].defined()
                              ? grads[i].detach()
                              : Tensor::full(output.shape(), 1, output.dtype(), output.device());
      collect(producer, output.impl()->producer_output, grad);
      roots.push_back(producer.get());
    }
    count_leaf_uses(roots);
    while (!ready_.empty()) {
      const std::shared_ptr<Node> node = ready_.top();
      ready_.pop();
      run_node(*node);
    }
  }

 private:
  struct LaterFirst {
    bool operator()(const std::shared_ptr<Node>& a, const std::shared_ptr<Node>& b) const {
      return a->order_ < b->order_;
    }
  };

  /// A gradient of an output of node arrived from outside the graph.
  void collect(const std::shared_ptr<Node>& node, int output, const Tensor& grad) {
    Tensor& pending = gradients_of(node)[static_cast<size_t>(output)];
    if (pending.defined()) {
      pending = pending.clone();
      accumulate(pending, grad);
    } else {
      pending = grad;
    }
  }

  std::vector<Tensor>& gradients_of(const std::shared_ptr<Node>& node) {
    const auto [position, is_new] = gradients_.try_emplace(node.get());
    if (is_new) {
      position->second.resize(node->outputs_.size());
      ready_.push(node);
    }
    return position->second;
  }

  /// How many contributions each leaf will get, so that its hook fires once, after the last.
  void count_leaf_uses(const std::vector<Node*>& roots) {
    std::vector<Node*> stack(roots);
    std::unordered_map<Node*, bool> visited;
    while (!stack.empty()) {
      Node* node = stack.back();
      stack.pop_back();
      if (!visited.try_emplace(node, true).second) continue;
      for (const Node::Input& input : node->inputs_) {
        if (input.producer) stack.push_back(input.producer.get());
        if (input.leaf) ++leaf_uses_[input.leaf.get()];
      }
    }
  }

  void run_node(Node& node) {
    const auto found = gradients_.find(&node);
    const std::vector<Tensor> grad_outputs = std::move(found->second);
    gradients_.erase(found);
    std::vector<GradSlot> slots(node.inputs_.size());
    // Two inputs may be the same tensor: slots are opened one after the other as they are handed
    // back.
    for (size_t i = 0; i < slots.size(); ++i) open(node.inputs_[i], slots[i]);
    share_duplicates(node, slots);
    {
      const ProfileGroup group(node.profile_group_, ProfilePhase::kBackward);
      node.backward(grad_outputs, slots);
    }
    for (Saved* saved : node.saved_) {
      saved->tensor_ = Tensor();
      saved->released_ = true;
    }
    for (size_t i = 0; i < slots.size(); ++i) close(node, node.inputs_[i], slots[i]);
  }

  void open(const Node::Input& input, GradSlot& slot) {
    slot.needed_ = input.producer || input.leaf;
    if (!slot.needed_) return;
    slot.shape_ = input.shape;
    slot.dtype_ = input.dtype;
    slot.device_ = input.device;
    if (input.producer) {
      Tensor& pending = gradients_of(input.producer)[static_cast<size_t>(input.producer_output)];
      if (pending.defined()) {
        slot.accumulate_ = true;
        slot.buffer_ = std::move(pending);
        pending = Tensor();
      }
    } else {
      TensorImpl& leaf = *input.leaf;
      if (!leaf.grad) leaf.grad = Tensor::empty(input.shape, input.dtype, input.device).impl();
      slot.owned_storage_ = false;
      slot.buffer_ = Tensor(leaf.grad);
      slot.accumulate_ = leaf.grad_is_set;
      leaf.grad_is_set = true;
    }
  }

  /// When one tensor is used twice by a node, the second slot must not write over the first: it
  /// gets a buffer of its own, which close() adds.
  static void share_duplicates(const Node& node, std::vector<GradSlot>& slots) {
    for (size_t i = 1; i < slots.size(); ++i) {
      for (size_t j = 0; j < i && slots[i].needed_; ++j) {
        const auto &a = node.inputs_[i], &b = node.inputs_[j];
        const bool same = a.leaf ? a.leaf == b.leaf
                                 : a.producer && a.producer == b.producer &&
                                       a.producer_output == b.producer_output;
        if (same) {
          slots[i].buffer_ = Tensor();
          slots[i].accumulate_ = false;
          slots[i].owned_storage_ = true;
        }
      }
    }
  }

  void close(const Node& node, const Node::Input& input, GradSlot& slot) {
    if (!slot.needed_) return;
    if (!slot.written_ && !slot.accumulate_) {
      throw InternalError(
          fmt::format("engine: node {} did not write the gradient of an input of shape {}",
                      node.name(), to_string(input.shape)));
    }
    if (input.producer) {
      Tensor& pending = gradients_of(input.producer)[static_cast<size_t>(input.producer_output)];
      if (pending.defined()) {
        accumulate_into(pending, slot.buffer_);
      } else {
        pending = std::move(slot.buffer_);
      }
      return;
    }
    if (slot.owned_storage_) accumulate(Tensor(input.leaf->grad), slot.buffer_);
    if (--leaf_uses_[input.leaf.get()] == 0 && input.leaf->grad_hook) input.leaf->grad_hook();
  }

  static void accumulate_into(Tensor& pending, const Tensor& grad) {
    if (pending.impl()->storage.use_count() > 1) pending = pending.clone();
    accumulate(pending, grad);
  }

  std::unordered_map<Node*, std::vector<Tensor>> gradients_;
  std::priority_queue<std::shared_ptr<Node>, std::vector<std::shared_ptr<Node>>, LaterFirst> ready_;
  std::unordered_map<TensorImpl*, int> leaf_uses_;
};

void backward(std::span<const Tensor> outputs, std::span<const Tensor> grads) {
  DENOVO_DCHECK(outputs.size() == grads.size());
  Engine().run(outputs, grads);
}

}  // namespace denovo
