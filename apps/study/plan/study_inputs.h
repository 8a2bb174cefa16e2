// What a study was begun with besides its configuration: data and weights, by their content.
#pragma once

#include <string>
#include <vector>

#include "apps/study/plan/study_data.h"
#include "core/config/config_fields.h"

namespace denovo::study {

/// A study keeps them in inputs.toml. Pixels are not part of them, nor what a pre-training reads.
struct StudyInputs {
  std::string training, validation;  // counts and hashes (data/coco/fingerprint.h)
  std::vector<std::string> weights;  // "ARM: CRC-32C X" of each arm that is a file

  void describe(ConfigFields& v);
};

/// Throws IoError for weights that cannot be read.
StudyInputs inputs_of(const StudyData& data, const std::vector<Arm>& arms);

}  // namespace denovo::study
