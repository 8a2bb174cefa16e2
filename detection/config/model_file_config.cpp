#include "detection/config/model_file_config.h"

#include "core/error.h"

namespace denovo::detection {

std::string trunk_config_text(const BackboneConfig& backbone, const PixelConfig& pixel) {
  struct Trunk {
    BackboneConfig backbone;
    PixelConfig pixel;
    void describe(ConfigFields& v) {
      v.section("model.backbone", backbone, "trunk");
      v.section("model.pixel", pixel, "input normalisation");
    }
  };
  return config_text(Trunk{backbone, pixel});
}

ModelFileConfig read_model_file_config(const std::string& text, const std::string& path) {
  ModelFileConfig config;
  try {
    ConfigFields::of(config).read_text(text, path);
  } catch (const ConfigError& error) {
    throw IoError(error.what());
  }
  return config;
}

}  // namespace denovo::detection
