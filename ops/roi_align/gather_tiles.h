// RoIAlign backward with one thread for each 16 bytes of gradient, for the GPU; the CPU suite runs
// the same. Bit masks say which RoIs may touch a tile of cells; each cell visits them in index
// order and computes their weights again. No atomics: every run gives the same bits.
#pragma once

#include "ops/roi_align/located_roi.h"

namespace denovo::ops {

/// Where the cells of all levels lie in one list of tiles, and in one list of cells.
struct RoiTiles {
  static constexpr int kSide = 8;  // cells
  int count;                       // levels
  int64_t first_tile[kMaxRoiLevels + 1];
  int tiles_high[kMaxRoiLevels], tiles_wide[kMaxRoiLevels];

  struct Tile {
    int level;
    int64_t image;
    int y, x;  // first cell
  };
  DENOVO_HD Tile at(int64_t tile) const {
    int level = 0;
    while (tile >= first_tile[level + 1]) ++level;
    const int64_t i = tile - first_tile[level], wide = tiles_wide[level], high = tiles_high[level];
    return {level, i / (high * wide), static_cast<int>(i / wide % high) * kSide,
            static_cast<int>(i % wide) * kSide};
  }
  DENOVO_HD int64_t tile_of(int level, int64_t image, int y, int x) const {
    return first_tile[level] + (image * tiles_high[level] + y / kSide) * tiles_wide[level] +
           x / kSide;
  }
};

/// masks[tile][word]: the RoIs 32 * word .. 32 * word + 31 that may touch the tile.
template <class B>
struct MaskTiles {
  const LocatedRoi<B>* located;
  RoiTiles tiles;
  int64_t num_rois, words;
  uint32_t* masks;

  DENOVO_HD void operator()(int64_t i) const {
    const auto tile = tiles.at(i / words);
    const int64_t first = i % words * 32;
    uint32_t mask = 0;
    for (int bit = 0; bit < 32 && first + bit < num_rois; ++bit) {
      const LocatedRoi<B>& r = located[first + bit];
      const bool touches = r.roi.active && r.roi.level == tile.level && r.roi.image == tile.image &&
                           r.y0 < tile.y + RoiTiles::kSide && tile.y < r.y1 &&
                           r.x0 < tile.x + RoiTiles::kSide && tile.x < r.x1;
      if (touches) mask |= uint32_t{1} << bit;
    }
    masks[i] = mask;
  }
};

/// The weights that one cell of an axis has in the bins of a RoI.
template <class B>
struct CellBins {
  RoiAxis<B> axis;
  int cell, size, first, end;  // bins [first, end) may read the cell

  DENOVO_HD CellBins(const RoiAxis<B>& a, int c, int axis_size, int bins)
      : axis(a), cell(c), size(axis_size), first(0), end(bins) {
    // Bins of no size all lie in one place.
    if (!(axis.bin > 0)) return;
    const B low = (static_cast<B>(cell - 1) - axis.start) / axis.bin - 1,
            high = (static_cast<B>(cell + 1) - axis.start) / axis.bin + 1;
    if (low > 0) first = low < static_cast<B>(bins) ? static_cast<int>(low) : bins;
    if (high < static_cast<B>(bins)) end = high > 0 ? static_cast<int>(high) + 1 : 0;
    if (end > bins) end = bins;
  }
  DENOVO_HD B weight(int bin) const {
    B sum = 0;
    for (int i = 0; i < axis.samples; ++i) {
      const LinearTap<B> tap = linear_tap(axis.sample(bin, i), size);
      if (!tap.inside) continue;
      if (tap.cell0 == cell) sum += tap.weight0;
      if (tap.cell1 == cell) sum += tap.weight1;
    }
    return sum / static_cast<B>(axis.samples);
  }
};

/// grad[cell, c] of one level: a row is a cell.
template <class T, class B, bool kAccumulate>
struct GatherRois {
  using W = Compute<T>;
  static constexpr int kVector = 16 / sizeof(T);
  const LocatedRoi<B>* located;
  const uint32_t* masks;
  RoiTiles tiles;
  int64_t words;
  const T* grad_y;
  int bins, level, height, width;
  int64_t channels;
  T* grad;

  struct Row {
    int y, x;
    const uint32_t* mask;
    int64_t output;
  };
  DENOVO_HD Row row(int64_t i) const {
    const int x = static_cast<int>(i % width), y = static_cast<int>(i / width % height);
    const int64_t image = i / width / height;
    return {y, x, masks + tiles.tile_of(level, image, y, x) * words, i * channels};
  }
  template <int V>
  DENOVO_HD void apply(const Row& row, int64_t c) const {
    auto sum = Pack<T, V>::fill(0);
    for (int64_t word = 0; word < words; ++word) {
      uint32_t mask = row.mask[word];
      for (int64_t r = word * 32; mask != 0; ++r, mask >>= 1) {
        if (mask & 1) add_roi(located[r], r, row, c, sum);
      }
    }
    if constexpr (kAccumulate) {
      const auto before = Pack<T, V>::load(grad + row.output + c);
      for (int v = 0; v < V; ++v) sum.v[v] += before.v[v];
    }
    sum.store(grad + row.output + c);
  }
  template <int V>
  DENOVO_HD void add_roi(const LocatedRoi<B>& at, int64_t r, const Row& row, int64_t c,
                         Pack<T, V>& sum) const {
    if (row.y < at.y0 || row.y >= at.y1 || row.x < at.x0 || row.x >= at.x1) return;
    const CellBins<B> ys(at.roi.y, row.y, height, bins), xs(at.roi.x, row.x, width, bins);
    for (int p = ys.first; p < ys.end; ++p) {
      const B weight_y = ys.weight(p);
      if (weight_y == 0) continue;
      for (int q = xs.first; q < xs.end; ++q) {
        const B weight_x = xs.weight(q);
        if (weight_x == 0) continue;
        const W weight = static_cast<W>(weight_y * weight_x);
        const auto g = Pack<T, V>::load(grad_y + ((r * bins + p) * bins + q) * channels + c);
        for (int v = 0; v < V; ++v) sum.v[v] += weight * g.v[v];
      }
    }
  }
};

}  // namespace denovo::ops
