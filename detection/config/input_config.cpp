#include "detection/config/input_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.h"
#include "nn/backbone/resnet.h"

namespace denovo::detection {

static_assert(data::kInputStride == nn::ResNet::strides().back());

void InputConfig::describe(ConfigFields& v) {
  v("min_size_train", min_size_train,
    "short side in training, pixels; several: one is drawn per image")
      .positive()
      .not_empty();
  v("min_size_test", min_size_test, "short side at test time, pixels").positive();
  v("max_size", max_size, "largest long side, pixels").positive();
  v("flip", flip, "mirror every other training image");
  v.choice(
      "padding", padding, data::kPaddingNames,
      "bucket: by the image alone (results do not depend on batch mates); batch: to the largest of "
      "the batch");
  v("jitter_size", jitter_size,
    "large-scale jitter in training, in place of min_size_train, max_size and padding: images are "
    "scaled at random, what exceeds a square of so many pixels a side is cropped, and inputs are "
    "padded to it (1024); 0: none")
      .non_negative();
  v("jitter_scales", jitter_scales,
    "smallest and largest side of the square that an image is scaled to fit, as a factor of "
    "jitter_size")
      .positive()
      .not_empty();
}

void InputConfig::validate() const {
  if (jitter_size % data::kInputStride != 0)
    throw ConfigError(fmt::format("config: input.jitter_size must be a multiple of {}, got {}",
                                  data::kInputStride, jitter_size));
  if (jitter_scales.size() != 2 || jitter_scales[0] > jitter_scales[1])
    throw ConfigError(
        fmt::format("config: input.jitter_scales must be a smallest and a largest scale, got [{}]",
                    fmt::join(jitter_scales, ", ")));
}

data::InputRule InputConfig::train_rule() const {
  return {.short_sides = min_size_train,
          .max_size = max_size,
          .flip = flip,
          .padding = padding,
          .jitter = {jitter_size, jitter_scales.front(), jitter_scales.back()}};
}

data::InputRule InputConfig::test_rule() const {
  data::InputRule rule = train_rule();
  rule.short_sides = {min_size_test};
  rule.flip = false;
  rule.jitter = {};
  return rule;
}

}  // namespace denovo::detection
