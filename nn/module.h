// Modules: trees of named parameters. A parameter cannot exist without an owner and a name, so it
// cannot be forgotten, registered twice or left dangling:
//
//   class RpnHead : public Module {
//     Child<ConvNorm> conv_{*this, "conv", 256, 256, ConvNormOptions{.kernel = 3, .padding = 1}};
//   };
//
// Names in a state dict are the path of declared names joined by dots, in declaration order. They
// are detectron2's. Modules have no virtual forward: each class has the signature it needs.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/dist/process_group.h"
#include "core/tensor/tensor.h"
#include "nn/init.h"

namespace denovo::nn {

class Module;

/// What a parameter is, for rules of the optimiser (no weight decay on norms, say).
enum class ParameterKind { kWeight, kBias, kNorm };

/// How a parameter lies in files, which keep PyTorch's layouts.
enum class FileLayout {
  kSame,
  kChannelsFirst,  // here [O, kh, kw, I], in files [O, I, kh, kw]; also transposed convolutions
  kFlattened,      // here rows of H*W*C, in files rows of C*H*W (first layer after flattening)
};

struct FileFormat {
  FileLayout layout = FileLayout::kSame;
  int64_t height = 0, width = 0;  // of the flattened map, for kFlattened
};

/// A trainable tensor. Storage is uninitialised until initialize() or a loaded state dict fills it.
class Parameter {
 public:
  Parameter(Module& owner, std::string name, const Shape& shape, Initializer init,
            ParameterKind kind, FileFormat format = {});
  Parameter(const Parameter&) = delete;
  Parameter& operator=(const Parameter&) = delete;

  const Tensor& tensor() const { return tensor_; }
  operator const Tensor&() const { return tensor_; }
  const Initializer& initializer() const { return init_; }
  ParameterKind kind() const { return kind_; }
  const FileFormat& format() const { return format_; }

 private:
  friend class Module;
  Tensor tensor_;
  Initializer init_;
  ParameterKind kind_;
  FileFormat format_;
};

/// A tensor that is saved with the model but not trained (running statistics).
class Buffer {
 public:
  Buffer(Module& owner, std::string name, const Shape& shape, double initial_value);
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  const Tensor& tensor() const { return tensor_; }
  operator const Tensor&() const { return tensor_; }
  double initial_value() const { return initial_value_; }

 private:
  friend class Module;
  Tensor tensor_;
  double initial_value_;
};

class Module {
 public:
  Module() = default;
  virtual ~Module() = default;
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  /// Depth first, in declaration order, with full names.
  void for_each_parameter(const std::function<void(const std::string&, const Parameter&)>& f) const;
  void for_each_buffer(const std::function<void(const std::string&, const Buffer&)>& f) const;

  /// This one, then all below it, depth first in declaration order.
  void for_each_module(const std::function<void(const Module&)>& f) const;

  /// Fills every parameter by its initialiser and every buffer by its initial value. Draws depend
  /// on (seed, full name) only, so adding a layer does not change the others.
  void initialize(uint64_t seed) const;
  /// Gives every parameter and buffer storage of another dtype or device; contents are lost.
  void reallocate(DType dtype, Device device);
  /// requires_grad of every parameter below; frozen parameters receive no gradient.
  void set_trainable(bool trainable) const;
  /// Training mode: batch statistics in batch norm. On at construction.
  void train(bool training);
  bool is_training() const { return training_; }
  /// The ranks that train this model; alone at construction. The group must outlive the model.
  void join(ProcessGroup& group);
  ProcessGroup& group() const { return *group_; }
  int64_t num_parameters() const;

 private:
  friend class Parameter;
  friend class Buffer;
  template <class M>
  friend class Child;
  template <class M>
  friend class ChildList;
  struct Member {
    std::string name;
    Parameter* parameter = nullptr;
    Buffer* buffer = nullptr;
    Module* module = nullptr;
  };
  void visit(const std::string& prefix,
             const std::function<void(const std::string&, const Member&)>& f) const;

  std::vector<Member> members_;
  bool training_ = true;
  ProcessGroup* group_ = &ProcessGroup::alone();
};

/// A submodule. Made from its arguments, or handed over where M is an interface.
template <class M>
class Child {
 public:
  template <class... Args>
  Child(Module& owner, std::string name, Args&&... args)
      : Child(owner, std::move(name), std::make_unique<M>(std::forward<Args>(args)...)) {}
  Child(Module& owner, std::string name, std::unique_ptr<M> module) : module_(std::move(module)) {
    owner.members_.push_back({.name = std::move(name), .module = module_.get()});
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  M* operator->() { return module_.get(); }
  const M* operator->() const { return module_.get(); }
  M& operator*() { return *module_; }
  const M& operator*() const { return *module_; }

 private:
  std::unique_ptr<M> module_;
};

/// Submodules whose number is known at run time, named prefix + "0", prefix + "1", ... (or as
/// asked).
template <class M>
class ChildList {
 public:
  explicit ChildList(Module& owner) : owner_(owner) {}
  ChildList(const ChildList&) = delete;
  ChildList& operator=(const ChildList&) = delete;
  template <class... Args>
  M& add(std::string name, Args&&... args) {
    modules_.push_back(std::make_unique<M>(std::forward<Args>(args)...));
    owner_.members_.push_back({.name = std::move(name), .module = modules_.back().get()});
    return *modules_.back();
  }
  size_t size() const { return modules_.size(); }
  M& operator[](size_t i) { return *modules_[i]; }
  const M& operator[](size_t i) const { return *modules_[i]; }
  auto begin() const { return modules_.begin(); }
  auto end() const { return modules_.end(); }

 private:
  Module& owner_;
  std::vector<std::unique_ptr<M>> modules_;
};

}  // namespace denovo::nn
