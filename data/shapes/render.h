// Scenes to pixels and masks.
#pragma once

#include <cstdint>
#include <vector>

#include "data/image/image.h"
#include "data/shapes/scene.h"

namespace denovo::data {

struct Rendering {
  Image image;
  /// [height * width]: index of the instance that owns the pixel, -1 where none does. A pixel
  /// belongs to the instance that shows in more than half of it, so masks never overlap.
  std::vector<int16_t> owner;
};

/// Samples every pixel 3 x 3 times; edges and textures are averaged, noise is added at the end.
/// A pure function of the scene.
Rendering render(const Scene& scene);

}  // namespace denovo::data
