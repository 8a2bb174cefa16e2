#include "nn/init.h"

#include <cmath>

namespace denovo::nn {

Initializer Initializer::xavier(int64_t fan_in) {
  return {Kind::kUniform, std::sqrt(3.0 / static_cast<double>(fan_in))};
}

Initializer Initializer::msra(int64_t fan_out) {
  return {Kind::kNormal, std::sqrt(2.0 / static_cast<double>(fan_out))};
}

void initialize_tensor(const Tensor& tensor, const Initializer& init, const RandomStream& stream) {
  if (init.kind == Initializer::Kind::kConstant) return fill(tensor, init.value);
  std::vector<double> values(static_cast<size_t>(tensor.numel()));
  for (size_t i = 0; i < values.size(); ++i) {
    const auto index = static_cast<uint32_t>(i);
    values[i] = init.kind == Initializer::Kind::kNormal
                    ? init.value * normal(stream, index)
                    : init.value * (2.0 * stream.uniform(index) - 1.0);
  }
  copy(tensor, Tensor::from(tensor.shape(), values, tensor.device()));
}

}  // namespace denovo::nn
