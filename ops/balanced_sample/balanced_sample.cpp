#include "ops/balanced_sample/balanced_sample.h"

#include <fmt/format.h>

#include "ops/balanced_sample/balanced_sample_kernels.h"

namespace denovo::ops {

BalancedSample balanced_sample(const Tensor& labels, const Tensor& image_ids, const StepState* step,
                               const SampleOptions& options) {
  if (labels.rank() != 2 || labels.dtype() != DType::kI32) {
    throw ShapeError(fmt::format("balanced_sample: labels must be i32 [N, M], got {} {}",
                                 name(labels.dtype()), to_string(labels.shape())));
  }
  const int64_t images = labels.size(0);
  if (image_ids.shape() != Shape{images} || image_ids.dtype() != DType::kI64) {
    throw ShapeError(fmt::format("balanced_sample: image_ids must be i64 [{}], got {} {}", images,
                                 name(image_ids.dtype()), to_string(image_ids.shape())));
  }
  if (image_ids.device() != labels.device()) {
    throw DeviceError(fmt::format("balanced_sample: image_ids is on {}, labels is on {}",
                                  to_string(image_ids.device()), to_string(labels.device())));
  }
  if (options.num < 0) {
    throw ShapeError(fmt::format("balanced_sample: num must not be negative, got {}", options.num));
  }
  if (!(options.positive_fraction >= 0 && options.positive_fraction <= 1)) {
    throw ShapeError(fmt::format("balanced_sample: positive_fraction must be in [0, 1], got {}",
                                 options.positive_fraction));
  }
  const auto max_positives =
      static_cast<int64_t>(static_cast<double>(options.num) * options.positive_fraction);
  const BalancedSample sample{Tensor::empty({images, options.num}, DType::kI32, labels.device()),
                              Tensor::empty({images, 2}, DType::kI32, labels.device())};
  with_backend(labels.device(), [&](auto& ctx) {
    run(ctx, SampleBalanced{labels, image_ids, step, options, max_positives, sample});
  });
  return sample;
}

}  // namespace denovo::ops
