// Names of other codebases to ours and back, by ordered rules.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "nn/state_dict.h"

namespace denovo::detection {

/// A name that fits `from`, or a name that goes on behind it with a dot, gets `to` in its place.
/// Both hold the same numbers in the same order:
///   {}   a number            {+2}  a number, which stands there with 2 added
///   {*}  a number in `from` alone, which is dropped
/// A `from` that begins with * fits every name that ends with the rest.
struct RenameRule {
  std::string from;
  std::string to;
  bool ignore = false;       // such tensors are left out
  bool import_only = false;  // an older name, which nobody writes any more
};

/// Applies to each name the first rule that fits it; empty where that one ignores it. Every name
/// must be consumed exactly once: throws IoError "<source>: …", listing names, when some have no
/// rule, or when two get one name.
std::vector<std::string> rename(std::span<const std::string> names,
                                std::span<const RenameRule> rules, const std::string& source);

/// The same for tensors, without those that are ignored.
nn::StateDict rename_tensors(const nn::StateDict& state, std::span<const RenameRule> rules,
                             const std::string& source);

/// The rules that lead from `to` to `from`.
std::vector<RenameRule> reversed(std::span<const RenameRule> rules);

}  // namespace denovo::detection
