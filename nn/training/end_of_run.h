// When a run has come to its end.
#pragma once

#include <string>

#include "nn/training/checkpoint.h"
#include "nn/training/run_config.h"

namespace denovo::nn {

/// Why a run in this state has nothing left to do: "solver.max_iter = 90000", or
/// "eval.patience = 3, no better score since iteration 8000". Empty: it has. A function of what a
/// checkpoint holds: a resumed run knows, and goes on where the configuration gives it more to do.
std::string end_of_run(const TrainingState& state, const RunConfig& config);

}  // namespace denovo::nn
