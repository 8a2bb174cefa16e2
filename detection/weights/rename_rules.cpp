#include "detection/weights/rename_rules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "core/error.h"

namespace denovo::detection {
namespace {

bool fits(const RenameRule& rule, const std::string& name) {
  return name.starts_with(rule.from) &&
         (name.size() == rule.from.size() || name[rule.from.size()] == '.');
}

}  // namespace

nn::StateDict rename_tensors(const nn::StateDict& state, std::span<const RenameRule> rules,
                             const std::string& source) {
  nn::StateDict renamed;
  std::vector<std::string> leftovers;
  std::map<std::string, std::string> origin;
  for (const auto& [name, tensor] : state) {
    const auto rule = std::find_if(rules.begin(), rules.end(),
                                   [&](const RenameRule& r) { return fits(r, name); });
    if (rule == rules.end()) {
      leftovers.push_back(name);
    } else if (!rule->ignore) {
      renamed.emplace_back(rule->to + name.substr(rule->from.size()), tensor);
      const auto [other, is_new] = origin.emplace(renamed.back().first, name);
      if (!is_new)
        throw IoError(fmt::format("{}: {} and {} both stand for {}", source, other->second, name,
                                  renamed.back().first));
    }
  }
  if (!leftovers.empty())
    throw IoError(fmt::format("{}: {} tensors have no place in this model: {}", source,
                              leftovers.size(), fmt::join(leftovers, ", ")));
  return renamed;
}

}  // namespace denovo::detection
