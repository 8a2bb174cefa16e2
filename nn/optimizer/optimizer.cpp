#include "nn/optimizer/optimizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "core/program/nearest_name.h"
#include "ops/gradient_norm/gradient_norm.h"

namespace denovo::nn {
namespace {

static_assert(ops::kUpdateBlock == Arena::kBlock);

void require_not_negative(const char* optimizer, const char* what, double value) {
  if (value >= 0) return;
  throw ConfigError(fmt::format("{}: {} must not be negative, got {}", optimizer, what, value));
}

/// Leaves with equal factors form a group.
ops::ParameterGroups groups_of(const char* name, const Arena& arena, double weight_decay) {
  constexpr size_t kMaxGroups = 256;  // group numbers are bytes
  std::vector<uint8_t> of_block(static_cast<size_t>(arena.numel() / Arena::kBlock));
  std::vector<std::pair<double, double>> groups;
  for (size_t i = 0; i < arena.leaves().size(); ++i) {
    const ArenaLeaf& leaf = arena.leaves()[i];
    const std::pair group{weight_decay * leaf.weight_decay_factor, leaf.lr_factor};
    const auto found = std::find(groups.begin(), groups.end(), group);
    const auto index = static_cast<size_t>(found - groups.begin());
    if (found == groups.end()) groups.push_back(group);
    if (groups.size() > kMaxGroups) {
      throw ConfigError(fmt::format(
          "{}: parameters may have at most {} different pairs of factors, got more at {}", name,
          kMaxGroups, leaf.name));
    }
    const auto begin = of_block.begin() + arena.offset(i) / Arena::kBlock;
    const int64_t blocks = (leaf.tensor.numel() + Arena::kBlock - 1) / Arena::kBlock;
    std::fill(begin, begin + blocks, static_cast<uint8_t>(index));
  }
  std::vector<double> factors;
  for (const auto& [decay, lr] : groups) factors.insert(factors.end(), {decay, lr});
  const Device device = arena.weights().device();
  return {Tensor::from({static_cast<int64_t>(of_block.size())}, of_block, device),
          Tensor::from({static_cast<int64_t>(groups.size()), 2}, factors, device)};
}

}  // namespace

Optimizer::Optimizer(const char* name, Arena& arena, double weight_decay,
                     const ops::GradientClip& clip, std::vector<std::string> suffixes)
    : arena_(arena), suffixes_(std::move(suffixes)) {
  require_not_negative(name, "weight_decay", weight_decay);
  require_not_negative(name, "clip.norm", clip.norm);
  require_not_negative(name, "clip.value", clip.value);
  groups_ = groups_of(name, arena, weight_decay);
  for (size_t i = 0; i < suffixes_.size(); ++i)
    remembered_.push_back(
        Tensor::zeros({arena.numel()}, arena.weights().dtype(), arena.weights().device()));
}

void Optimizer::step(const DeviceStepState& state, std::span<const Tensor> losses) {
  arena_.fill_missing_gradients();
  ops::gradient_norm(arena_.gradients(), losses, state);
  update(state);
  arena_.clear_gradients();
}

NamedTensors Optimizer::state_dict() const {
  NamedTensors state;
  for (size_t i = 0; i < arena_.leaves().size(); ++i)
    for (size_t s = 0; s < suffixes_.size(); ++s)
      state.emplace_back(arena_.leaves()[i].name + suffixes_[s], arena_.slice(remembered_[s], i));
  return state;
}

void load_exactly(const NamedTensors& into, const NamedTensors& state) {
  std::vector<std::string> names;
  std::unordered_map<std::string, Tensor> given;
  for (const auto& [name, tensor] : into) names.push_back(name);
  for (const auto& [name, tensor] : state) {
    given[name] = tensor;
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      throw IoError(fmt::format("optimizer state: {} is not one of this model and optimizer{}",
                                name, did_you_mean(name, names)));
    }
  }
  for (const auto& [name, tensor] : into) {
    const auto found = given.find(name);
    if (found == given.end())
      throw IoError(fmt::format("optimizer state: {} must be there, got none", name));
    if (found->second.shape() != tensor.shape() || found->second.dtype() != tensor.dtype()) {
      throw IoError(fmt::format("optimizer state: {} must be {} {}, got {} {}", name,
                                denovo::name(tensor.dtype()), to_string(tensor.shape()),
                                denovo::name(found->second.dtype()),
                                to_string(found->second.shape())));
    }
  }
  for (const auto& [name, tensor] : into) copy(tensor, given[name].to(tensor.device()));
}

}  // namespace denovo::nn
