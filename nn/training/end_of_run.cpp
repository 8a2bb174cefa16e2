#include "nn/training/end_of_run.h"

#include <fmt/format.h>

namespace denovo::nn {

std::string end_of_run(const TrainingState& state, const RunConfig& config) {
  if (state.iteration >= config.solver.max_iter)
    return fmt::format("solver.max_iter = {}", config.solver.max_iter);
  if (config.patience > 0 && state.evaluations_since_best >= config.patience)
    return fmt::format("eval.patience = {}, no better score since iteration {}", config.patience,
                       state.best_iteration);
  return {};
}

}  // namespace denovo::nn
