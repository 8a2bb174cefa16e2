// The stages of a cascade in state dicts: their names, and a single head for each of them.
#pragma once

#include <string>

#include "nn/state_dict.h"

namespace denovo::detection {

/// roi_heads.box_predictor.1.cls_score.weight is that of stage 1 of
/// roi_heads.box_predictor.cls_score.weight.
struct StagedName {
  std::string name;  // without the stage
  int stage = -1;    // -1: the name has none
};
StagedName staged_name(const std::string& name);

/// Stages in a state dict; 0: it is no cascade's.
int num_stages_of(const nn::StateDict& state);

/// Box head and scores of a detector with one box head, for each of num_stages stages; without its
/// box regression, which a cascade does for all classes at once, and later stages in other units.
nn::StateDict for_each_stage(const nn::StateDict& state, int num_stages);

}  // namespace denovo::detection
