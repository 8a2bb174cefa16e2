// Both rules read the grid inside a border of zero cells, and both weights are products of one
// factor per axis; they differ in where a pixel lies on the grid (pixel_tap) and in the threshold.
#include "ops/mask_paste/mask_paste.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/kernels/backend.h"

namespace denovo::ops {
namespace {

/// One axis of a detection: the pixels that are drawn, and what places them on the grid.
struct Axis {
  int begin, end;  // pixels inside the image
  float box0, extent;
  int grid;     // cells without the border
  int64_t box;  // kWholePixel: first pixel of the enlarged box, may lie outside the image
  float scale;  // kWholePixel: bordered cells per pixel
};

Axis continuous_axis(float box0, float box1, int grid, int pixels) {
  Axis axis{0, 0, box0, box1 - box0, grid, 0, 0};
  if (!(axis.extent > 0)) return axis;
  // Beyond the box the nearest cell weighs less than a half, so no pixel there is inside.
  axis.begin = static_cast<int>(std::clamp(std::floor(box0), 0.f, static_cast<float>(pixels)));
  axis.end = static_cast<int>(std::clamp(std::ceil(box1), 0.f, static_cast<float>(pixels)));
  return axis;
}

/// Truncation to whole pixels; far beyond any image, saturated.
int64_t whole_pixel(float x) {
  return static_cast<int64_t>(std::clamp(x, -1e9f, 1e9f));
}

Axis whole_pixel_axis(float box0, float box1, int grid, int pixels) {
  const auto enlargement = static_cast<float>((grid + 2.0) / grid);
  const float half = (box1 - box0) * 0.5f * enlargement, center = (box1 + box0) * 0.5f;
  const int64_t first = whole_pixel(center - half), last = whole_pixel(center + half);
  const int64_t length = std::max<int64_t>(last - first + 1, 1);
  Axis axis{0, 0, 0, 0, grid, first, static_cast<float>(grid + 2) / static_cast<float>(length)};
  axis.begin = static_cast<int>(std::clamp<int64_t>(first, 0, pixels));
  axis.end = static_cast<int>(std::clamp<int64_t>(last + 1, 0, pixels));
  return axis;
}

/// Bordered cells `low` and low + 1, and their weights, for every pixel of an axis.
struct Taps {
  std::vector<int> low;
  std::vector<float> weight0, weight1;

  void append(int cell, float w0, float w1) {
    low.push_back(cell);
    weight0.push_back(w0);
    weight1.push_back(w1);
  }
};

Taps continuous_taps(const Axis& axis) {
  Taps taps;
  const auto grid = static_cast<float>(axis.grid);
  for (int pixel = axis.begin; pixel < axis.end; ++pixel) {
    // In [-1, 1] over the box, then in cells, as torch.grid_sample is called and computes.
    const float unit = (static_cast<float>(pixel) + 0.5f - axis.box0) / axis.extent * 2 - 1;
    const float cell = ((unit + 1) * grid - 1) / 2;
    if (!(cell > -1 && cell < grid)) {
      taps.append(0, 0, 0);
      continue;
    }
    const float low = std::floor(cell), fraction = cell - low;
    taps.append(static_cast<int>(low) + 1, 1 - fraction, fraction);
  }
  return taps;
}

Taps whole_pixel_taps(const Axis& axis) {
  Taps taps;
  const int last = axis.grid + 1;
  for (int pixel = axis.begin; pixel < axis.end; ++pixel) {
    const auto offset = static_cast<float>(pixel - axis.box);
    const float cell = std::max(axis.scale * (offset + 0.5f) - 0.5f, 0.f);
    const int low = std::min(static_cast<int>(cell), last);
    const float fraction = cell - static_cast<float>(low);
    if (low == last) {
      taps.append(last - 1, 0, 1);
    } else {
      taps.append(low, 1 - fraction, fraction);
    }
  }
  return taps;
}

/// The grid inside a border of zeros: [grid + 2, grid + 2].
std::vector<float> bordered(const float* probabilities, int grid) {
  const int side = grid + 2;
  std::vector<float> cells(static_cast<size_t>(side) * side, 0.f);
  for (int y = 0; y < grid; ++y)
    std::memcpy(&cells[(y + 1) * side + 1], probabilities + y * grid, grid * sizeof(float));
  return cells;
}

/// The window of pixels [y.low.size(), x.low.size()], 1 = inside.
template <bool kInclusive>
std::vector<uint8_t> draw(const std::vector<float>& cells, int side, const Taps& y, const Taps& x) {
  const size_t width = x.low.size();
  std::vector<uint8_t> window(y.low.size() * width);
  std::vector<float> line(side);
  const int* low = x.low.data();
  const float *weight0 = x.weight0.data(), *weight1 = x.weight1.data();
  for (size_t row = 0; row < y.low.size(); ++row) {
    const float* upper = &cells[static_cast<size_t>(y.low[row]) * side];
    for (int i = 0; i < side; ++i)
      line[i] = y.weight0[row] * upper[i] + y.weight1[row] * upper[side + i];
    const float* values = line.data();
    uint8_t* out = window.data() + row * width;
#pragma omp simd
    for (size_t i = 0; i < width; ++i) {
      const float p = values[low[i]] * weight0[i] + values[low[i] + 1] * weight1[i];
      out[i] = kInclusive ? p >= 0.5f : p > 0.5f;
    }
  }
  return window;
}

Rle paste(const float* probabilities, int grid, const float* box, int height, int width,
          MaskPaste rule) {
  for (int i = 0; i < 4; ++i)
    if (!std::isfinite(box[i])) return rle_encode_window(nullptr, 0, 0, 0, 0, height, width);
  const bool continuous = rule == MaskPaste::kContinuous;
  const auto axis = continuous ? continuous_axis : whole_pixel_axis;
  const Axis x = axis(box[0], box[2], grid, width), y = axis(box[1], box[3], grid, height);
  if (x.begin >= x.end || y.begin >= y.end)
    return rle_encode_window(nullptr, 0, 0, 0, 0, height, width);
  const auto taps = continuous ? continuous_taps : whole_pixel_taps;
  const auto window = (continuous ? draw<true> : draw<false>)(bordered(probabilities, grid),
                                                              grid + 2, taps(y), taps(x));
  return rle_encode_window(window.data(), x.begin, y.begin, y.end - y.begin, x.end - x.begin,
                           height, width);
}

void check(const Tensor& probabilities, const Tensor& boxes, int height, int width) {
  const Shape& shape = probabilities.shape();
  if (probabilities.dtype() != DType::kF32 || shape.rank() != 3 || shape[1] != shape[2] ||
      shape[1] < 1)
    throw ShapeError(fmt::format("paste_masks: probabilities must be f32 [D, S, S], got {} {}",
                                 name(probabilities.dtype()), to_string(shape)));
  if (boxes.dtype() != DType::kF32 || boxes.shape() != Shape{shape[0], 4})
    throw ShapeError(fmt::format("paste_masks: boxes must be f32 [{}, 4], got {} {}", shape[0],
                                 name(boxes.dtype()), to_string(boxes.shape())));
  if (!probabilities.device().is_cpu() || !boxes.device().is_cpu())
    throw DeviceError(fmt::format("paste_masks: tensors must be on the cpu, got {} and {}",
                                  to_string(probabilities.device()), to_string(boxes.device())));
  if (height < 1 || width < 1)
    throw ShapeError(
        fmt::format("paste_masks: the image must have pixels, got {} x {}", height, width));
  check_mask_size(height, width);
}

}  // namespace

std::vector<Rle> paste_masks(const Tensor& probabilities, const Tensor& boxes, int height,
                             int width, MaskPaste rule) {
  check(probabilities, boxes, height, width);
  const int64_t detections = probabilities.size(0);
  const int grid = static_cast<int>(probabilities.size(1));
  const float *cells = probabilities.data<float>(), *corners = boxes.data<float>();
  std::vector<Rle> masks(detections);
  const int threads = detections < 2 ? 1 : cpu_context().num_threads();
  // Dynamic: boxes differ by orders of magnitude, and no result depends on the thread.
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads) if (threads > 1)
  for (int64_t d = 0; d < detections; ++d)
    masks[d] = paste(cells + d * grid * grid, grid, corners + 4 * d, height, width, rule);
  return masks;
}

}  // namespace denovo::ops
