// Test-time augmentation on the command lines of programs that detect.
#pragma once

#include <optional>

#include "core/program/options.h"
#include "detection/config/tta_config.h"

namespace denovo::apps {

/// --tta, --config and test.tta.* keys.
void declare_tta_options(Options& options);

/// nullopt without --tta. Throws ConfigError for its keys without it.
std::optional<detection::TtaConfig> asked_tta(const Options& options);

}  // namespace denovo::apps
