// The phases that the GPU runs, on the CPU, against the CPU's own kernels.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "ops/batch_norm/batch_norm_block_passes.h"
#include "testing/difference.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

namespace {

const Shape kShapes[] = {
    {2, 9, 13, 64},   // a pyramid level
    {20, 7, 7, 32},   // RoI features
    {3, 300, 7, 16},  // many slabs, the last one short
    {6, 5, 3, 6},     // channels that no 16 bytes divide
    {1, 2, 3, 4104},  // more vectors than threads
    {2, 3, 1, 514},   // and more channels than threads
    {50, 24},         // after a linear layer
    {1, 1, 1, 8},     // one value a channel
    {0, 4, 4, 16},    // no samples
    {3, 2, 2, 0},     // no channels
};

enum class Slots { kNone, kSome, kAllEmpty };

/// The tensors of one forward and backward run.
struct Run {
  Tensor x, slots, weight, bias, residual, grad_y, moments, mean, rstd, y, sums, masked, grad_x;
  bool relu;

  Run(const Shape& shape, DType dtype, Slots which, bool with_relu, bool with_residual)
      : relu(with_relu) {
    const int64_t channels = shape[-1];
    const DType compute = dtype == DType::kF64 ? DType::kF64 : DType::kF32;
    const auto draw = [&](const Shape& s, uint64_t seed, double low, DType type) {
      return random_tensor(s, seed, low, low + 2).to(type);
    };
    x = draw(shape, 1, 2, dtype);  // a mean far from zero
    if (which != Slots::kNone) leave_slots_empty(which == Slots::kAllEmpty);
    residual = with_residual ? draw(shape, 2, -1, dtype) : Tensor();
    grad_y = draw(shape, 3, -1, dtype);
    weight = draw({channels}, 4, 0.5, dtype);
    bias = draw({channels}, 5, -1, dtype);
    mean = draw({channels}, 6, 2, compute);
    rstd = draw({channels}, 7, 0.5, compute);
    moments = Tensor::empty({3, channels}, DType::kF64);
    sums = Tensor::empty({2, channels}, DType::kF64);
    y = Tensor::empty(shape, dtype);
    if (with_relu && with_residual) masked = Tensor::empty(shape, dtype);
    grad_x = draw(shape, 8, -1, dtype);
  }
  /// Samples 0, 3, 6, … or all; what their rows hold must not matter.
  void leave_slots_empty(bool all) {
    std::vector<int32_t> numbers;
    for (int64_t n = 0; n < x.size(0); ++n) {
      numbers.push_back(all || n % 3 == 0 ? -1 : static_cast<int32_t>(n));
      if (numbers.back() < 0) fill(x.rows(n, n + 1), std::numeric_limits<double>::quiet_NaN());
    }
    slots = Tensor::from({x.size(0)}, numbers);
  }

  /// f: the backend's run. beta: of grad_x. The mask comes from y where there is a residual.
  template <class F>
  void operator()(double beta, bool training, const F& f) {
    const Tensor none, y_for_mask = masked.defined() ? y : none;
    f(ops::BatchMoments{x, slots, moments});
    f(ops::BatchNormForward{x, slots, weight, bias, residual, mean, rstd, relu, y});
    f(ops::BatchNormSums{x, slots, weight, bias, mean, rstd, grad_y, y_for_mask, relu, sums,
                         masked});
    f(ops::BatchNormBackward{x, slots, weight, bias, mean, rstd, grad_y, y_for_mask, relu, sums,
                             training ? moments : none, grad_x, beta});
  }
};

void check_close(const char* what, const Shape& shape, const Tensor& expected, const Tensor& got,
                 double tolerance) {
  if (!expected.defined()) return;
  const Difference apart = difference(expected, got);
  CHECK_MESSAGE(apart.within(tolerance), what, " of ", to_string(shape), ": ", apart.worst,
                " apart, largest ", apart.largest);
}

void check_same(const Shape& shape, DType dtype, double tolerance, Slots slots, bool relu,
                bool residual) {
  for (const bool training : {false, true}) {
    const double beta = training ? 1 : 0;
    Run expected(shape, dtype, slots, relu, residual), got(shape, dtype, slots, relu, residual);
    expected(beta, training, [](const auto& args) { ops::run(cpu_context(), args); });
    got(beta, training, [](const auto& args) { ops::batch_norm_blocks::run(cpu_context(), args); });
    check_close("moments", shape, expected.moments, got.moments, tolerance);
    check_close("y", shape, expected.y, got.y, tolerance);
    check_close("sums", shape, expected.sums, got.sums, tolerance);
    check_close("masked", shape, expected.masked, got.masked, tolerance);
    check_close("grad_x", shape, expected.grad_x, got.grad_x, tolerance);
  }
}

}  // namespace

TEST_CASE("batch_norm: the phases of the GPU give what the CPU's kernels give") {
  // Sums in another order (f32: of up to 6300 terms); bf16: the last bit of a rounded result.
  const std::pair<DType, double> kTypes[] = {
      {DType::kF64, 1e-12}, {DType::kF32, 2e-5}, {DType::kBF16, 1.0 / 128}};
  for (const Shape& shape : kShapes)
    for (const auto& [dtype, tolerance] : kTypes)
      for (const Slots slots : {Slots::kNone, Slots::kSome, Slots::kAllEmpty})
        for (const bool relu : {false, true})
          for (const bool residual : {false, true})
            check_same(shape, dtype, tolerance, slots, relu, residual);
}

TEST_CASE("batch_norm: the phases of the GPU find a small deviation beside a large mean") {
  // The first value of each channel is far from all others, as padding may be.
  const int64_t rows = 20000, channels = 8;
  const Tensor x = random_tensor({1, rows, channels}, 3, 100, 100.01).to(DType::kF32);
  fill(x.view({rows, channels}).rows(0, 1), 0);
  const Tensor exact = Tensor::empty({3, channels}, DType::kF64), got = exact.empty_like();
  ops::run(cpu_context(), ops::BatchMoments{x.to(DType::kF64), {}, exact});
  ops::batch_norm_blocks::run(cpu_context(), ops::BatchMoments{x, {}, got});
  for (int64_t i = 0; i < exact.numel(); ++i)
    CHECK(got.data<double>()[i] == doctest::Approx(exact.data<double>()[i]).epsilon(1e-5));
}
