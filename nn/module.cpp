#include "nn/module.h"

namespace denovo::nn {
namespace {

/// FNV-1a: the item of the random stream of a parameter.
uint32_t hash_name(const std::string& name) {
  uint32_t hash = 2166136261u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

}  // namespace

Parameter::Parameter(Module& owner, std::string name, const Shape& shape, Initializer init,
                     ParameterKind kind, FileFormat format)
    : tensor_(Tensor::empty(shape, DType::kF32)),
      init_(std::move(init)),
      kind_(kind),
      format_(format) {
  tensor_.set_requires_grad(true);
  owner.members_.push_back({.name = std::move(name), .parameter = this});
}

Buffer::Buffer(Module& owner, std::string name, const Shape& shape, double initial_value)
    : tensor_(Tensor::full(shape, initial_value, DType::kF32)), initial_value_(initial_value) {
  owner.members_.push_back({.name = std::move(name), .buffer = this});
}

void Module::visit(const std::string& prefix,
                   const std::function<void(const std::string&, const Member&)>& f) const {
  for (const Member& member : members_) {
    // A member with an empty name is transparent: its own members join the owner's names.
    const std::string name =
        prefix.empty() || member.name.empty() ? prefix + member.name : prefix + "." + member.name;
    if (member.module) {
      member.module->visit(name, f);
    } else {
      f(name, member);
    }
  }
}

void Module::for_each_parameter(
    const std::function<void(const std::string&, const Parameter&)>& f) const {
  visit("", [&](const std::string& name, const Member& member) {
    if (member.parameter) f(name, *member.parameter);
  });
}

void Module::for_each_buffer(
    const std::function<void(const std::string&, const Buffer&)>& f) const {
  visit("", [&](const std::string& name, const Member& member) {
    if (member.buffer) f(name, *member.buffer);
  });
}

void Module::for_each_module(const std::function<void(const Module&)>& f) const {
  f(*this);
  for (const Member& member : members_)
    if (member.module) member.module->for_each_module(f);
}

void Module::initialize(uint64_t seed) const {
  for_each_parameter([&](const std::string& name, const Parameter& parameter) {
    const RandomStream stream{
        .seed = seed, .purpose = RandomPurpose::kWeights, .item = hash_name(name)};
    initialize_tensor(parameter.tensor(), parameter.initializer(), stream);
  });
  for_each_buffer([](const std::string&, const Buffer& buffer) {
    fill(buffer.tensor(), buffer.initial_value());
  });
}

void Module::reallocate(DType dtype, Device device) {
  visit("", [&](const std::string&, const Member& member) {
    if (member.parameter) {
      Tensor& tensor = member.parameter->tensor_;
      const bool trainable = tensor.requires_grad();
      tensor = Tensor::empty(tensor.shape(), dtype, device).set_requires_grad(trainable);
    } else {
      Tensor& tensor = member.buffer->tensor_;
      tensor = Tensor::empty(tensor.shape(), dtype, device);
    }
  });
}

void Module::set_trainable(bool trainable) const {
  for_each_parameter([&](const std::string&, const Parameter& parameter) {
    parameter.tensor().set_requires_grad(trainable);
  });
}

void Module::train(bool training) {
  training_ = training;
  for (const Member& member : members_) {
    if (member.module) member.module->train(training);
  }
}

void Module::join(ProcessGroup& group) {
  group_ = &group;
  for (const Member& member : members_) {
    if (member.module) member.module->join(group);
  }
}

int64_t Module::num_parameters() const {
  int64_t count = 0;
  for_each_parameter(
      [&](const std::string&, const Parameter& parameter) { count += parameter.tensor().numel(); });
  return count;
}

}  // namespace denovo::nn
