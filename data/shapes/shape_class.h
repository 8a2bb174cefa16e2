// The classes of the generated data. Some share an outline and differ in texture (disc, striped
// disc), some share a texture and differ in outline; colour, size, aspect and rotation are drawn
// from the same distribution for all.
#pragma once

#include <span>

#include "data/shapes/figure.h"

namespace denovo::data {

struct ShapeClass {
  const char* name;
  const char* supercategory;  // the outline's name
  Outline outline;
  Texture texture;
};

/// Ten classes of the detection data, COCO category ids 1 .. 10.
std::span<const ShapeClass> detection_shapes();

/// Twelve classes of the classification folder: six of them are detection classes, six are not.
std::span<const ShapeClass> classification_shapes();

}  // namespace denovo::data
