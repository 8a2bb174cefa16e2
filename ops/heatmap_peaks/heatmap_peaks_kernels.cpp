#include "ops/heatmap_peaks/heatmap_peaks_kernels.h"

#include <cmath>

#include "core/kernels/kernel.h"
#include "ops/heatmap_peaks/heatmap_peaks.h"
#include "ops/heatmap_peaks/heatmap_peaks_math.h"

namespace denovo::ops {
namespace {

template <class T>
struct Maps {
  using A = Compute<T>;
  const T* logits;
  const A* boxes;
  const int32_t* images;
  int64_t size, keypoints;

  DENOVO_HD const T* map(int64_t r, int64_t j) const {
    return logits + r * size * size * keypoints + j;
  }
  DENOVO_HD HeatmapSide<A> width(int64_t r) const { return {boxes[4 * r], boxes[4 * r + 2]}; }
  DENOVO_HD HeatmapSide<A> height(int64_t r) const { return {boxes[4 * r + 1], boxes[4 * r + 3]}; }
};

/// One part of the lines of one map: i = (r J + j) parts + part.
template <class T>
struct SearchPart {
  using A = Compute<T>;
  Maps<T> maps;
  A* values;
  int64_t* cells;

  DENOVO_HD void operator()(int64_t i) const {
    const int64_t part = i % kHeatmapParts, m = i / kHeatmapParts;
    const int64_t r = m / maps.keypoints;
    A best = -INFINITY;
    int64_t cell = -1;  // none yet: a part without lines, a map of NaN
    if (maps.images[r] >= 0) {
      const int64_t width = maps.width(r).cells, height = maps.height(r).cells;
      const T* map = maps.map(r, m % maps.keypoints);
      for (int64_t y = part * height / kHeatmapParts; y < (part + 1) * height / kHeatmapParts; ++y)
        search_line(map, y, width, height, &best, &cell);
    }
    values[i] = best;
    cells[i] = cell;
  }

  DENOVO_HD void search_line(const T* map, int64_t y, int64_t width, int64_t height, A* best,
                             int64_t* cell) const {
    const int64_t size = maps.size, step = maps.keypoints;
    const CubicTap<A> down(y, size, height);
    A line[kMaxHeatmapSize];
    for (int64_t x = 0; x < size; ++x) {
      A sum = 0;
      for (int k = 0; k < 4; ++k)
        sum += down.weight[k] * static_cast<A>(map[(down.index[k] * size + x) * step]);
      line[x] = sum;
    }
    for (int64_t x = 0; x < width; ++x) {
      const CubicTap<A> across(x, size, width);
      A sum = 0;
      for (int k = 0; k < 4; ++k) sum += across.weight[k] * line[across.index[k]];
      if (!(sum > *best)) continue;
      *best = sum;
      *cell = y * width + x;
    }
  }
};

/// The best of the parts, brought into the image.
template <class T>
struct Join {
  using A = Compute<T>;
  Maps<T> maps;
  const A* values;
  const int64_t* cells;
  A* found;

  DENOVO_HD void operator()(int64_t m) const {
    A* keypoint = found + 3 * m;
    const int64_t r = m / maps.keypoints;
    keypoint[0] = keypoint[1] = keypoint[2] = 0;
    if (maps.images[r] < 0) return;
    A best = -INFINITY;
    int64_t cell = 0;
    for (int64_t i = m * kHeatmapParts; i < (m + 1) * kHeatmapParts; ++i) {
      if (!(values[i] > best)) continue;
      best = values[i];
      cell = cells[i];
    }
    const T* map = maps.map(r, m % maps.keypoints);
    A sum = 0;
    for (int64_t p = 0; p < maps.size * maps.size; ++p)
      sum += std::exp(static_cast<A>(map[p * maps.keypoints]) - best);
    const auto width = maps.width(r), height = maps.height(r);
    keypoint[0] = width.at(cell % width.cells);
    keypoint[1] = height.at(cell / width.cells);
    keypoint[2] = 1 / sum;
  }
};

}  // namespace

void run(Context& ctx, const HeatmapPeaks& args) {
  dispatch_floating(args.logits.dtype(), [&]<class T>() {
    using A = Compute<T>;
    const Maps<T> maps{args.logits.data<T>(), args.boxes.data<A>(), args.images.data<int32_t>(),
                       args.logits.size(1), args.logits.size(3)};
    A* values = args.part_values.data<A>();
    int64_t* cells = args.part_cells.data<int64_t>();
    const int64_t count = args.logits.size(0) * maps.keypoints;
    parallel_for(ctx, count * kHeatmapParts, SearchPart<T>{maps, values, cells},
                 maps.size * maps.size);
    parallel_for(ctx, count, Join<T>{maps, values, cells, args.found.data<A>()},
                 maps.size * maps.size);
  });
}

}  // namespace denovo::ops
