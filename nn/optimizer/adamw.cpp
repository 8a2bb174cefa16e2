#include "nn/optimizer/adamw.h"

#include <fmt/format.h>

#include "core/error.h"

namespace denovo::nn {
namespace {

void require_below_one(const char* what, double value) {
  if (value >= 0 && value < 1) return;
  throw ConfigError(fmt::format("adamw: {} must be in [0, 1), got {}", what, value));
}

}  // namespace

Adamw::Adamw(Arena& arena, const AdamwOptions& options)
    : Optimizer("adamw", arena, options.weight_decay, options.clip, {".exp_avg", ".exp_avg_sq"}),
      options_{options.beta1, options.beta2, options.eps, options.clip} {
  require_below_one("beta1", options.beta1);
  require_below_one("beta2", options.beta2);
  if (!(options.eps > 0))
    throw ConfigError(fmt::format("adamw: eps must be positive, got {}", options.eps));
}

void Adamw::update(const DeviceStepState& state) {
  ops::adamw({arena().weights(), arena().gradients(), remembered(0), remembered(1)}, groups(),
             options_, state);
}

}  // namespace denovo::nn
