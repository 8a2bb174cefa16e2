// Names of other codebases to ours, by ordered rules.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "nn/state_dict.h"

namespace denovo::detection {

/// The key `from`, or keys that begin with `from` and a dot, get `to` in its place.
struct RenameRule {
  std::string from;
  std::string to;       // without the dot
  bool ignore = false;  // such tensors are left out
};

/// Applies to each key the first rule that fits it. Every key must be consumed exactly once:
/// throws IoError "<source>: …", listing the keys, when some have no rule, or when two get one
/// name.
nn::StateDict rename_tensors(const nn::StateDict& state, std::span<const RenameRule> rules,
                             const std::string& source);

}  // namespace denovo::detection
