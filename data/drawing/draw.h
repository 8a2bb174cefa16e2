// Boxes, masks and labels on images. Everything is cut off at the image's borders, nothing throws
// on positions; sizes adapt to nothing but the arguments, so the same input gives the same bytes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/raster/rle.h"
#include "data/image/image.h"

namespace denovo::data {

using Rgb8 = std::array<uint8_t, 3>;

/// Bright colours, far apart for neighbouring classes (hues by the golden angle).
Rgb8 class_colour(int class_index);

/// Frame of the box x0, y0, x1, y1 (continuous pixels, rounded outwards), drawn inwards.
void draw_box(Image& image, const std::array<float, 4>& box, Rgb8 colour, int thickness = 1);

/// Blends the colour over the mask: pixel = (1 - opacity) * pixel + opacity * colour, and draws the
/// mask's border (pixels with a neighbour outside) in full. Throws ShapeError when the mask is not
/// of the image's size.
void draw_mask(Image& image, RleView mask, Rgb8 colour, float opacity = 0.45f);

/// From (x0, y0) to (x1, y1), in continuous pixels.
void draw_line(Image& image, const std::array<float, 4>& line, Rgb8 colour, int thickness = 1);

/// Text on a filled ground, top left corner at (x, y); each dot of the font is scale x scale
/// pixels. Characters beyond ASCII become boxes.
void draw_text(Image& image, int x, int y, std::string_view text, Rgb8 colour, Rgb8 ground,
               int scale = 1);

/// What is drawn of one prediction or ground-truth object.
struct DrawnInstance {
  int class_index = 0;
  std::array<float, 4> box{};
  Rle mask;                                       // no counts = no mask
  std::string label;                              // "disc 87%"; empty = none
  std::vector<std::array<float, 2>> points = {};  // keypoints, continuous pixels
  std::vector<std::array<float, 4>> lines = {};   // of their skeleton, x0 y0 x1 y1
};

/// Masks first, in the order given, then boxes, skeletons with white dots for keypoints, and
/// labels: each label stands on its box's upper edge, moved into the image. Line and font sizes
/// grow with the image's short side.
void draw_instances(Image& image, const std::vector<DrawnInstance>& instances);

/// "name 87%"; scores as fractions.
std::string score_label(std::string_view name, float score);

/// Images beside each other, tops aligned, each under a caption, with a gap between them.
Image side_by_side(const std::vector<Image>& images, const std::vector<std::string>& captions);

/// Where image `index` of `count` equally large ones stands in a sheet of side_by_side, without its
/// caption.
struct SheetPlace {
  int y, x, height, width;
};
SheetPlace place_in_sheet(ImageSize sheet, int count, int index);

}  // namespace denovo::data
