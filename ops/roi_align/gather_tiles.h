// RoIAlign backward by tiles of cells, for the GPU; the CPU suite runs the same phases. Bit masks
// say which RoIs may touch a tile; its block takes them in index order, some at a time: it computes
// the weights of the tile's rows and columns in their bins once, then each cell adds bin after bin.
// No atomics: every run gives the same bits.
#pragma once

#include "core/kernels/bits.h"
#include "core/kernels/multiply_add.h"
#include "ops/roi_align/located_roi.h"

namespace denovo::ops {

/// Where the cells of all levels lie in one list of tiles.
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
    const auto i = static_cast<uint32_t>(tile - first_tile[level]),
               wide = static_cast<uint32_t>(tiles_wide[level]),
               high = static_cast<uint32_t>(tiles_high[level]);
    return {level, i / (high * wide), static_cast<int>(i / wide % high) * kSide,
            static_cast<int>(i % wide) * kSide};
  }
};

/// The words of masks that hold RoIs of an image; end is 0 when there is none.
struct ImageWords {
  int32_t first, end;
};

/// A block an image: RoIs of an image mostly stand together, and a tile reads their words only.
template <class B>
struct FindImageWords : BlockKernel {
  static constexpr int kPhases = 2;
  const LocatedRoi<B>* located;
  int64_t num_rois;
  ImageWords* images;

  FindImageWords(const LocatedRoi<B>* rois, int64_t count, ImageWords* out)
      : located(rois), num_rois(count), images(out) {}
  int64_t shared_bytes() const { return kThreads * static_cast<int64_t>(sizeof(ImageWords)); }

  DENOVO_HD static void join(ImageWords& words, const ImageWords& more) {
    if (more.end == 0) return;
    words.first = words.end == 0 || more.first < words.first ? more.first : words.first;
    words.end = more.end > words.end ? more.end : words.end;
  }
  template <int P>
  DENOVO_HD void phase(const PhasePoint& at, Local&) const {
    ImageWords* found = at.share<ImageWords>();
    if constexpr (P == 0) {
      ImageWords words{0, 0};
      for (int64_t r = at.thread; r < num_rois; r += kThreads) {
        const auto& roi = located[r].roi;
        const auto word = static_cast<int32_t>(r / 32);
        if (roi.active && roi.image == at.block) join(words, {word, word + 1});
      }
      found[at.thread] = words;
    } else if (at.thread == 0) {
      ImageWords words{0, 0};
      for (int i = 0; i < kThreads; ++i) join(words, found[i]);
      images[at.block] = words;
    }
  }
};

/// masks[tile][word]: the RoIs 32 * word .. 32 * word + 31 that may touch the tile; of the words of
/// its image alone.
template <class B>
struct MaskTiles {
  const LocatedRoi<B>* located;
  const ImageWords* images;
  RoiTiles tiles;
  int64_t num_rois, words;
  uint32_t* masks;

  DENOVO_HD void operator()(int64_t i) const {
    const int64_t t = i / words, word = i - t * words;
    const auto tile = tiles.at(t);
    const ImageWords range = images[tile.image];
    if (word < range.first || word >= range.end) return;
    uint32_t mask = 0;
    for (int bit = 0; bit < 32 && word * 32 + bit < num_rois; ++bit) {
      const LocatedRoi<B>& r = located[word * 32 + bit];
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

/// The levels whose gradient is wanted.
template <class T>
struct RoiGradients {
  T* grad[kMaxRoiLevels];
  bool accumulates[kMaxRoiLevels];
  int height[kMaxRoiLevels], width[kMaxRoiLevels];
};

/// The gradient of a tile's chunk of channels by one block. A thread has a row of the tile and V
/// channels, so that a bin is read once for the eight cells of the row.
template <class T, class B, int V>
struct GatherTiles : BlockKernel {
  using W = Compute<T>;
  static constexpr int kSide = RoiTiles::kSide, kBatch = 8;  // RoIs whose weights are there at once
  static constexpr int kLoopBegin = 0, kLoopEnd = 3, kPhases = 4;
  struct Local {
    Pack<T, V> sum[kSide] = {};
    int64_t word = -1;  // of the thread that selects: where it is
    uint32_t mask = 0;
  };

  const LocatedRoi<B>* located;
  const uint32_t* masks;
  const ImageWords* images;
  RoiTiles tiles;
  int64_t words;
  const T* grad_y;
  RoiGradients<T> out;
  int bins, channels, lanes, num_chunks;

  GatherTiles(const LocatedRoi<B>* rois, const uint32_t* mask_words, const ImageWords* image_words,
              const RoiTiles& all_tiles, int64_t num_words, const T* grad,
              const RoiGradients<T>& gradients, int num_bins, int64_t num_channels)
      : located(rois),
        masks(mask_words),
        images(image_words),
        tiles(all_tiles),
        words(num_words),
        grad_y(grad),
        out(gradients),
        bins(num_bins),
        channels(static_cast<int>(num_channels)) {
    constexpr int kMost = kThreads / kSide;
    const int vectors = channels / V;
    num_chunks = (vectors + kMost - 1) / kMost;
    lanes = (vectors + num_chunks - 1) / num_chunks;
  }
  int64_t blocks() const { return tiles.first_tile[tiles.count] * num_chunks; }
  DENOVO_HD int64_t weights_bytes() const {
    return int64_t{kBatch} * 2 * bins * kSide * static_cast<int64_t>(sizeof(B));
  }
  int64_t shared_bytes() const {
    return weights_bytes() + kBatch * static_cast<int64_t>(sizeof(Batch));
  }

  /// A RoI of a batch, and for each row and column of the tile the bins that may read it.
  struct Batch {
    int32_t roi;  // -1: none
    int32_t first[2][kSide], end[2][kSide];
  };
  struct Shared {
    B* weights;  // [roi][axis][bin][cell]
    Batch* batch;
  };
  DENOVO_HD Shared share(const PhasePoint& at) const {
    return {at.share<B>(), at.share<Batch>(weights_bytes())};
  }
  DENOVO_HD int64_t passes(int64_t block) const {
    const int64_t tile = block / num_chunks;
    const ImageWords range = images[tiles.at(tile).image];
    int count = 0;
    for (int64_t word = range.first; word < range.end; ++word)
      count += count_bits(masks[tile * words + word]);
    return (count + kBatch - 1) / kBatch;
  }

  template <int P>
  DENOVO_HD void phase(const PhasePoint& at, Local& local) const {
    const auto block = static_cast<uint32_t>(at.block);
    const uint32_t tile_index = block / static_cast<uint32_t>(num_chunks);
    const auto tile = tiles.at(tile_index);
    if constexpr (P == 0) {
      if (at.thread == 0) select(tile_index, images[tile.image], share(at).batch, local);
    } else if constexpr (P == 1) {
      weigh(at, tile);
    } else {
      const int lane = at.thread % lanes, row = at.thread / lanes;
      const int c =
          (static_cast<int>(block % static_cast<uint32_t>(num_chunks)) * lanes + lane) * V;
      if (row >= kSide || c >= channels || tile.y + row >= out.height[tile.level]) return;
      if constexpr (P == 2) {
        add_batch(share(at), row, c, local);
      } else {
        store(tile, row, c, local);
      }
    }
  }

  /// The next RoIs of the tile, in index order.
  DENOVO_HD void select(int64_t tile, const ImageWords& range, Batch* batch, Local& local) const {
    if (local.word < 0) local.word = range.first - 1;
    for (int b = 0; b < kBatch; ++b) {
      while (local.mask == 0 && local.word + 1 < range.end)
        local.mask = masks[tile * words + ++local.word];
      batch[b].roi = -1;
      if (local.mask == 0) continue;
      batch[b].roi = static_cast<int32_t>(local.word * 32 + lowest_bit(local.mask));
      local.mask &= local.mask - 1;
    }
  }

  /// A thread has one cell of one axis of one RoI.
  DENOVO_HD void weigh(const PhasePoint& at, const RoiTiles::Tile& tile) const {
    if (at.thread >= kBatch * 2 * kSide) return;
    const int cell = at.thread % kSide, axis = at.thread / kSide % 2, b = at.thread / (2 * kSide);
    const Shared shared = share(at);
    Batch& batch = shared.batch[b];
    if (batch.roi < 0) return;
    const Roi<B>& roi = located[batch.roi].roi;
    const CellBins<B> cells(axis == 0 ? roi.y : roi.x, (axis == 0 ? tile.y : tile.x) + cell,
                            axis == 0 ? out.height[tile.level] : out.width[tile.level], bins);
    B* weights = shared.weights + (b * 2 + axis) * bins * kSide + cell;
    for (int bin = 0; bin < bins; ++bin)
      weights[bin * kSide] = bin >= cells.first && bin < cells.end ? cells.weight(bin) : B(0);
    batch.first[axis][cell] = cells.first;
    batch.end[axis][cell] = cells.end;
  }

  DENOVO_HD void add_batch(const Shared& shared, int row, int c, Local& local) const {
    for (int b = 0; b < kBatch; ++b) {
      const Batch& batch = shared.batch[b];
      if (batch.roi < 0) return;
      const B *rows = shared.weights + b * 2 * bins * kSide + row,
              *columns = shared.weights + (b * 2 + 1) * bins * kSide;
      const T* grad_roi = grad_y + int64_t{batch.roi} * bins * bins * channels + c;
      // Bins ascend with the cells.
      const int first_q = batch.first[1][0], end_q = batch.end[1][kSide - 1];
      for (int p = batch.first[0][row]; p < batch.end[0][row]; ++p) {
        const B weight_y = rows[p * kSide];
        if (weight_y == 0) continue;
        for (int q = first_q; q < end_q; ++q) {
          add_bin(grad_roi + (p * bins + q) * channels, weight_y, columns + q * kSide, local);
        }
      }
    }
  }

  DENOVO_HD void add_bin(const T* grad_bin, B weight_y, const B* columns, Local& local) const {
    const auto g = Pack<T, V>::load(grad_bin);
    const auto weight_x = Pack<B, kSide>::load(columns);
    for (int x = 0; x < kSide; ++x) {
      if (weight_x.v[x] == 0) continue;
      const W weight = static_cast<W>(weight_y * weight_x.v[x]);
      for (int v = 0; v < V; ++v)
        local.sum[x].v[v] = multiply_add(weight, g.v[v], local.sum[x].v[v]);
    }
  }

  DENOVO_HD void store(const RoiTiles::Tile& tile, int row, int c, Local& local) const {
    const int height = out.height[tile.level], width = out.width[tile.level];
    T* cells = out.grad[tile.level] +
               ((tile.image * height + tile.y + row) * width + tile.x) * channels + c;
    for (int x = 0; x < kSide; ++x) {
      if (tile.x + x >= width) continue;
      auto sum = local.sum[x];
      if (out.accumulates[tile.level]) {
        const auto before = Pack<T, V>::load(cells + int64_t{x} * channels);
        for (int v = 0; v < V; ++v) sum.v[v] += before.v[v];
      }
      sum.store(cells + int64_t{x} * channels);
    }
  }
};

}  // namespace denovo::ops
