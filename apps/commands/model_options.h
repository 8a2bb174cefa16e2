// How the command line names a trained detector: a run and its checkpoint, or a file.
#pragma once

#include <string>

#include "core/program/options.h"

namespace denovo::apps {

void declare_model_options(Options& options);

/// The model file. Throws ConfigError for options that do not go together, IoError where a run has
/// no such checkpoint.
std::string model_file(const Options& options);

}  // namespace denovo::apps
