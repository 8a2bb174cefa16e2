// Which of the tensors of a file are the model: training programs wrap them in dicts and prefixes.
#pragma once

#include <string>
#include <vector>

#include "core/foreign/foreign_file.h"

namespace denovo::detection {

struct PickedTensor {
  const foreign::ForeignTensor* tensor;
  std::string name;  // without the wrappers' prefix
};

struct PickedState {
  std::vector<PickedTensor> tensors;
  std::string told;  // what was looked through, for people: "state_dict, without module."
};

/// The tensors of one dict of the file: `group` when it is given, else the outermost, or `model`,
/// `state_dict`, `teacher` (DINO) and the like, or the only one there is. Prefixes that wrappers
/// put before every name (module., _orig_mod.) go; of MoCo's and DINO's pairs of networks the trunk
/// of the one that is meant to be used is taken. Throws IoError naming the file and its dicts when
/// that is not clear, or when `group` is not there.
PickedState pick_state(const foreign::ForeignFile& file, const std::string& group = {});

}  // namespace denovo::detection
