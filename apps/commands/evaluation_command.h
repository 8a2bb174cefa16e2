// What evaluate_coco is asked for on its command line.
#pragma once

#include <string>

#include "core/log/logger.h"
#include "core/program/options.h"
#include "data/evaluation/report.h"

namespace denovo::apps {

void declare_evaluation_options(Options& options);

/// Scores the results file of --gt and --dt, or a checkpoint of --run. Throws ConfigError for
/// options that do not go together.
data::EvaluationReport evaluate_as_asked(const Options& options, Logger& log);

/// "found.json on truth.json", or "runs/a, checkpoint best on other.json".
std::string what_is_scored(const Options& options);

}  // namespace denovo::apps
