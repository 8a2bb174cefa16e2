// The command line of detect.
#pragma once

#include "core/program/options.h"

namespace denovo::apps {

void declare_detect_options(Options& options);

/// Throws ConfigError for an --out that holds something, and as asked_tta.
void check_detect_options(const Options& options);

}  // namespace denovo::apps
