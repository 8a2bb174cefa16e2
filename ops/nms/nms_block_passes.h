// The launches in their order on the backend that core/kernels/kernel.h picks, with the sort that
// it is given: the GPU's run, and on the CPU the test of the same phases.
#pragma once

#include "core/kernels/kernel.h"
#include "ops/nms/nms_blocks.h"
#include "ops/nms/nms_kernels.h"
#include "ops/ranking/keyed_indices.h"

namespace denovo::ops::nms_blocks {

/// Nothing kept yet.
struct ClearOutput {
  int64_t images;
  int32_t *keep, *counts;
  DENOVO_HD void operator()(int64_t i) const {
    keep[i] = -1;
    if (i < images) counts[i] = 0;
  }
};

template <class T>
struct MakeKeys {
  const T *boxes, *scores;
  const int32_t* groups;
  int64_t num_boxes;
  Rank<T>* keys;
  uint32_t* indices;

  DENOVO_HD void operator()(int64_t i) const {
    keys[i] = group_key(static_cast<uint32_t>(i / num_boxes), scores[i],
                        is_candidate(boxes + 4 * i, scores[i], groups[i]));
    indices[i] = static_cast<uint32_t>(i % num_boxes);
  }
};

/// Boxes in the order of their ranks. The last candidate of an image tells how many there are.
template <class T>
struct RankBoxes {
  const T* boxes;
  const int32_t* groups;
  int64_t num_boxes;
  const Rank<T>* keys;
  const uint32_t* order;
  RankedBox<T>* ranked;
  int32_t* candidates;

  DENOVO_HD void operator()(int64_t i) const {
    const int64_t n = i / num_boxes, rank = i % num_boxes, box = n * num_boxes + order[i];
    const bool is_candidate = is_candidate_key<T>(keys[i]);
    ranked[i] =
        is_candidate ? RankedBox<T>{nms_box(boxes + 4 * box), groups[box]} : RankedBox<T>{{}, -1};
    const bool is_last = rank + 1 == num_boxes || !is_candidate_key<T>(keys[i + 1]);
    if (is_candidate && is_last) candidates[n] = static_cast<int32_t>(rank + 1);
    if (!is_candidate && rank == 0) candidates[n] = 0;
  }
};

/// sort(items) as declared in ops/ranking/sort_indices.h.
template <class T, class Sort>
void suppress(Context& ctx, const NmsForward& args, const Sort& sort) {
  const Device device = args.boxes.device();
  const int64_t images = args.boxes.size(0), num_boxes = args.boxes.size(1);
  const T *boxes = args.boxes.data<T>(), *scores = args.scores.data<T>();
  const int32_t* groups = args.groups.data<int32_t>();
  KeyedIndices<Rank<T>> items(images * num_boxes, kScoreKeyBits<T> + bits_below(images), device);
  parallel_for(ctx, items.count,
               MakeKeys<T>{boxes, scores, groups, num_boxes, items.keys, items.indices});
  sort(items);
  const NmsCut cut(num_boxes, args.keep.size(1));
  const auto ranked_boxes = [&](int64_t count) {
    return Tensor::empty({count * static_cast<int64_t>(sizeof(RankedBox<T>))}, DType::kU8, device);
  };
  const Tensor ranked = ranked_boxes(items.count), kept = ranked_boxes(images * cut.kept_rows),
               candidates = Tensor::empty({images}, DType::kI32, device),
               bits = Tensor::empty({images, cut.words, cut.rows}, DType::kI64, device);
  NmsChunk<T> chunk{cut,
                    0,
                    reinterpret_cast<const RankedBox<T>*>(ranked.raw()),
                    candidates.data<int32_t>(),
                    reinterpret_cast<RankedBox<T>*>(kept.raw()),
                    reinterpret_cast<uint64_t*>(bits.raw()),
                    args.counts.data<int32_t>()};
  parallel_for(
      ctx, items.count,
      RankBoxes<T>{boxes, groups, num_boxes, items.keys, items.indices,
                   reinterpret_cast<RankedBox<T>*>(ranked.raw()), candidates.data<int32_t>()});
  for (; chunk.first < num_boxes; chunk.first += cut.chunk) {
    const SuppressionTiles<T> tiles(chunk, threshold_in<T>(args.iou_threshold));
    parallel_phases(ctx, tiles.blocks(images), tiles);
    parallel_phases(ctx, images, WalkChunk<T>(chunk, items.indices, args.keep.data<int32_t>()));
  }
}

template <class Sort>
void run(Context& ctx, const NmsForward& args, const Sort& sort) {
  const int64_t images = args.boxes.size(0);
  parallel_for(ctx, args.keep.numel(),
               ClearOutput{images, args.keep.data<int32_t>(), args.counts.data<int32_t>()});
  if (images * args.boxes.size(1) == 0) return;
  dispatch_f32_f64(args.boxes.dtype(), [&]<class T>() { suppress<T>(ctx, args, sort); });
}

}  // namespace denovo::ops::nms_blocks
