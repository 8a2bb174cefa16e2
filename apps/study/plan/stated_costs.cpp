#include "apps/study/plan/stated_costs.h"

#include "detection/pretraining/classifier_config.h"

namespace denovo::study {

Costs stated_costs(const Grid& grid, double images_per_second, int num_validation_images) {
  const double image = 1 / images_per_second;
  const detection::InputConfig& input = grid.detector.input;
  const bool jitter = input.jitter_size > 0;
  const double detector_pixels =
      static_cast<double>(jitter ? input.jitter_size : input.min_size_train.back()) *
      static_cast<double>(jitter ? input.jitter_size : input.max_size);
  Costs costs;
  costs.iteration = image * grid.detector.solver.images_per_batch;
  costs.evaluated_image = image / 3;
  costs.validation_images = num_validation_images;
  for (const Arm& arm : grid.arms) {
    costs.pretraining_iteration.push_back(0);
    if (arm.start != Arm::Start::kPretrain) continue;
    const auto classifier = load_config<detection::ClassifierConfig>(arm.source, {});
    const double pixels = static_cast<double>(classifier.input.size) * classifier.input.size;
    costs.pretraining_iteration.back() =
        image * pixels / detector_pixels * classifier.solver.images_per_batch;
  }
  return costs;
}

}  // namespace denovo::study
