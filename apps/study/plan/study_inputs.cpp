#include "apps/study/plan/study_inputs.h"

#include <fmt/format.h>

#include "core/files/crc32c.h"

namespace denovo::study {
namespace {

std::string text_of(const data::Fingerprint& of) {
  return fmt::format("{} images {}, {} annotations {}, {} categories {}", of.images.count,
                     of.images.hash, of.annotations.count, of.annotations.hash, of.categories.count,
                     of.categories.hash);
}

}  // namespace

void StudyInputs::describe(ConfigFields& v) {
  v("training", training, "training set");
  v("validation", validation, "validation set");
  v("weights", weights, "files of weights, by arm");
}

StudyInputs inputs_of(const StudyData& data, const std::vector<Arm>& arms) {
  StudyInputs inputs{.training = text_of(data.training_fingerprint()),
                     .validation = text_of(data.validation_fingerprint()),
                     .weights = {}};
  for (const Arm& arm : arms) {
    if (arm.start != Arm::Start::kFile) continue;
    inputs.weights.push_back(
        fmt::format("{}: CRC-32C {:08x}", arm.name, crc32c_of_file(arm.source)));
  }
  return inputs;
}

}  // namespace denovo::study
