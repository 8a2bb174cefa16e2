// The classes of the generated data. Some share an outline and differ in texture (disc, striped
// disc), some share a texture and differ in outline; colour, size, aspect and rotation are drawn
// from the same distribution for all.
#pragma once

#include <span>
#include <string>

#include "data/shapes/figure.h"

namespace denovo::data {

struct ShapeClass {
  std::string name;
  std::string supercategory;  // the outline's name
  Outline outline;
  Texture texture;
};

/// Ten classes of the detection data, COCO category ids 1 .. 10.
std::span<const ShapeClass> detection_shapes();

/// The classes of the classification folder, on which a trunk is pre-trained: every outline with
/// every texture, but for the detection classes. Its pictures teach edges, corners, curves and
/// textures, and show nothing that the detector will be asked for, as ImageNet is to COCO.
std::span<const ShapeClass> classification_shapes();

}  // namespace denovo::data
