#include "detection/weights/vgg_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

namespace denovo::detection {
namespace {

const std::string kTrunk = "backbone.bottom_up.", kBox = "roi_heads.box_head.";

struct Layers {
  std::vector<int> convs;  // of each stage
  bool has_norms = false;
};

/// The number N of features.N<end>.
std::optional<int> feature(const std::string& name, const std::string& end) {
  const std::string start = "features.";
  if (!name.starts_with(start) || !name.ends_with(end)) return std::nullopt;
  const char *first = name.data() + start.size(), *last = name.data() + name.size() - end.size();
  int number = 0;
  const auto [stop, error] = std::from_chars(first, last, number);
  if (error != std::errc{} || stop != last) return std::nullopt;
  return number;
}

Layers layers_of_theirs(std::span<const std::string> names) {
  std::set<int> weights, norms;
  for (const std::string& name : names) {
    if (const auto number = feature(name, ".weight")) weights.insert(*number);
    if (const auto number = feature(name, ".running_mean")) norms.insert(*number);
  }
  Layers layers;
  layers.has_norms = !norms.empty();
  const int step = layers.has_norms ? 3 : 2;  // to the next convolution, unless a pool lies between
  int previous = -1;
  for (const int number : weights) {
    if (norms.contains(number)) continue;
    if (previous < 0 || number - previous > step) layers.convs.push_back(0);
    ++layers.convs.back();
    previous = number;
  }
  return layers;
}

Layers layers_of_ours(std::span<const std::string> names) {
  const auto has = [&](const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  Layers layers;
  layers.has_norms = has(kTrunk + "conv1_1.norm.weight");
  for (int stage = 1;; ++stage) {
    int convs = 0;
    while (has(fmt::format("{}conv{}_{}.weight", kTrunk, stage, convs + 1))) ++convs;
    if (convs == 0) return layers;
    layers.convs.push_back(convs);
  }
}

}  // namespace

std::vector<RenameRule> torchvision_vgg_rules(std::span<const std::string> names) {
  const bool ours = std::any_of(names.begin(), names.end(),
                                [](const std::string& name) { return name.starts_with(kTrunk); });
  const Layers layers = ours ? layers_of_ours(names) : layers_of_theirs(names);
  std::vector<RenameRule> rules{{"*.num_batches_tracked", {}, true},
                                {"classifier.0", kBox + "fc1"},
                                {"classifier.3", kBox + "fc2"},
                                {"classifier.6", "linear"}};
  int number = 0;
  for (size_t stage = 0; stage < layers.convs.size(); ++stage) {
    for (int i = 0; i < layers.convs[stage]; ++i) {
      const std::string conv = fmt::format("{}conv{}_{}", kTrunk, stage + 1, i + 1);
      rules.push_back({fmt::format("features.{}", number++), conv});
      if (layers.has_norms) rules.push_back({fmt::format("features.{}", number++), conv + ".norm"});
      ++number;  // ReLU
    }
    ++number;  // pool
  }
  return rules;
}

}  // namespace denovo::detection
