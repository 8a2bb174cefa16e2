// A trunk that was trained on pixels of one normalisation, for pixels of another.
#pragma once

#include "detection/config/model_config.h"
#include "nn/state_dict.h"

namespace denovo::detection {

/// Rewrites the first convolution [O, 3, kh, kw] of a detector or trunk in our names, of the file
/// `source`, so that it gives on pixels of `to` what it gave on pixels of `from`: input channels
/// change order and are scaled. Exact where both means are the same colour, so that zero padding
/// means the same; throws ConfigError for other means.
void fold_pixels(nn::StateDict& state, const PixelConfig& from, const PixelConfig& to,
                 const std::string& source);

}  // namespace denovo::detection
