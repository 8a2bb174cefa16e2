// The crops of ImageNet training, as torchvision's reference transforms draw and place them.
#pragma once

#include "core/kernels/random.h"
#include "data/image/resize.h"

namespace denovo::data {

/// RandomResizedCrop: area uniform in [min_scale, 1] of the image's, aspect log-uniform in
/// [3/4, 4/3], position uniform; after ten misses the largest centred window of a legal aspect.
/// Draws 2 .. 41 of the stream.
CropWindow random_crop(const RandomStream& stream, ImageSize image, float min_scale);

/// The window, resized to size x size.
Image crop_and_resize(const Image& image, const CropWindow& window, int size);

/// Resize(size * 256 / 224) of the short side, then CenterCrop(size); the ratio is ImageNet's.
Image centre_crop(const Image& image, int size);

}  // namespace denovo::data
