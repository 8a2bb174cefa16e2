#include "detection/pretraining/image_classifier.h"

#include <cmath>

#include "ops/adaptive_avg_pool/adaptive_avg_pool.h"
#include "ops/cast/cast.h"

namespace denovo::detection {

ImageClassifier::ImageClassifier(const ClassifierModelConfig& config, int num_classes)
    : pixel_(config.pixel),
      resolution_(config.head.resolution),
      num_classes_(num_classes),
      trunk_(*this, "backbone.bottom_up", config.backbone.make_classifier_trunk()),
      fcs_(*this, "roi_heads.box_head.fc", trunk_->channels().back(), config.head.fc()),
      linear_(*this, "linear", fcs_.out_features(), num_classes, nn::Initializer::normal(0.01)) {}

Tensor ImageClassifier::forward(const Tensor& pixels, const Tensor& sizes, DType dtype,
                                const ops::DropoutRows& images) const {
  const Tensor map = trunk_->forward(pixel_.normalize(pixels, sizes, dtype)).back();
  const Tensor features = fcs_.forward(ops::adaptive_avg_pool(map, resolution_), images);
  return ops::cast(linear_->forward(features), compute_dtype(dtype));
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
