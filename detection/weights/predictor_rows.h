// Which rows of a detector's predictors belong to which class, here and in other codebases.
#pragma once

#include <span>
#include <string>

#include "core/tensor/tensor.h"

namespace denovo::detection {

struct PredictorLayer {
  std::string prefix;  // of weight and bias, without the stage of a cascade
  int rows_per_class;
  bool has_background;  // here; where it comes first, all layers have rows for it
};

/// Null for tensors of other layers.
const PredictorLayer* predictor_layer(const std::string& name);

/// The rows of `classes` (numbers without the background) in a predictor of K classes, the
/// background behind those of the scores. With `background_first` the file has it in front, in
/// every predictor. Rows for all classes at once are repeated. Throws IoError "<source>: …" when
/// there are not as many rows as K classes have.
Tensor rows_of_classes(const PredictorLayer& layer, const Tensor& file, int num_classes,
                       std::span<const int32_t> classes, bool background_first,
                       const std::string& source);

/// Rows as a codebase with the background in front has them: zeros for it where ours has none.
Tensor with_background_first(const PredictorLayer& layer, const Tensor& ours);

}  // namespace denovo::detection
