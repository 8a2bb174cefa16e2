#include "apps/bench/matmul_peak.h"

#include <algorithm>
#include <chrono>
#include <span>

#include "core/autograd/autograd.h"
#include "core/kernels/parallel.h"
#include "core/kernels/random.h"
#include "ops/linear/linear.h"

namespace denovo::bench {
namespace {

struct ProductSize {
  int64_t rows, c_in, c_out;
};

// Weights are small beside the products, so that their reordering does not count.
constexpr ProductSize kCpuProducts[] = {{2048, 2048, 2048}, {4096, 1024, 1024}, {8192, 512, 512}};
// Milliseconds of work each, beside which waiting for the result does not count.
constexpr ProductSize kGpuProducts[] = {{8192, 8192, 8192}, {16384, 8192, 4096}};

/// Constant operands would draw less power, and a GPU's clock would be higher than in a step.
Tensor random_values(const Shape& shape, uint64_t seed) {
  const RandomStream stream{.seed = seed, .purpose = RandomPurpose::kTest};
  const Tensor values = Tensor::empty(shape, DType::kF32);
  float* v = values.data<float>();
  parallel_for(cpu_context(), values.numel(),
               [=](int64_t i) { v[i] = stream.uniform(static_cast<uint32_t>(i), -1, 1); });
  return values;
}

/// Seconds of one product, which the device has finished on return.
double timed_product(const Tensor& x, const Tensor& weight) {
  const auto start = std::chrono::steady_clock::now();
  const Tensor y = ops::linear(x, weight, {});
  y.rows(0, 1).view({y.size(1)}).rows(0, 1).item();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

double matmul_peak(Device device, DType dtype, double seconds) {
  const NoGrad no_grad;
  const std::span<const ProductSize> products =
      device.is_cpu() ? std::span<const ProductSize>(kCpuProducts) : kGpuProducts;
  double peak = 0;
  for (const auto& [rows, c_in, c_out] : products) {
    const Tensor x = random_values({rows, c_in}, 1).to(device).to(dtype);
    const Tensor weight = random_values({c_out, c_in}, 2).to(device).to(dtype);
    timed_product(x, weight);  // plans the primitive, touches the memory
    const double flops = 2.0 * static_cast<double>(rows * c_in * c_out);
    for (double spent = 0; spent < seconds / static_cast<double>(products.size());) {
      const double duration = timed_product(x, weight);
      spent += duration;
      peak = std::max(peak, flops / duration);
    }
  }
  return peak;
}

}  // namespace denovo::bench
