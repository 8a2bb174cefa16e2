// The pyramid of a call as the kernels take it.
#pragma once

#include <cmath>
#include <span>
#include <vector>

#include "core/tensor/tensor.h"
#include "ops/roi_align/roi_align_kernels.h"
#include "ops/roi_align/roi_align_math.h"

namespace denovo::ops {

/// shapes: of the levels' features [N, h, w, C].
template <class B>
RoiLevels<B> make_levels(std::span<const Shape> shapes, std::span<const double> strides) {
  RoiLevels<B> levels{};
  levels.count = static_cast<int>(shapes.size());
  levels.first = static_cast<int>(std::lround(std::log2(strides[0])));
  levels.num_images = shapes[0][0];
  for (size_t l = 0; l < shapes.size(); ++l) {
    levels.height[l] = static_cast<int>(shapes[l][1]);
    levels.width[l] = static_cast<int>(shapes[l][2]);
    levels.scale[l] = static_cast<B>(1.0 / strides[l]);
  }
  return levels;
}

template <class B>
RoiLevels<B> levels_of(const RoiAlignForward& args) {
  std::vector<Shape> shapes;
  for (const Tensor& level : args.features) shapes.push_back(level.shape());
  return make_levels<B>(shapes, args.strides);
}

template <class B>
RoiLevels<B> levels_of(const RoiAlignBackward& args) {
  std::vector<Shape> shapes;
  for (const RoiAlignLevelGrad& level : args.levels) shapes.push_back(level.shape);
  return make_levels<B>(shapes, args.strides);
}

}  // namespace denovo::ops
