// Where points of an image are in the network's input.
#pragma once

#include "data/loading/input_rule.h"

namespace denovo::data {

/// Points of the original image in the network input, in double as detectron2 computes them.
struct PointMap {
  explicit PointMap(const ImageTransform& t)
      : scale_x(static_cast<double>(t.resized.width) / t.original.width),
        scale_y(static_cast<double>(t.resized.height) / t.original.height),
        left(t.window().left),
        top(t.window().top),
        width(t.window().width),
        height(t.window().height),
        flipped(t.flipped),
        crops(t.crop.has_value()) {}

  double x(double value) const {
    return flipped ? left + width - value * scale_x : value * scale_x - left;
  }
  double y(double value) const { return value * scale_y - top; }

  /// Whether a point of the input is in it, its edges included.
  bool sees(double x, double y) const { return x >= 0 && x <= width && y >= 0 && y <= height; }

  double scale_x, scale_y;
  double left, top;      // of the window in the resized image
  double width, height;  // of the input
  bool flipped, crops;
};

}  // namespace denovo::data
