#include "data/image/resize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/error.h"

namespace denovo::data {
namespace {

// Weights are integers of 22 fractional bits: 8 bits of pixel and 2 of headroom fill an int32.
constexpr int kPrecisionBits = 32 - 8 - 2;

/// For every output position the first input position and `taps` weights, zero past the window.
struct FilterTable {
  int taps = 0;
  std::vector<int> first;
  std::vector<int> count;
  std::vector<int32_t> weights;
};

// Pillow's precompute_coeffs and normalize_coeffs_8bpc, in its order of operations.
FilterTable triangle_filter(int in_size, int out_size) {
  const double scale = static_cast<double>(in_size) / out_size;
  const double filter_scale = std::max(scale, 1.0);
  const double support = filter_scale;
  FilterTable table;
  table.taps = static_cast<int>(std::ceil(support)) * 2 + 1;
  table.first.resize(out_size);
  table.count.resize(out_size);
  table.weights.assign(static_cast<size_t>(out_size) * table.taps, 0);
  std::vector<double> weights(table.taps);
  for (int i = 0; i < out_size; ++i) {
    const double center = (i + 0.5) * scale;
    const int first = std::max(static_cast<int>(center - support + 0.5), 0);
    const int count = std::min(static_cast<int>(center + support + 0.5), in_size) - first;
    double sum = 0;
    for (int k = 0; k < count; ++k) {
      const double distance = std::abs((k + first - center + 0.5) * (1.0 / filter_scale));
      weights[k] = distance < 1.0 ? 1.0 - distance : 0.0;
      sum += weights[k];
    }
    for (int k = 0; k < count; ++k) {
      if (sum != 0) weights[k] /= sum;
      table.weights[static_cast<size_t>(i) * table.taps + k] =
          static_cast<int32_t>(0.5 + weights[k] * (1 << kPrecisionBits));
    }
    table.first[i] = first;
    table.count[i] = count;
  }
  return table;
}

constexpr int32_t kHalf = 1 << (kPrecisionBits - 1);

uint8_t to_byte(int32_t sum) {
  return static_cast<uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255));
}

// Four lanes a pixel (the fourth is the next pixel's red, ignored): one vector multiply-add a tap.
// The outputs are those from `begin` on, as many as fit.
void resize_row(const uint8_t* in, const FilterTable& filter, int begin, int count, uint8_t* out) {
  for (int x = begin; x < begin + count; ++x, out += 3) {
    const int32_t* weights = &filter.weights[static_cast<size_t>(x) * filter.taps];
    const uint8_t* pixel = in + 3 * static_cast<size_t>(filter.first[x]);
    int32_t sum[4] = {kHalf, kHalf, kHalf, kHalf};
    for (int k = 0; k < filter.count[x]; ++k, pixel += 3) {
      for (int c = 0; c < 4; ++c) sum[c] += weights[k] * pixel[c];
    }
    for (int c = 0; c < 3; ++c) out[c] = to_byte(sum[c]);
  }
}

/// Columns [begin, begin + count) of the image as wide as that.
Image resize_columns(const Image& image, int width, int begin, int count) {
  const FilterTable filter = triangle_filter(image.width, width);
  Image result(image.height, count);
  std::vector<uint8_t> padded(image.row_bytes() + 1);  // the ignored lane of the last pixel
  for (int y = 0; y < image.height; ++y) {
    std::memcpy(padded.data(), image.row(y), image.row_bytes());
    resize_row(padded.data(), filter, begin, count, result.row(y));
  }
  return result;
}

/// Rows [begin, begin + count) of the image as high as that.
Image resize_rows(const Image& image, int height, int begin, int count) {
  const FilterTable filter = triangle_filter(image.height, height);
  Image result(count, image.width);
  const size_t row_bytes = image.row_bytes();
  std::vector<int32_t> sum(row_bytes);
  for (int y = begin; y < begin + count; ++y) {
    std::fill(sum.begin(), sum.end(), kHalf);
    for (int k = 0; k < filter.count[y]; ++k) {
      const int32_t weight = filter.weights[static_cast<size_t>(y) * filter.taps + k];
      const uint8_t* in = image.row(filter.first[y] + k);
      for (size_t i = 0; i < row_bytes; ++i) sum[i] += weight * in[i];
    }
    uint8_t* out = result.row(y - begin);
    for (size_t i = 0; i < row_bytes; ++i) out[i] = to_byte(sum[i]);
  }
  return result;
}

}  // namespace

Image resize_bilinear(const Image& image, int height, int width) {
  return resize_window(image, {height, width}, {0, 0, height, width});
}

Image resize_window(const Image& image, ImageSize full, const CropWindow& window) {
  const auto [top, left, height, width] = window;
  if (image.height < 1 || image.width < 1 || height < 1 || width < 1) {
    throw ShapeError(fmt::format("resize_bilinear: sides must be positive, got {}x{} to {}x{}",
                                 image.height, image.width, height, width));
  }
  if (top < 0 || left < 0 || top + height > full.height || left + width > full.width) {
    throw ShapeError(
        fmt::format("resize_window: the window must be inside {}x{}, got {}x{} at {}, {}",
                    full.height, full.width, height, width, top, left));
  }
  const bool all_columns = image.width == full.width && width == full.width,
             all_rows = image.height == full.height && height == full.height;
  if (all_columns && all_rows) return image;
  if (all_columns) return resize_rows(image, full.height, top, height);
  if (all_rows) return resize_columns(image, full.width, left, width);
  return resize_rows(resize_columns(image, full.width, left, width), full.height, top, height);
}

ImageSize shortest_edge_size(ImageSize original, int short_side, int max_size) {
  const double h = original.height, w = original.width;
  const double scale = short_side / std::min(h, w);
  double new_h = h < w ? short_side : scale * h;
  double new_w = h < w ? scale * w : short_side;
  if (max_size > 0 && std::max(new_h, new_w) > max_size) {
    const double shrink = max_size / std::max(new_h, new_w);
    new_h *= shrink;
    new_w *= shrink;
  }
  return {std::max(1, static_cast<int>(new_h + 0.5)), std::max(1, static_cast<int>(new_w + 0.5))};
}

}  // namespace denovo::data
