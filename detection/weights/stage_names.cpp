#include "detection/weights/stage_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace denovo::detection {
namespace {

constexpr std::array<std::string_view, 2> kStaged = {"roi_heads.box_head.",
                                                     "roi_heads.box_predictor."};

}  // namespace

StagedName staged_name(const std::string& name) {
  for (const std::string_view part : kStaged) {
    const size_t at = part.size();
    // A digit and a dot: there are at most nine stages.
    if (!name.starts_with(part) || name.size() < at + 2 || name[at + 1] != '.' ||
        !std::isdigit(static_cast<unsigned char>(name[at])))
      continue;
    return {name.substr(0, at) + name.substr(at + 2), name[at] - '0'};
  }
  return {name};
}

int num_stages_of(const nn::StateDict& state) {
  int stages = 0;
  for (const auto& [name, tensor] : state) stages = std::max(stages, staged_name(name).stage + 1);
  return stages;
}

nn::StateDict for_each_stage(const nn::StateDict& state, int num_stages) {
  nn::StateDict staged;
  for (const auto& [name, tensor] : state) {
    const auto part = std::find_if(kStaged.begin(), kStaged.end(),
                                   [&](std::string_view start) { return name.starts_with(start); });
    if (part == kStaged.end()) {
      staged.emplace_back(name, tensor);
    } else if (name.find(".bbox_pred.") == std::string::npos) {
      for (int stage = 0; stage < num_stages; ++stage)
        staged.emplace_back(fmt::format("{}{}.{}", *part, stage, name.substr(part->size())),
                            tensor);
    }
  }
  return staged;
}

}  // namespace denovo::detection
