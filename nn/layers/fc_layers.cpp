#include "nn/layers/fc_layers.h"

#include <fmt/format.h>

#include "ops/reshape/reshape.h"

namespace denovo::nn {

FcLayers::FcLayers(Module& owner, const std::string& prefix, int in_channels,
                   const FcOptions& options)
    : owner_(owner),
      dropout_(options.dropout),
      out_features_(int64_t{in_channels} * options.resolution * options.resolution),
      layers_(owner) {
  // The first layer reads a flattened map: H, W, C here, C, H, W in files.
  FileFormat format{FileLayout::kFlattened, options.resolution, options.resolution};
  for (int i = 0; i < options.count; ++i) {
    // By fan_in, which alone keeps the scale of activations where a layer has many more inputs than
    // outputs.
    layers_.add(
        fmt::format("{}{}", prefix, i + 1), out_features_, options.channels,
        options.msra ? Initializer::msra(out_features_) : Initializer::xavier(out_features_), true,
        format);
    out_features_ = options.channels;
    format = {};
  }
}

Tensor FcLayers::forward(const Tensor& x, const ops::DropoutRows& rows) const {
  Tensor y = ops::reshape(x, {x.size(0), x.size(1) * x.size(2) * x.size(3)});
  const bool drops = dropout_ > 0 && owner_.is_training() && rows.defined();
  int layer = 0;
  for (const auto& fc : layers_) {
    y = fc->forward(y);
    if (drops) y = ops::dropout(y, rows, {.rate = dropout_, .layer = layer++});
  }
  return y;
}

}  // namespace denovo::nn
