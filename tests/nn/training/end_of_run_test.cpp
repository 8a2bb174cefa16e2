#include "nn/training/end_of_run.h"

#include <doctest/doctest.h>

using namespace denovo::nn;

TEST_CASE("end of run: at the last iteration, or when evaluations got no better for too long") {
  RunConfig config;
  config.solver.max_iter = 100;
  TrainingState state;
  state.iteration = 99;
  state.best_iteration = 40;
  state.evaluations_since_best = 3;
  CHECK(end_of_run(state, config).empty());
  config.patience = 4;
  CHECK(end_of_run(state, config).empty());
  config.patience = 3;
  CHECK(end_of_run(state, config) == "eval.patience = 3, no better score since iteration 40");
  state.iteration = 100;
  CHECK(end_of_run(state, config) == "solver.max_iter = 100");
}
