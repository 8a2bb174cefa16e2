#include "nn/init.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace denovo::nn {
namespace {

constexpr int64_t kPart = 1 << 20;  // elements

}  // namespace

Initializer Initializer::xavier(int64_t fan_in) {
  return {Kind::kUniform, std::sqrt(3.0 / static_cast<double>(fan_in))};
}

Initializer Initializer::msra(int64_t fan_out) {
  return {Kind::kNormal, std::sqrt(2.0 / static_cast<double>(fan_out))};
}

void initialize_tensor(const Tensor& tensor, const Initializer& init, const RandomStream& stream) {
  if (init.kind == Initializer::Kind::kConstant) return fill(tensor, init.value);
  // Part by part: the first fully connected layer of VGG has 100 million elements.
  const Tensor flat = tensor.view({tensor.numel()});
  std::vector<double> values;
  for (int64_t begin = 0; begin < flat.numel(); begin += kPart) {
    const int64_t end = std::min(begin + kPart, flat.numel());
    values.clear();
    for (int64_t i = begin; i < end; ++i) {
      const auto index = static_cast<uint32_t>(i);
      values.push_back(init.kind == Initializer::Kind::kNormal
                           ? init.value * normal(stream, index)
                           : init.value * (2.0 * stream.uniform(index) - 1.0));
    }
    copy(flat.rows(begin, end), Tensor::from({end - begin}, values, tensor.device()));
  }
}

}  // namespace denovo::nn
