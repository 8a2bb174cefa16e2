// A trunk that was trained on pixels of one normalisation, for pixels of another.
#pragma once

#include "detection/config/model_config.h"

namespace denovo::detection {

/// Rewrites the first convolution [O, 3, kh, kw] of the file `source` so that it gives on pixels of
/// `to` what it gave on pixels of `from`: input channels change order and are scaled. Exact where
/// both means are the same colour, so that zero padding means the same; throws ConfigError for
/// other means.
Tensor fold_pixels(const Tensor& weight, const PixelConfig& from, const PixelConfig& to,
                   const std::string& source);

}  // namespace denovo::detection
