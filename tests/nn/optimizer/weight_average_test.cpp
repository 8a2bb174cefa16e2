#include "nn/optimizer/weight_average.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "tests/nn/optimizer/drawn_leaves.h"

using namespace denovo;
using denovo::testing::leaf;

TEST_CASE("weight average: stands in for the weights for a scope, to the last bit") {
  const Tensor a = leaf(5, 1, DType::kF32), b = leaf(7, 2, DType::kF32);
  Arena arena({{"a", a}, {"b", b}});
  const nn::WeightAverage average(arena, 0.5);
  const auto first = a.to_vector<float>();
  fill(arena.weights(), 3);
  DeviceStepState state(kCpu);
  state.write({.iteration = 1000});
  average.update(state);
  {
    const nn::AveragedWeights averaged(&average);
    const auto values = a.to_vector<float>();
    for (size_t i = 0; i < values.size(); ++i) CHECK(values[i] == first[i] + 0.5f * (3 - first[i]));
  }
  CHECK(a.to_vector<float>() == std::vector<float>(5, 3));
  average.restart();
  {
    const nn::AveragedWeights averaged(&average);
    CHECK(b.to_vector<float>() == std::vector<float>(7, 3));
  }
  const nn::AveragedWeights nothing(nullptr);
  CHECK(a.to_vector<float>() == std::vector<float>(5, 3));
}

TEST_CASE("weight average: a decay of 1 would never learn and is refused") {
  Arena arena({{"a", leaf(5, 1, DType::kF32)}});
  CHECK_THROWS_WITH_AS(nn::WeightAverage(arena, 1),
                       "weight average: decay must be in [0, 1), got 1", ConfigError);
}
