#include "detection/weights/fold_pixels.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "core/error.h"

namespace denovo::detection {
namespace {

Tensor folded_convolution(const Tensor& weight, const PixelConfig& from, const PixelConfig& to,
                          const std::string& source) {
  const bool swaps = from.channel_order != to.channel_order;
  const Shape& shape = weight.shape();
  if (shape.rank() != 4 || shape[1] != 3) return weight;  // of another shape: loading says so
  const auto values = weight.to_vector<double>();
  std::vector<double> folded(values.size());
  const int64_t taps = shape[2] * shape[3];
  for (size_t c = 0; c < 3; ++c) {
    const size_t theirs = swaps ? 2 - c : c;
    // Configurations give means with two or three decimals.
    if (std::abs(to.mean[c] - from.mean[theirs]) > 0.01) {
      throw ConfigError(fmt::format(
          "config: {} needs model.pixel.mean = [{:.3f}, {:.3f}, {:.3f}] in {}, got [{}]", source,
          from.mean[swaps ? 2 : 0], from.mean[1], from.mean[swaps ? 0 : 2],
          choice_name(to.channel_order, kChannelOrderNames), fmt::join(to.mean, ", ")));
    }
    for (int64_t o = 0; o < shape[0]; ++o)
      for (int64_t i = 0; i < taps; ++i)
        folded[static_cast<size_t>((o * 3 + static_cast<int64_t>(c)) * taps + i)] =
            values[static_cast<size_t>((o * 3 + static_cast<int64_t>(theirs)) * taps + i)] *
            to.std[c] / from.std[theirs];
  }
  return Tensor::from(shape, folded).to(weight.dtype());
}

}  // namespace

void fold_pixels(nn::StateDict& state, const PixelConfig& from, const PixelConfig& to,
                 const std::string& source) {
  for (auto& [name, tensor] : state)
    if (name == "backbone.bottom_up.stem.conv1.weight" ||
        name == "backbone.bottom_up.conv1_1.weight")
      tensor = folded_convolution(tensor, from, to, source);
}

}  // namespace denovo::detection
