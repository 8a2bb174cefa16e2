// Suggestions for mistyped names of options, config keys and weights.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace denovo {

/// The candidate with the fewest edits (insert, delete, replace, swap of neighbours) from `name`;
/// of equals, the first. A candidate that only lacks its section ("base_lr" for "solver.base_lr")
/// counts as one edit. Empty when the best needs more than max(2, length / 3) edits: a wild guess
/// helps nobody.
std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates);

/// ", did you mean X" for the end of an error message, or nothing.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace denovo
