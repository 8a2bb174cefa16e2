#include "detection/weights/torchvision_resnet.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cmath>

#include "core/error.h"

namespace denovo::detection {
namespace {

// Of 0..255 values, R G B.
constexpr std::array kMean{0.485 * 255, 0.456 * 255, 0.406 * 255};
constexpr std::array kStd{0.229 * 255, 0.224 * 255, 0.225 * 255};

void add_conv(std::vector<RenameRule>& rules, const std::string& conv, const std::string& norm,
              const std::string& to) {
  rules.push_back({norm + ".num_batches_tracked", {}, true});
  rules.push_back({norm, to + ".norm"});
  rules.push_back({conv, to});
}

}  // namespace

std::vector<RenameRule> torchvision_resnet_rules(const nn::ResNetOptions& options) {
  std::vector<RenameRule> rules{{"fc", {}, true}};
  add_conv(rules, "conv1", "bn1", "stem.conv1");
  const int convs = options.bottleneck ? 3 : 2;
  for (size_t stage = 0; stage < options.blocks.size(); ++stage) {
    for (int block = 0; block < options.blocks[stage]; ++block) {
      const std::string from = fmt::format("layer{}.{}.", stage + 1, block),
                        to = fmt::format("res{}.{}.", stage + 2, block);
      for (int i = 1; i <= convs; ++i) {
        add_conv(rules, fmt::format("{}conv{}", from, i), fmt::format("{}bn{}", from, i),
                 fmt::format("{}conv{}", to, i));
      }
      add_conv(rules, from + "downsample.0", from + "downsample.1", to + "shortcut");
    }
  }
  return rules;
}

Tensor adapt_to_pixels(const Tensor& weight, const PixelConfig& pixel) {
  const bool bgr = pixel.channel_order == ChannelOrder::kBgr;
  const Shape& shape = weight.shape();                    // [O, 3, kh, kw]
  if (shape.rank() != 4 || shape[1] != 3) return weight;  // of another shape: loading says so
  const auto from = weight.to_vector<double>();
  std::vector<double> to(from.size());
  const int64_t taps = shape[2] * shape[3];
  for (size_t c = 0; c < 3; ++c) {
    const size_t rgb = bgr ? 2 - c : c;
    // Configurations give means with two or three decimals.
    if (std::abs(pixel.mean[c] - kMean[rgb]) > 0.01) {
      throw ConfigError(fmt::format(
          "config: torchvision's backbones need model.pixel.mean = [{:.3f}, {:.3f}, {:.3f}] in {}, "
          "got [{}]",
          kMean[bgr ? 2 : 0], kMean[1], kMean[bgr ? 0 : 2],
          choice_name(pixel.channel_order, kChannelOrderNames), fmt::join(pixel.mean, ", ")));
    }
    for (int64_t o = 0; o < shape[0]; ++o) {
      for (int64_t i = 0; i < taps; ++i) {
        to[static_cast<size_t>((o * 3 + static_cast<int64_t>(c)) * taps + i)] =
            from[static_cast<size_t>((o * 3 + static_cast<int64_t>(rgb)) * taps + i)] *
            pixel.std[c] / kStd[rgb];
      }
    }
  }
  return Tensor::from(shape, to).to(weight.dtype());
}

}  // namespace denovo::detection
