#include "ops/anchors/anchors.h"

#include <fmt/format.h>

#include <cmath>

#include "ops/anchors/anchors_kernels.h"

namespace denovo::ops {
namespace {

void check_positive(const char* what, double value) {
  if (!(value > 0) || !std::isfinite(value)) {
    throw ShapeError(fmt::format("anchors: {} must be positive, got {}", what, value));
  }
}

}  // namespace

std::vector<std::array<double, 4>> cell_anchors(std::span<const double> sizes,
                                                const AnchorOptions& options) {
  std::vector<std::array<double, 4>> cells;
  for (const double size : sizes) {
    check_positive("size", size);
    for (const double ratio : options.ratios) {
      check_positive("ratio", ratio);
      const double width = std::sqrt(size * size / ratio), height = ratio * width;
      std::array<double, 4> cell{-width / 2, -height / 2, width / 2, height / 2};
      if (options.rounded) {
        for (double& corner : cell) corner = std::nearbyint(corner);
      }
      cells.push_back(cell);
    }
  }
  if (cells.empty() || cells.size() > kMaxAnchorsPerCell) {
    throw ShapeError(
        fmt::format("anchors: a cell must have 1 to {} anchors, got {} sizes x {} ratios",
                    kMaxAnchorsPerCell, sizes.size(), options.ratios.size()));
  }
  return cells;
}

Tensor grid_anchors(std::span<const AnchorLevel> levels, const AnchorOptions& options, DType dtype,
                    Device device) {
  if (dtype != DType::kF32 && dtype != DType::kF64) {
    throw ShapeError(fmt::format("anchors: dtype must be f32 or f64, got {}", name(dtype)));
  }
  std::vector<std::vector<std::array<double, 4>>> cells;
  int64_t total = 0;
  for (const AnchorLevel& level : levels) {
    if (level.height < 0 || level.width < 0) {
      throw ShapeError(fmt::format("anchors: a level must not have negative sizes, got {} x {}",
                                   level.height, level.width));
    }
    check_positive("stride", level.stride_y);
    check_positive("stride", level.stride_x);
    cells.push_back(cell_anchors(level.sizes, options));
    total += level.height * level.width * static_cast<int64_t>(cells.back().size());
  }
  const Tensor anchors = Tensor::empty({total, 4}, dtype, device);
  int64_t begin = 0;
  for (size_t l = 0; l < levels.size(); ++l) {
    const int64_t count =
        levels[l].height * levels[l].width * static_cast<int64_t>(cells[l].size());
    const Tensor rows = anchors.rows(begin, begin + count);
    with_backend(device, [&](auto& ctx) {
      run(ctx, GridAnchors{levels[l], cells[l], options.offset, rows});
    });
    begin += count;
  }
  return anchors;
}

}  // namespace denovo::ops
