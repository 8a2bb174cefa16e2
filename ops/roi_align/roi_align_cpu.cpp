// Channels run innermost, in blocks that stay in registers while a bin (forward) or a cell
// (backward) collects its terms.
#include <algorithm>
#include <cstring>
#include <vector>

#include "core/kernels/parallel.h"
#include "ops/roi_align/roi_align_kernels.h"
#include "ops/roi_align/roi_align_levels.h"
#include "ops/roi_align/roi_align_terms.h"

namespace denovo::ops {
namespace {

constexpr int kVectors = 8;   // sums held at once: half of the AVX registers
constexpr int64_t kTile = 8;  // cells a side: 64 KiB of f32 at 256 channels, which an L2 keeps

/// 32 bytes of W. An explicit vector type: from plain loops, gcc 12 makes scalar code, because it
/// joins iterations of the outer loop before it vectorises the inner one.
template <class W>
using Lanes __attribute__((vector_size(32))) = W;

template <class W>
Lanes<W> load(const W* p) {
  Lanes<W> lanes;
  std::memcpy(&lanes, p, sizeof lanes);
  return lanes;
}
Lanes<float> load(const bfloat16* p) {
  Lanes<uint16_t> pair = {};
  std::memcpy(&pair, p, 16);
  const auto words = __builtin_convertvector(
      __builtin_shufflevector(pair, pair, 0, 1, 2, 3, 4, 5, 6, 7), Lanes<uint32_t>);
  return reinterpret_cast<Lanes<float>>(words << 16);
}

/// sum += weighted rows of kVectors x Lanes channels. Terms hold the offset of a row.
template <int kVectors, class T, class W>
void add_lanes(std::span<const Term<W>> terms, const T* x, W* sum) {
  constexpr int kWidth = sizeof(Lanes<W>) / sizeof(W);
  Lanes<W> local[kVectors];
  for (int k = 0; k < kVectors; ++k) local[k] = load(sum + k * kWidth);
  for (const Term<W>& term : terms) {
    for (int k = 0; k < kVectors; ++k) {
      local[k] += term.weight * load(x + term.index + k * kWidth);
    }
  }
  for (int k = 0; k < kVectors; ++k) std::memcpy(sum + k * kWidth, &local[k], sizeof local[k]);
}

/// sum[c] += weight(row) weight(column) x[row, column, c] over all pairs, x being `width` columns
/// wide. products is scratch.
template <class T, class W>
void add_products(std::span<const Term<W>> rows, std::span<const Term<W>> columns, const T* x,
                  int64_t width, int64_t channels, std::vector<Term<W>>& products, W* sum) {
  products.clear();
  for (const Term<W>& row : rows) {
    for (const Term<W>& column : columns) {
      products.push_back(
          {(row.index * width + column.index) * channels, row.weight * column.weight});
    }
  }
  const std::span<const Term<W>> terms = products;
  constexpr int64_t kWidth = sizeof(Lanes<W>) / sizeof(W);
  int64_t c = 0;
  for (; c + kVectors * kWidth <= channels; c += kVectors * kWidth) {
    add_lanes<kVectors>(terms, x + c, sum + c);
  }
  for (; c + kWidth <= channels; c += kWidth) add_lanes<1>(terms, x + c, sum + c);
  for (; c < channels; ++c) {
    for (const Term<W>& term : terms) sum[c] += term.weight * static_cast<W>(x[term.index + c]);
  }
}

template <class T, class B>
void forward(CpuContext& ctx, const RoiAlignForward& args) {
  using W = Compute<T>;
  const RoiLevels<B> levels = levels_of<B>(args);
  const int bins = args.options.output_size;
  const int64_t num_rois = args.boxes.size(0), channels = args.y.size(3);
  const int64_t roi_numel = int64_t{bins} * bins * channels;
  const B* boxes = args.boxes.data<B>();
  const int32_t* images = args.images.data<int32_t>();
  T* y = args.y.data<T>();
#pragma omp parallel num_threads(ctx.num_threads()) if (num_rois > 1)
  {
    TermLists<W> rows, columns;
    std::vector<Term<W>> products;
    std::vector<W> mean(static_cast<size_t>(channels));
    // RoIs differ in their number of samples; each is independent, so any schedule gives the same.
#pragma omp for schedule(dynamic, 8)
    for (int64_t r = 0; r < num_rois; ++r) {
      T* out = y + r * roi_numel;
      const Roi<B> roi = locate_roi(boxes + 4 * r, images[r], levels, args.options);
      if (!roi.active) {
        std::fill_n(out, roi_numel, T(0.f));
        continue;
      }
      const int height = levels.height[roi.level], width = levels.width[roi.level];
      cells_of_bins(roi.y, bins, height, rows);
      cells_of_bins(roi.x, bins, width, columns);
      const T* plane = args.features[static_cast<size_t>(roi.level)].data<T>() +
                       roi.image * height * width * channels;
      for (size_t bin = 0; bin < static_cast<size_t>(bins * bins); ++bin) {
        std::fill(mean.begin(), mean.end(), W(0));
        add_products(rows.of(bin / static_cast<size_t>(bins)),
                     columns.of(bin % static_cast<size_t>(bins)), plane, width, channels, products,
                     mean.data());
        for (const W value : mean) *out++ = static_cast<T>(value);
      }
    }
  }
}

/// What backward needs of a RoI, computed once for all tiles.
template <class W>
struct PlacedRoi {
  int level = -1;  // -1: touches nothing
  int64_t image = 0;
  BinsOfCells<W> rows{{}}, columns{{}};
};

/// Cells [y0, y1) x [x0, x1) of a level: the output of one thread.
struct Tile {
  int level;
  int64_t image;
  int64_t y0, y1, x0, x1;
};

/// The gradient of a tile, RoI after RoI.
template <class T>
struct TileGradient {
  using W = Compute<T>;
  std::span<const PlacedRoi<W>> rois;
  std::span<const RoiAlignLevelGrad> levels;
  const T* grad_y;
  int bins;
  std::vector<Term<W>> products = {};
  std::vector<W> sums = {};  // the tile in the compute type

  void operator()(const Tile& tile) {
    const RoiAlignLevelGrad& level = levels[static_cast<size_t>(tile.level)];
    const Shape& shape = level.shape;
    const bool accumulate = level.beta != 0;
    const int64_t channels = shape[3], row_numel = (tile.x1 - tile.x0) * channels;
    sums.assign(static_cast<size_t>((tile.y1 - tile.y0) * row_numel), W(0));
    for (size_t r = 0; r < rois.size(); ++r) {
      if (rois[r].level == tile.level && rois[r].image == tile.image &&
          rois[r].rows.overlaps(tile.y0, tile.y1) && rois[r].columns.overlaps(tile.x0, tile.x1)) {
        add(rois[r], grad_y + static_cast<int64_t>(r) * bins * bins * channels, channels, tile);
      }
    }
    for (int64_t y = tile.y0; y < tile.y1; ++y) {
      T* out = level.grad.data<T>() + ((tile.image * shape[1] + y) * shape[2] + tile.x0) * channels;
      const W* sum = sums.data() + (y - tile.y0) * row_numel;
      for (int64_t i = 0; i < row_numel; ++i) {
        out[i] = static_cast<T>(accumulate ? static_cast<W>(out[i]) + sum[i] : sum[i]);
      }
    }
  }

  void add(const PlacedRoi<W>& roi, const T* grad_roi, int64_t channels, const Tile& tile) {
    const int64_t x0 = std::max(roi.columns.first, tile.x0),
                  x1 = std::min(roi.columns.end, tile.x1);
    const int64_t y0 = std::max(roi.rows.first, tile.y0), y1 = std::min(roi.rows.end, tile.y1);
    for (int64_t y = y0; y < y1; ++y) {
      W* sum = sums.data() + ((y - tile.y0) * (tile.x1 - tile.x0) + x0 - tile.x0) * channels;
      for (int64_t x = x0; x < x1; ++x, sum += channels) {
        add_products(roi.rows.of(y), roi.columns.of(x), grad_roi, bins, channels, products, sum);
      }
    }
  }
};

template <class W, class B>
std::vector<PlacedRoi<W>> place_rois(CpuContext& ctx, const RoiAlignBackward& args,
                                     const RoiLevels<B>& levels) {
  std::vector<PlacedRoi<W>> rois(static_cast<size_t>(args.boxes.size(0)));
  const B* boxes = args.boxes.data<B>();
  const int32_t* images = args.images.data<int32_t>();
  const RoiAlignOptions& options = args.options;
  constexpr int64_t kCost = 512;  // about 50 samples, each a dozen operations
  const auto place = [&](int64_t r) {
    const Roi<B> roi = locate_roi(boxes + 4 * r, images[r], levels, options);
    if (!roi.active) return;
    TermLists<W> cells;
    PlacedRoi<W>& placed = rois[static_cast<size_t>(r)];
    placed.level = roi.level;
    placed.image = roi.image;
    cells_of_bins(roi.y, options.output_size, levels.height[roi.level], cells);
    placed.rows = BinsOfCells<W>(cells);
    cells_of_bins(roi.x, options.output_size, levels.width[roi.level], cells);
    placed.columns = BinsOfCells<W>(cells);
  };
  parallel_for(ctx, args.boxes.size(0), place, kCost);
  return rois;
}

std::vector<Tile> tiles_of(std::span<const RoiAlignLevelGrad> levels) {
  std::vector<Tile> tiles;
  for (size_t l = 0; l < levels.size(); ++l) {
    if (!levels[l].grad.defined()) continue;
    const Shape& shape = levels[l].shape;
    for (int64_t image = 0; image < shape[0]; ++image) {
      for (int64_t y = 0; y < shape[1]; y += kTile) {
        for (int64_t x = 0; x < shape[2]; x += kTile) {
          tiles.push_back({static_cast<int>(l), image, y, std::min(y + kTile, shape[1]), x,
                           std::min(x + kTile, shape[2])});
        }
      }
    }
  }
  return tiles;
}

template <class T, class B>
void backward(CpuContext& ctx, const RoiAlignBackward& args) {
  const RoiLevels<B> levels = levels_of<B>(args);
  const auto rois = place_rois<Compute<T>>(ctx, args, levels);
  const std::vector<Tile> tiles = tiles_of(args.levels);
#pragma omp parallel num_threads(ctx.num_threads()) if (tiles.size() > 1)
  {
    TileGradient<T> gradient{rois, args.levels, args.grad_y.data<T>(), args.options.output_size};
    // Tiles differ in their number of RoIs and share no output: any schedule gives the same.
#pragma omp for schedule(dynamic, 1)
    for (size_t t = 0; t < tiles.size(); ++t) gradient(tiles[t]);
  }
}

}  // namespace

void run(CpuContext& ctx, const RoiAlignForward& args) {
  dispatch_floating(args.y.dtype(), [&]<class T>() {
    dispatch_f32_f64(args.boxes.dtype(), [&]<class B>() { forward<T, B>(ctx, args); });
  });
}

void run(CpuContext& ctx, const RoiAlignBackward& args) {
  dispatch_floating(args.grad_y.dtype(), [&]<class T>() {
    dispatch_f32_f64(args.boxes.dtype(), [&]<class B>() { backward<T, B>(ctx, args); });
  });
}

}  // namespace denovo::ops
