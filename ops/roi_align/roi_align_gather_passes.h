// The launches of the gathers in their order, on the backend that core/kernels/kernel.h picks: the
// GPU's run, and on the CPU the test of the same functors.
#pragma once

#include <vector>

#include "ops/roi_align/gather_bins.h"
#include "ops/roi_align/gather_tiles.h"
#include "ops/roi_align/roi_align_kernels.h"
#include "ops/roi_align/roi_align_levels.h"

namespace denovo::ops::roi_align_gather {

/// LocatedRoi<B> [R] as bytes.
template <class B>
Tensor locate(Context& ctx, const Tensor& boxes, const Tensor& images, const RoiLevels<B>& levels,
              const RoiAlignOptions& options) {
  const int64_t count = boxes.size(0);
  const Tensor located = Tensor::empty({count * static_cast<int64_t>(sizeof(LocatedRoi<B>))},
                                       DType::kU8, boxes.device());
  parallel_for(ctx, count,
               LocateRois<B>{boxes.data<B>(), images.data<int32_t>(), levels, options,
                             reinterpret_cast<LocatedRoi<B>*>(located.raw())});
  return located;
}

template <class T, class B>
void forward(Context& ctx, const RoiAlignForward& args) {
  const RoiLevels<B> levels = levels_of<B>(args);
  const Tensor located = locate<B>(ctx, args.boxes, args.images, levels, args.options);
  const int bins = args.options.output_size;
  GatherBins<T, B> gather{reinterpret_cast<const LocatedRoi<B>*>(located.raw()),
                          {},
                          levels,
                          bins,
                          args.y.size(3),
                          args.y.data<T>()};
  for (size_t l = 0; l < args.features.size(); ++l) gather.features[l] = args.features[l].data<T>();
  parallel_rows(ctx, args.boxes.size(0) * bins * bins, args.y.size(3), gather);
}

/// Tiles of the levels whose gradient is wanted.
inline RoiTiles tiles_of(std::span<const RoiAlignLevelGrad> levels) {
  RoiTiles tiles{};
  tiles.count = static_cast<int>(levels.size());
  for (size_t l = 0; l < levels.size(); ++l) {
    const auto tiles_along = [](int64_t cells) {
      return static_cast<int>((cells + RoiTiles::kSide - 1) / RoiTiles::kSide);
    };
    tiles.tiles_high[l] = tiles_along(levels[l].shape[1]);
    tiles.tiles_wide[l] = tiles_along(levels[l].shape[2]);
    const int64_t count = levels[l].grad.defined()
                              ? levels[l].shape[0] * tiles.tiles_high[l] * tiles.tiles_wide[l]
                              : 0;
    tiles.first_tile[l + 1] = tiles.first_tile[l] + count;
  }
  return tiles;
}

template <class T, class B>
void backward(Context& ctx, const RoiAlignBackward& args) {
  const RoiLevels<B> levels = levels_of<B>(args);
  const Tensor bytes = locate<B>(ctx, args.boxes, args.images, levels, args.options);
  const auto* located = reinterpret_cast<const LocatedRoi<B>*>(bytes.raw());
  const RoiTiles tiles = tiles_of(args.levels);
  const Device device = args.boxes.device();
  const int64_t num_rois = args.boxes.size(0), words = (num_rois + 31) / 32,
                num_tiles = tiles.first_tile[tiles.count], channels = args.grad_y.size(3);
  const Tensor image_tensor = Tensor::empty(Shape{levels.num_images, 2}, DType::kI32, device),
               mask_tensor = Tensor::empty(Shape{num_tiles, words}, DType::kI32, device);
  auto* images = reinterpret_cast<ImageWords*>(image_tensor.raw());
  auto* masks = reinterpret_cast<uint32_t*>(mask_tensor.raw());
  parallel_phases(ctx, levels.num_images, FindImageWords<B>(located, num_rois, images));
  parallel_for(ctx, num_tiles * words, MaskTiles<B>{located, images, tiles, num_rois, words, masks},
               32);
  RoiGradients<T> out{};
  for (size_t l = 0; l < args.levels.size(); ++l) {
    const RoiAlignLevelGrad& level = args.levels[l];
    out.grad[l] = level.grad.defined() ? level.grad.data<T>() : nullptr;
    out.accumulates[l] = level.beta != 0;
    out.height[l] = levels.height[l];
    out.width[l] = levels.width[l];
  }
  if (channels == 0) return;
  const auto gather = [&]<int V>() {
    const GatherTiles<T, B, V> tiles_gather(located, masks, images, tiles, words,
                                            args.grad_y.data<T>(), out, args.options.output_size,
                                            channels);
    parallel_phases(ctx, tiles_gather.blocks(), tiles_gather);
  };
  constexpr int kVector = 16 / sizeof(T);
  channels % kVector == 0 ? gather.template operator()<kVector>() : gather.template operator()<1>();
}

inline void run(Context& ctx, const RoiAlignForward& args) {
  dispatch_floating(args.y.dtype(), [&]<class T>() {
    dispatch_f32_f64(args.boxes.dtype(), [&]<class B>() { forward<T, B>(ctx, args); });
  });
}

inline void run(Context& ctx, const RoiAlignBackward& args) {
  dispatch_floating(args.grad_y.dtype(), [&]<class T>() {
    dispatch_f32_f64(args.boxes.dtype(), [&]<class B>() { backward<T, B>(ctx, args); });
  });
}

}  // namespace denovo::ops::roi_align_gather
