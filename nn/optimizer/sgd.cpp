#include "nn/optimizer/sgd.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "core/program/nearest_name.h"
#include "ops/gradient_norm/gradient_norm.h"

namespace denovo::nn {
namespace {

void check(const SgdOptions& options) {
  if (!(options.momentum >= 0 && options.momentum < 1)) {
    throw ConfigError(fmt::format("sgd: momentum must be in [0, 1), got {}", options.momentum));
  }
  if (!(options.weight_decay >= 0)) {
    throw ConfigError(
        fmt::format("sgd: weight_decay must not be negative, got {}", options.weight_decay));
  }
  if (!(options.clip_norm >= 0)) {
    throw ConfigError(
        fmt::format("sgd: clip_norm must not be negative, got {}", options.clip_norm));
  }
}

/// Leaves with equal factors form a group.
ops::SgdGroups groups_of(const Arena& arena, double weight_decay) {
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
          "sgd: parameters may have at most {} different pairs of factors, got more at {}",
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

Sgd::Sgd(Arena& arena, const SgdOptions& options)
    : arena_(arena), options_{options.momentum, options.clip_norm} {
  check(options);
  tensors_ = {arena.weights(), arena.gradients(),
              Tensor::zeros({arena.numel()}, arena.weights().dtype(), arena.weights().device())};
  groups_ = groups_of(arena, options.weight_decay);
}

void Sgd::step(const DeviceStepState& state, std::span<const Tensor> losses) {
  arena_.fill_missing_gradients();
  ops::gradient_norm(tensors_.gradients, losses, state);
  ops::sgd(tensors_, groups_, options_, state);
  arena_.clear_gradients();
}

NamedTensors Sgd::state_dict() const {
  NamedTensors state;
  for (size_t i = 0; i < arena_.leaves().size(); ++i) {
    state.emplace_back(arena_.leaves()[i].name, arena_.slice(tensors_.momentum, i));
  }
  return state;
}

void Sgd::load_state_dict(const NamedTensors& state) {
  const NamedTensors own = state_dict();
  std::vector<std::string> names;
  std::unordered_map<std::string, Tensor> given;
  for (const auto& [name, tensor] : own) names.push_back(name);
  for (const auto& [name, tensor] : state) {
    given[name] = tensor;
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      throw IoError(fmt::format("optimizer state: {} is not a parameter of this model{}", name,
                                did_you_mean(name, names)));
    }
  }
  for (const auto& [name, tensor] : own) {
    const auto found = given.find(name);
    if (found == given.end()) {
      throw IoError(fmt::format("optimizer state: {} must have a momentum, got none", name));
    }
    if (found->second.shape() != tensor.shape() || found->second.dtype() != tensor.dtype()) {
      throw IoError(fmt::format("optimizer state: {} must be {} {}, got {} {}", name,
                                denovo::name(tensor.dtype()), to_string(tensor.shape()),
                                denovo::name(found->second.dtype()),
                                to_string(found->second.shape())));
    }
  }
  for (const auto& [name, tensor] : own) copy(tensor, given[name].to(tensor.device()));
}

}  // namespace denovo::nn
