// Images are 8-bit RGB in memory, whatever the file held. Coordinates are pixels, origin top left.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace denovo::data {

struct ImageSize {
  int height, width;
  bool operator==(const ImageSize&) const = default;
};

/// Part of an image.
struct CropWindow {
  int top = 0, left = 0, height = 0, width = 0;
  bool operator==(const CropWindow&) const = default;
};

/// RGB8, interleaved, rows top to bottom without gaps: rgb[(y * width + x) * 3 + channel].
struct Image {
  int height = 0;
  int width = 0;
  std::vector<uint8_t> rgb;

  Image() = default;
  /// All pixels black.
  Image(int height, int width)
      : height(height), width(width), rgb(static_cast<size_t>(height) * width * 3) {}

  size_t row_bytes() const { return static_cast<size_t>(width) * 3; }
  uint8_t* row(int y) { return rgb.data() + y * row_bytes(); }
  const uint8_t* row(int y) const { return rgb.data() + y * row_bytes(); }
  uint8_t* pixel(int y, int x) { return row(y) + static_cast<size_t>(x) * 3; }
  const uint8_t* pixel(int y, int x) const { return row(y) + static_cast<size_t>(x) * 3; }

  bool operator==(const Image&) const = default;
};

/// Mirrors left and right, in place: the pixel at x moves to width - 1 - x.
void flip_horizontal(Image& image);

/// Pixels [y0, y0 + height) x [x0, x0 + width). Throws ShapeError unless that lies in the image.
Image crop(const Image& image, int y0, int x0, int height, int width);

/// The image as its camera meant it: undoes EXIF orientation 1..8 (5..8 exchange the sides).
/// Throws ShapeError for other values.
Image apply_orientation(const Image& image, int orientation);

}  // namespace denovo::data
