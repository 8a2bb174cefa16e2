// Weights that turn per-row losses into the objective: means over groups of images.
//
// The objective does not depend on how images are dealt to ranks or to accumulated micro-batches:
// rows are normalised within a group of images_per_group consecutive images (2 reproduces the
// paper's two images a GPU), and groups are averaged. A row that does not count has weight 0, and
// the losses skip it; they never multiply it away, since 0 * NaN is NaN.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

/// By what the sum over the selected rows of a group is divided.
enum class LossNormalizer {
  kSelectedRows,  // their number: a mean (mask loss over foreground RoIs)
  kValidRows,     // the number of valid rows (RoI losses: foreground sum over all RoIs)
  kRowsPerImage,  // rows_per_image for each image of the group (RPN: 256, sampled or not)
};

struct LossWeightOptions {
  int64_t num_images = 0;        // of this batch
  int64_t images_per_group = 2;  // the last group may have fewer
  int64_t total_groups = 0;      // to average over, with other ranks and micro-batches; 0: groups
                                 // of this batch
  int32_t class_begin = 0;       // selected: valid rows with class_begin <= class < class_end
  int32_t class_end = INT32_MAX;
  LossNormalizer normalizer = LossNormalizer::kValidRows;
  int64_t rows_per_image = 0;  // for kRowsPerImage
  DType dtype = DType::kF32;   // of the weights: f32 or f64
};

///   weights[r] = 1 / (normalizer of the group of row r) / (number of groups)
///
/// where row r is selected, 0 elsewhere; 0 in groups whose normalizer is 0.
///
///   classes  [R], [R, J] or [N, S]  i32, class or label of a row; negative: the row is not valid
///   images   [R]  i32, image of a row, or of the J rows [r, j]; below num_images; negative: not
///                 valid. Undefined: classes is [N, S] with N = num_images, and row [n, s] is of
///                 image n
///   returns  shape of classes, options.dtype. No gradient.
///
/// Throws ShapeError when a shape, a dtype or an option differs from the above.
Tensor loss_weights(const Tensor& classes, const Tensor& images, const LossWeightOptions& options);

}  // namespace denovo::ops
