#include "detection/config/input_config.h"

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
}

data::InputRule InputConfig::train_rule() const {
  return {.short_sides = min_size_train, .max_size = max_size, .flip = flip, .padding = padding};
}

data::InputRule InputConfig::test_rule() const {
  data::InputRule rule = train_rule();
  rule.short_sides = {min_size_test};
  rule.flip = false;
  return rule;
}

}  // namespace denovo::detection
