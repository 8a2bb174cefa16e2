#include "data/drawing/draw.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "core/error.h"
#include "data/drawing/font.h"

namespace denovo::data {
namespace {

constexpr Rgb8 kBlack{0, 0, 0}, kWhite{255, 255, 255};

void fill(Image& image, int x0, int y0, int x1, int y1, Rgb8 colour) {
  x0 = std::clamp(x0, 0, image.width);
  x1 = std::clamp(x1, 0, image.width);
  y0 = std::clamp(y0, 0, image.height);
  y1 = std::clamp(y1, 0, image.height);
  for (int y = y0; y < y1; ++y) {
    for (int x = x0; x < x1; ++x) std::memcpy(image.pixel(y, x), colour.data(), 3);
  }
}

/// NaN and far away positions become something that fits an int.
int to_pixel(float position) {
  return static_cast<int>(std::fmin(std::fmax(position, -1e6f), 1e6f));
}

// Readable on any ground: the luma of Rec. 601 decides.
Rgb8 text_colour_on(Rgb8 ground) {
  return 299 * ground[0] + 587 * ground[1] + 114 * ground[2] > 128'000 ? kBlack : kWhite;
}

int text_width(std::string_view text, int scale) {
  return (text_length(text) * kGlyphAdvance + 1) * scale;
}
int text_height(int scale) {
  return (kGlyphHeight + 2) * scale;
}

constexpr int kGap = 6;  // between the images of a sheet

/// Of the captions above images of this height.
int sheet_scale(int height) {
  return 1 + height / 500;
}

}  // namespace

Rgb8 class_colour(int class_index) {
  const double hue = std::fmod(0.61803398875 * class_index + 0.02, 1.0) * 6;
  // Every third class is paler, every other third darker: hues alone run out.
  const double saturation = class_index % 3 == 1 ? 0.62 : 0.95;
  const double value = class_index % 3 == 2 ? 0.78 : 1.0;
  Rgb8 colour;
  for (int c = 0; c < 3; ++c) {
    const double k = std::fmod(5 - 2 * c + hue, 6.0);
    const double level = value * (1 - saturation * std::clamp(std::min(k, 4 - k), 0.0, 1.0));
    colour[c] = static_cast<uint8_t>(255 * level + 0.5);
  }
  return colour;
}

void draw_box(Image& image, const std::array<float, 4>& box, Rgb8 colour, int thickness) {
  const int x0 = to_pixel(std::floor(box[0])), y0 = to_pixel(std::floor(box[1]));
  const int x1 = to_pixel(std::ceil(box[2])), y1 = to_pixel(std::ceil(box[3]));
  fill(image, x0, y0, x1, std::min(y0 + thickness, y1), colour);
  fill(image, x0, std::max(y1 - thickness, y0), x1, y1, colour);
  fill(image, x0, y0, std::min(x0 + thickness, x1), y1, colour);
  fill(image, std::max(x1 - thickness, x0), y0, x1, y1, colour);
}

void draw_mask(Image& image, RleView mask, Rgb8 colour, float opacity) {
  if (mask.height != image.height || mask.width != image.width) {
    throw ShapeError(fmt::format("draw_mask: the mask must be of the image's size {}x{}, got {}x{}",
                                 image.height, image.width, mask.height, mask.width));
  }
  std::vector<uint8_t> inside(static_cast<size_t>(mask.height) * mask.width);
  rle_decode(mask, inside.data(), MaskOrder::kRowMajor);
  const auto at = [&](int y, int x) {
    return y >= 0 && y < mask.height && x >= 0 && x < mask.width &&
           inside[static_cast<size_t>(y) * mask.width + x] != 0;
  };
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      if (!at(y, x)) continue;
      const bool border = !at(y - 1, x) || !at(y + 1, x) || !at(y, x - 1) || !at(y, x + 1);
      const float share = border ? 1.f : opacity;
      uint8_t* pixel = image.pixel(y, x);
      for (int c = 0; c < 3; ++c) {
        pixel[c] = static_cast<uint8_t>((1 - share) * pixel[c] + share * colour[c] + 0.5f);
      }
    }
  }
}

void draw_line(Image& image, const std::array<float, 4>& line, Rgb8 colour, int thickness) {
  int x = to_pixel(std::floor(line[0])), y = to_pixel(std::floor(line[1]));
  const int x1 = to_pixel(std::floor(line[2])), y1 = to_pixel(std::floor(line[3]));
  const int steps = std::max({std::abs(x1 - x), std::abs(y1 - y), 1}), before = (thickness - 1) / 2;
  const double step_x = double(x1 - x) / steps, step_y = double(y1 - y) / steps;
  const int x0 = x, y0 = y;
  for (int i = 0; i <= steps; ++i) {
    x = x0 + static_cast<int>(std::lround(i * step_x)) - before;
    y = y0 + static_cast<int>(std::lround(i * step_y)) - before;
    fill(image, x, y, x + thickness, y + thickness, colour);
  }
}

void draw_text(Image& image, int x, int y, std::string_view text, Rgb8 colour, Rgb8 ground,
               int scale) {
  fill(image, x, y, x + text_width(text, scale), y + text_height(scale), ground);
  x += scale;
  y += scale;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) == 0x80) continue;  // inside a code point
    const auto columns = glyph(text[i]);
    for (int column = 0; column < kGlyphWidth; ++column) {
      for (int row = 0; row < kGlyphHeight; ++row) {
        if (!(columns[column] >> row & 1)) continue;
        const int left = x + column * scale, top = y + row * scale;
        fill(image, left, top, left + scale, top + scale, colour);
      }
    }
    x += kGlyphAdvance * scale;
  }
}

void draw_instances(Image& image, const std::vector<DrawnInstance>& instances) {
  const int scale = 1 + std::min(image.height, image.width) / 500;
  for (const DrawnInstance& instance : instances) {
    if (!instance.mask.counts.empty()) {
      draw_mask(image, instance.mask, class_colour(instance.class_index));
    }
  }
  for (const DrawnInstance& instance : instances) {
    draw_box(image, instance.box, class_colour(instance.class_index), scale);
  }
  for (const DrawnInstance& instance : instances) {
    for (const auto& line : instance.lines)
      draw_line(image, line, class_colour(instance.class_index), scale);
    for (const auto& [x, y] : instance.points)
      draw_line(image, {x, y, x, y}, kWhite, 2 * scale + 1);
  }
  for (const DrawnInstance& instance : instances) {
    if (instance.label.empty()) continue;
    const Rgb8 ground = class_colour(instance.class_index);
    const int room = image.width - text_width(instance.label, scale);
    const int x = std::max(0, std::min(to_pixel(std::floor(instance.box[0])), room));
    const int y = std::clamp(to_pixel(std::floor(instance.box[1])) - text_height(scale), 0,
                             std::max(0, image.height - text_height(scale)));
    draw_text(image, x, y, instance.label, text_colour_on(ground), ground, scale);
  }
}

std::string score_label(std::string_view name, float score) {
  return fmt::format("{} {:.0f}%", name, 100 * score);
}

Image side_by_side(const std::vector<Image>& images, const std::vector<std::string>& captions) {
  int height = 0, width = -kGap;
  for (const Image& image : images) {
    height = std::max(height, image.height);
    width += image.width + kGap;
  }
  const int scale = sheet_scale(height), header = text_height(scale);
  Image sheet(height + header, std::max(width, 0));
  std::fill(sheet.rgb.begin(), sheet.rgb.end(), 255);
  int left = 0;
  for (size_t i = 0; i < images.size(); ++i) {
    const Image& image = images[i];
    if (i < captions.size()) draw_text(sheet, left, 0, captions[i], kBlack, kWhite, scale);
    for (int y = 0; y < image.height; ++y) {
      std::memcpy(sheet.pixel(header + y, left), image.row(y), image.row_bytes());
    }
    left += image.width + kGap;
  }
  return sheet;
}

SheetPlace place_in_sheet(ImageSize sheet, int count, int index) {
  const int width = (sheet.width - (count - 1) * kGap) / count;
  int scale = 1;
  while (sheet_scale(sheet.height - text_height(scale)) > scale) ++scale;
  const int header = text_height(scale);
  return {header, index * (width + kGap), sheet.height - header, width};
}

}  // namespace denovo::data
