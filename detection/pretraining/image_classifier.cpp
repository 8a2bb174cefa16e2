#include "detection/pretraining/image_classifier.h"

#include <cmath>

#include "ops/cast/cast.h"
#include "ops/global_avg_pool/global_avg_pool.h"

namespace denovo::detection {

ImageClassifier::ImageClassifier(const BackboneConfig& backbone, const PixelConfig& pixel,
                                 int num_classes)
    : pixel_(pixel),
      num_classes_(num_classes),
      trunk_(*this, "backbone.bottom_up", backbone.resnet()),
      linear_(*this, "linear", trunk_->channels().back(), num_classes,
              nn::Initializer::normal(0.01)) {}

Tensor ImageClassifier::forward(const Tensor& pixels, const Tensor& sizes, DType dtype) const {
  const Tensor x = pixel_.normalize(pixels, sizes, dtype);
  return ops::cast(linear_->forward(ops::global_avg_pool(trunk_->forward(x).back())),
                   compute_dtype(dtype));
}

void TopCounts::add(const Tensor& logits, const Tensor& labels) {
  const int64_t n = logits.size(0), k = logits.size(1);
  const auto values = logits.to_vector<double>();
  const auto classes = labels.to_vector<int32_t>();
  for (int64_t i = 0; i < n; ++i) {
    const double* row = values.data() + i * k;
    const int64_t label = classes[static_cast<size_t>(i)];
    int64_t before = 0;
    for (int64_t c = 0; c < k; ++c)
      before += row[c] > row[label] || (c < label && row[c] == row[label]);
    ++images;
    if (std::isnan(row[label])) continue;
    top1 += before < 1;
    top5 += before < 5;
  }
}

}  // namespace denovo::detection
