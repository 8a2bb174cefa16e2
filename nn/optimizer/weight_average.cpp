#include "nn/optimizer/weight_average.h"

#include <fmt/format.h>

#include "core/error.h"
#include "ops/weight_average/weight_average.h"

namespace denovo::nn {

WeightAverage::WeightAverage(const Arena& arena, double decay)
    : arena_(arena), decay_(decay), average_(arena.weights().clone()) {
  if (!(decay >= 0 && decay < 1))
    throw ConfigError(fmt::format("weight average: decay must be in [0, 1), got {}", decay));
}

void WeightAverage::update(const DeviceStepState& state) const {
  ops::weight_average(average_, arena_.weights(), decay_, state);
}

void WeightAverage::restart() const {
  copy(average_, arena_.weights());
}

AveragedWeights::AveragedWeights(const WeightAverage* average) : average_(average) {
  if (!average_) return;
  trained_ = average_->arena_.weights().clone();
  copy(average_->arena_.weights(), average_->average_);
}

AveragedWeights::~AveragedWeights() {
  if (average_) copy(average_->arena_.weights(), trained_);
}

}  // namespace denovo::nn
