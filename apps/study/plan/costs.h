// What the parts of a study take.
#pragma once

#include <cstdint>
#include <vector>

#include "core/config/config_fields.h"
#include "detection/training/train_config.h"

namespace denovo::study {

/// Seconds, measured by calibration.h or stated; a study keeps them in costs.toml.
struct Costs {
  double start = 0;      // a program until its first step
  double iteration = 0;  // a step of the detector
  double evaluated_image = 0;
  std::vector<double> pretraining_iteration;  // by arm; 0 for one that is not pre-trained here
  int validation_images = 0;

  void describe(ConfigFields& v) {
    v("start", start, "seconds until a program makes its first step");
    v("iteration", iteration, "seconds of a step of the detector");
    v("evaluated_image", evaluated_image, "seconds to detect on an image and score it");
    v("pretraining_iteration", pretraining_iteration, "seconds of a step of pre-training, by arm");
    v("validation_images", validation_images, "images that an evaluation looks at");
  }

  /// One evaluation of a run.
  double evaluation(const detection::TrainConfig& run) const {
    return static_cast<double>(validation_images + run.eval.train_images) * evaluated_image;
  }
};

}  // namespace denovo::study
