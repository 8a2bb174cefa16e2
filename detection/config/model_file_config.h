// What a model file says about its weights: nothing of how or where they were trained, so that
// equal models are equal files.
#pragma once

#include <string>

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

/// What a backbone or a classifier says of itself: the keys that it shares with a detector. The
/// rest of a classifier is what its tensors are.
std::string trunk_config_text(const BackboneConfig& backbone, const PixelConfig& pixel);

/// The configuration that the metadata of the file `path` hold as `text`; keys that are absent keep
/// their defaults. Nobody typed it, so what this program does not understand, as a file of another
/// version may say, is an IoError.
ModelFileConfig read_model_file_config(const std::string& text, const std::string& path);

}  // namespace denovo::detection
