// The phases that the GPU runs, on the CPU, against the CPU's own kernels.
#include <doctest/doctest.h>

#include <cmath>

#include "ops/group_norm/group_norm_block_passes.h"
#include "testing/difference.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

namespace {

struct Case {
  Shape shape;
  int num_groups;
};

const Case kCases[] = {
    {{2, 9, 13, 64}, 32},  // a pyramid level
    {{20, 7, 7, 32}, 4},   // RoI features
    {{3, 300, 7, 16}, 8},  // several slabs, the last one short
    {{2, 5, 3, 6}, 3},     // channels that no 16 bytes divide
    {{1, 2, 3, 1032}, 4},  // more vectors than threads
    {{2, 3, 1, 514}, 2},   // and more channels than threads
    {{5, 24}, 4},          // after a linear layer
    {{1, 1, 1, 8}, 8},     // one value a group
    {{0, 4, 4, 16}, 4},    // no samples
    {{4, 5, 5, 512}, 4},   // two chunks of channels
};

/// All samples at once, one after the other, and a block for each.
using ops::group_norm_blocks::Schedule;
const Schedule kSchedules[] = {{}, {.turn_bytes = 40000}, {.whole_sample_blocks = 1}};

/// The tensors of one forward and backward run.
struct Run {
  Tensor x, weight, bias, residual, grad_y, y, mean, rstd, grad_x, grad_weight, grad_bias, masked;
  ops::GroupNormOptions options;
  bool with_residual;

  Run(const Case& c, DType dtype, bool relu, bool residual_too)
      : options{.num_groups = c.num_groups, .relu = relu}, with_residual(residual_too) {
    const int64_t channels = c.shape[-1];
    const DType compute = compute_dtype(dtype);
    const auto draw = [&](const Shape& shape, uint64_t seed, double low) {
      return random_tensor(shape, seed, low, low + 2).to(dtype);
    };
    x = draw(c.shape, 1, 2);  // a mean far from zero
    residual = residual_too ? draw(c.shape, 2, -1) : Tensor();
    grad_y = draw(c.shape, 3, -1);
    weight = draw({channels}, 4, 0.5);
    bias = draw({channels}, 5, -1);
    y = Tensor::empty(c.shape, dtype);
    mean = Tensor::empty({c.shape[0], c.num_groups}, compute);
    rstd = Tensor::empty({c.shape[0], c.num_groups}, compute);
    grad_x = draw(c.shape, 6, -1);
    grad_weight = draw({channels}, 7, -1);
    grad_bias = draw({channels}, 8, -1);
    if (relu && residual_too) masked = Tensor::empty(c.shape, dtype);
  }

  /// beta: of all gradients. f: the backend's run.
  template <class F>
  void operator()(double beta, const F& f) {
    f(ops::GroupNormForward{x, weight, bias, residual, y, mean, rstd, options});
    const Tensor y_for_mask = options.relu && with_residual ? y : Tensor();
    f(ops::GroupNormBackward{x, weight, bias, mean, rstd, grad_y, y_for_mask, options, grad_x,
                             grad_weight, grad_bias, beta, beta, beta, masked});
  }
};

void check_close(const char* what, const Case& c, const Tensor& expected, const Tensor& got,
                 double tolerance) {
  if (!expected.defined()) return;
  const Difference apart = difference(expected, got);
  CHECK_MESSAGE(apart.within(tolerance), what, " of ", to_string(c.shape), ": ", apart.worst,
                " apart, largest ", apart.largest);
}

}  // namespace

TEST_CASE("group_norm: the phases of the GPU give what the CPU's kernels give") {
  // Sums in another order (f32: of up to 2100 terms); bf16: the last bit of a rounded result.
  const std::pair<DType, double> kTypes[] = {
      {DType::kF64, 1e-12}, {DType::kF32, 2e-5}, {DType::kBF16, 1.0 / 128}};
  for (const Case& c : kCases) {
    for (const auto& [dtype, tolerance] : kTypes) {
      for (const bool relu : {false, true}) {
        for (const bool residual : {false, true}) {
          for (const double beta : {0.0, 1.0}) {
            for (const Schedule& schedule : kSchedules) {
              Run expected(c, dtype, relu, residual), got(c, dtype, relu, residual);
              expected(beta, [](const auto& args) { ops::run(cpu_context(), args); });
              got(beta, [&](const auto& args) {
                ops::group_norm_blocks::run(cpu_context(), args, schedule);
              });
              check_close("y", c, expected.y, got.y, tolerance);
              check_close("mean", c, expected.mean, got.mean, tolerance);
              check_close("rstd", c, expected.rstd, got.rstd, tolerance);
              check_close("masked", c, expected.masked, got.masked, tolerance);
              check_close("grad_x", c, expected.grad_x, got.grad_x, tolerance);
              check_close("grad_weight", c, expected.grad_weight, got.grad_weight, tolerance);
              check_close("grad_bias", c, expected.grad_bias, got.grad_bias, tolerance);
            }
          }
        }
      }
    }
  }
}
