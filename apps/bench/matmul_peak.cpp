#include "apps/bench/matmul_peak.h"

#include <algorithm>
#include <chrono>

#include "core/autograd.h"
#include "ops/linear/linear.h"

namespace denovo::bench {
namespace {

struct ProductSize {
  int64_t rows, c_in, c_out;
};

// Weights are small beside the products, so that their reordering does not count.
constexpr ProductSize kProducts[] = {{2048, 2048, 2048}, {4096, 1024, 1024}, {8192, 512, 512}};

/// Seconds of one product, which the device has finished on return.
double timed_product(const Tensor& x, const Tensor& weight) {
  const auto start = std::chrono::steady_clock::now();
  const Tensor y = ops::linear(x, weight, {});
  y.rows(0, 1).view({y.size(1)}).rows(0, 1).item();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

double matmul_peak(Device device, double seconds) {
  const NoGrad no_grad;
  double peak = 0;
  for (const auto& [rows, c_in, c_out] : kProducts) {
    const Tensor x = Tensor::full({rows, c_in}, 0.5, DType::kF32, device);
    const Tensor weight = Tensor::full({c_out, c_in}, 0.25, DType::kF32, device);
    timed_product(x, weight);  // plans the primitive, touches the memory
    const double flops = 2.0 * static_cast<double>(rows * c_in * c_out);
    for (double spent = 0; spent < seconds / std::size(kProducts);) {
      const double duration = timed_product(x, weight);
      spent += duration;
      peak = std::max(peak, flops / duration);
    }
  }
  return peak;
}

}  // namespace denovo::bench
