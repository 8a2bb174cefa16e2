// The random minibatch of anchors or RoIs that an image is trained on.
#pragma once

#include <cstdint>

#include "core/kernels/random.h"
#include "core/run/step_state.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

struct SampleOptions {
  int64_t num = 256;               // samples per image
  double positive_fraction = 0.5;  // at most floor(num * positive_fraction) positives
  uint64_t seed = 0;
  RandomPurpose purpose = RandomPurpose::kRpnSample;
};

struct BalancedSample {
  Tensor indices;  // i32 [N, num]: positives, then negatives, each ascending, then -1
  Tensor counts;   // i32 [N, 2]: how many positives and how many negatives
};

/// Without replacement, per image: p = min(#positives, floor(num positive_fraction)) boxes of
/// label 1 and min(#negatives, num - p) of label 0, as detectron2's subsample_labels. Every subset
/// of that size is equally likely.
///
/// The choice is the boxes with the smallest keys, ties by index, where the key of box m is
/// RandomStream{seed, purpose, iteration, fold_id(image_id)}.bits(m). So it depends on the image
/// and the iteration, and not on the batch, the device or the number of threads.
///
///   labels     [N, M]  i32; neither 0 nor 1: never chosen
///   image_ids  [N]     i64
///   step       on the device of labels; its iteration is read there
///
/// No gradient. Throws ShapeError on other shapes or dtypes, num < 0, a fraction outside [0, 1].
BalancedSample balanced_sample(const Tensor& labels, const Tensor& image_ids, const StepState* step,
                               const SampleOptions& options);

}  // namespace denovo::ops
