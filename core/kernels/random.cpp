#include "core/kernels/random.h"

#include <cmath>
#include <numbers>
#include <utility>

namespace denovo {

double normal(const RandomStream& stream, uint32_t index) {
  const PhiloxBlock block =
      philox({{index, stream.iteration, stream.item, static_cast<uint32_t>(stream.purpose)}},
             static_cast<uint32_t>(stream.seed), static_cast<uint32_t>(stream.seed >> 32));
  const double u = (block.v[0] + 1.0) * 0x1p-32;  // (0, 1]: the logarithm stays finite
  const double v = block.v[1] * 0x1p-32;
  return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v);
}

void shuffle(const RandomStream& stream, uint32_t* values, uint32_t n) {
  for (uint32_t i = n; i > 1; --i) std::swap(values[i - 1], values[stream.below(i, i)]);
}

}  // namespace denovo
