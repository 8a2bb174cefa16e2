#include "ops/weight_average/weight_average.h"

#include <doctest/doctest.h>

#include <cmath>

#include "core/run/step_state.h"
#include "testing/device_case.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const NoGradientOp weight_average_op("weight_average", "follows weights");

namespace {

/// Of weights 1 and an average of 0, after so many updates.
double average_after(int64_t updates, double decay, bool faulted = false) {
  const Tensor average = Tensor::zeros({16}, DType::kF64);
  DeviceStepState state(kCpu);
  state.write({.iteration = updates, .faulted = faulted});
  ops::weight_average(average, Tensor::full({16}, 1, DType::kF64), decay, state);
  const auto values = average.to_vector<double>();
  CHECK(values == std::vector<double>(16, values[0]));
  return values[0];
}

}  // namespace

TEST_CASE("weight_average: moves by 1 - decay, and by more in the first updates") {
  CHECK(average_after(1000, 0.75) == 0.25);
  CHECK(average_after(2, 0.75) == 1 - 3.0 / 12);     // both terms equal
  CHECK(average_after(1, 0.75) == 1 - 2.0 / 11);     // the early one
  CHECK(average_after(1, 0) == 1);                   // no memory at all
  CHECK(average_after(89, 0.999) == 1 - 90.0 / 99);  // a decay that a short run never reaches
}

TEST_CASE("weight_average: of a faulted run it stays") {
  CHECK(average_after(1000, 0.75, true) == 0);
}

TEST_CASE("weight_average: many updates give the closed form") {
  // Of weights t at update t with a constant decay d: sum over t of (1 - d) d^(T - t) t.
  constexpr double kDecay = 0.5;  // the early term is above it from the first update of these on
  constexpr int64_t kFirst = 10, kLast = 40;
  for (const DType dtype : {DType::kF32, DType::kF64}) {
    const Tensor average = Tensor::zeros({32}, dtype);
    DeviceStepState state(kCpu);
    double expected = 0;
    for (int64_t t = kFirst; t <= kLast; ++t) {
      state.write({.iteration = t});
      const auto w = static_cast<double>(t);
      ops::weight_average(average, Tensor::full({32}, w, dtype), kDecay, state);
      expected += 0.5 * std::pow(kDecay, static_cast<double>(kLast - t)) * w;
    }
    for (const double value : average.to_vector<double>())
      CHECK(std::abs(value - expected) <= (dtype == DType::kF32 ? 1e-5 : 1e-13));
  }
}

TEST_CASE("weight_average: names what is wrong with its inputs") {
  const DeviceStepState state(kCpu);
  const auto update = [&](const Tensor& average, const Tensor& weights) {
    ops::weight_average(average, weights, 0.5, state);
  };
  const Tensor good = Tensor::zeros({16}, DType::kF32);
  CHECK_THROWS_WITH_AS(
      update(good, Tensor::zeros({20}, DType::kF32)),
      "weight_average: weights must be f32 or f64 [n], n a multiple of 16, got f32 [20]",
      ShapeError);
  CHECK_THROWS_WITH_AS(update(Tensor::zeros({16}, DType::kF64), good),
                       "weight_average: average must be f32 [16], got f64 [16]", ShapeError);
}

static const DeviceCases weight_average_device_cases("weight_average", [] {
  const int64_t n = 4099 * 16;
  return std::vector<DeviceCase>{{.name = "early",
                                  .inputs = {random_tensor({n}, 1, -1, 1, DType::kF32),
                                             random_tensor({n}, 2, -1, 1, DType::kF32)},
                                  .forward = [](Inputs in) {
                                    DeviceStepState state(in[0].device());
                                    state.write({.iteration = 9});
                                    ops::weight_average(in[0], in[1], 0.999, state);
                                    return std::vector{in[0]};
                                  }}};
});
