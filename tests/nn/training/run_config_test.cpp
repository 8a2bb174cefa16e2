#include "nn/training/run_config.h"

#include <doctest/doctest.h>

#include "core/error.h"

using namespace denovo;
using namespace denovo::nn;

TEST_CASE("run config: combinations that cannot work are refused in a sentence") {
  RunConfig config;
  CHECK_NOTHROW(config.validate());
  config.solver.clip_gradient_norm = 35;
  config.solver.clip_value = 1;
  CHECK_THROWS_WITH_AS(config.validate(),
                       "config: solver.clip_gradient_norm and solver.clip_value must not both be "
                       "set, got 35 and 1",
                       ConfigError);
  config.solver.clip_gradient_norm = 0;
  CHECK_NOTHROW(config.validate());
  config.solver.ema_decay = 1;
  CHECK_THROWS_WITH_AS(config.validate(), "config: solver.ema_decay must be below 1, got 1",
                       ConfigError);
  config.solver.ema_decay = 0.999;
  config.patience = 3;
  CHECK_THROWS_WITH_AS(
      config.validate(),
      "config: eval.patience = 3 needs evaluations to count; set eval.period, got 0", ConfigError);
  config.evaluation_period = 10;
  CHECK_NOTHROW(config.validate());
}
