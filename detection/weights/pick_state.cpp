#include "detection/weights/pick_state.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>

#include "core/error.h"

namespace denovo::detection {
namespace {

// In this order: the model that is meant to be used comes first.
constexpr std::array<std::string_view, 9> kWrappers = {
    "", "model", "state_dict", "model_state_dict", "teacher", "model_state", "net", "blobs", "ema"};
constexpr std::array<std::string_view, 3> kPrefixes = {"module.", "_orig_mod.", "model."};
// Networks beside others: MoCo's query encoder, MoCo v3's, DINO's trunk beside its head.
constexpr std::array<std::string_view, 3> kNetworks = {"encoder_q.", "base_encoder.", "backbone."};

std::string chosen_group(const foreign::ForeignFile& file, const std::string& wanted) {
  std::map<std::string, size_t> groups;
  for (const auto& tensor : file.tensors()) ++groups[tensor.group];
  if (groups.empty()) throw IoError(fmt::format("{}: holds no tensor", file.path()));
  const auto told = [&] {
    std::vector<std::string> list;
    for (const auto& [group, count] : groups)
      if (list.size() < 8)
        list.push_back(fmt::format("{} ({})", group.empty() ? "its outermost dict" : group, count));
    return fmt::format("{}{}", fmt::join(list, ", "), groups.size() > 8 ? ", …" : "");
  };
  if (!wanted.empty()) {
    if (groups.contains(wanted)) return wanted;
    throw IoError(
        fmt::format("{}: has no dict {} with tensors, but {}", file.path(), wanted, told()));
  }
  for (const std::string_view wrapper : kWrappers)
    if (const auto found = groups.find(std::string(wrapper)); found != groups.end())
      return found->first;
  if (groups.size() == 1) return groups.begin()->first;
  throw IoError(
      fmt::format("{}: which of its dicts holds the model is not clear, there are {}; "
                  "name one with --group",
                  file.path(), told()));
}

bool all_begin(const std::vector<PickedTensor>& tensors, std::string_view prefix) {
  return std::all_of(tensors.begin(), tensors.end(),
                     [&](const PickedTensor& t) { return t.name.starts_with(prefix); });
}

}  // namespace

PickedState pick_state(const foreign::ForeignFile& file, const std::string& group) {
  PickedState picked;
  const std::string chosen = chosen_group(file, group);
  for (const auto& tensor : file.tensors())
    if (tensor.group == chosen) picked.tensors.push_back({&tensor, tensor.name});
  std::vector<std::string> told;
  if (!chosen.empty()) told.push_back(chosen);

  for (bool again = true; again;) {
    again = false;
    for (const std::string_view prefix : kPrefixes) {
      if (!all_begin(picked.tensors, prefix)) continue;
      for (auto& tensor : picked.tensors) tensor.name.erase(0, prefix.size());
      told.push_back(fmt::format("without {}", prefix));
      again = true;
    }
  }
  for (const std::string_view network : kNetworks) {
    const std::string first = std::string(network) + "conv1.weight";
    if (std::none_of(picked.tensors.begin(), picked.tensors.end(),
                     [&](const PickedTensor& t) { return t.name == first; }))
      continue;
    const size_t before = picked.tensors.size();
    std::erase_if(picked.tensors,
                  [&](const PickedTensor& t) { return !t.name.starts_with(network); });
    for (auto& tensor : picked.tensors) tensor.name.erase(0, network.size());
    told.push_back(fmt::format("{}* alone, {} other tensors are no part of it", network,
                               before - picked.tensors.size()));
    break;
  }
  picked.told = fmt::format("{}", fmt::join(told, ", "));
  return picked;
}

}  // namespace denovo::detection
