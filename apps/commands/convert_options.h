// The options of convert_weights.
#pragma once

#include "core/program/options.h"

namespace denovo::apps {

void declare_convert_options(Options& options);

}  // namespace denovo::apps
