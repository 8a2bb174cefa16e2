// What a model file says about its weights: nothing of how or where they were trained, so that
// equal models are equal files.
#pragma once

#include "detection/config/input_config.h"
#include "detection/config/model_config.h"

namespace denovo::detection {

struct ModelFileConfig {
  InputConfig input;
  ModelConfig model;

  void describe(ConfigFields& v) {
    v.section("input", input, "network input");
    v.section("model", model, "detector");
  }
};

}  // namespace denovo::detection
