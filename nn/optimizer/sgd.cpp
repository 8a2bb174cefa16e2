#include "nn/optimizer/sgd.h"

#include <fmt/format.h>

#include "core/error.h"

namespace denovo::nn {

Sgd::Sgd(Arena& arena, const SgdOptions& options)
    : Optimizer("sgd", arena, options.weight_decay, options.clip, {""}),
      options_{options.momentum, options.clip} {
  if (!(options.momentum >= 0 && options.momentum < 1))
    throw ConfigError(fmt::format("sgd: momentum must be in [0, 1), got {}", options.momentum));
}

void Sgd::update(const DeviceStepState& state) {
  ops::sgd({arena().weights(), arena().gradients(), remembered(0)}, groups(), options_, state);
}

}  // namespace denovo::nn
