#include "detection/config/model_file_config.h"

#include "core/error.h"

namespace denovo::detection {

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
