// top_k by sorting all segments of all rows at once: keys, one radix sort, and the first slots of
// each segment. Runs on the backend that core/kernels/kernel.h picks, with the sort that it is
// given: the GPU's run, and on the CPU the test of the same keys.
#pragma once

#include <algorithm>

#include "core/kernels/kernel.h"
#include "ops/ranking/keyed_indices.h"
#include "ops/ranking/score_order.h"
#include "ops/top_k/top_k_kernels.h"

namespace denovo::ops::top_k_sort {

/// Some neighbouring segments, as a kernel argument: pyramids have five levels.
struct SegmentList {
  static constexpr int kCapacity = 16;
  int count;
  int64_t number;  // of the first
  TopKSegment segments[kCapacity];

  const TopKSegment& last() const { return segments[count - 1]; }
  int64_t size() const { return last().begin + last().size - segments[0].begin; }
  int64_t slots() const { return last().slot + last().slots - segments[0].slot; }
};

/// The key of every score of some segments.
template <class T>
struct MakeKeys {
  const T* scores;
  int64_t length, num_segments;  // of a row
  SegmentList list;
  int64_t list_size;
  Rank<T>* keys;
  uint32_t* indices;

  DENOVO_HD void operator()(int64_t i) const {
    const int64_t row = i / list_size, index = list.segments[0].begin + i % list_size;
    int s = 0;
    while (index >= list.segments[s].begin + list.segments[s].size) ++s;
    const int64_t at = row * length + index;
    const T score = scores[at];
    keys[at] = group_key(static_cast<uint32_t>(row * num_segments + list.number + s), score,
                         is_finite(static_cast<Compute<T>>(score)));
    indices[at] = static_cast<uint32_t>(index);
  }
};

/// The slots of some segments: each has its scores in its own range, the best first.
template <class T>
struct TakeBest {
  const T* scores;
  const uint32_t* sorted;
  int64_t length, num_slots;  // of a row
  SegmentList list;
  int64_t list_slots;
  int32_t* indices;
  T* values;

  DENOVO_HD void operator()(int64_t i) const {
    const int64_t row = i / list_slots, slot = list.segments[0].slot + i % list_slots;
    int s = 0;
    while (slot >= list.segments[s].slot + list.segments[s].slots) ++s;
    const TopKSegment& segment = list.segments[s];
    const uint32_t index = sorted[row * length + segment.begin + (slot - segment.slot)];
    const T score = scores[row * length + index];
    const bool found = is_finite(static_cast<Compute<T>>(score));
    indices[row * num_slots + slot] = found ? static_cast<int32_t>(index) : -1;
    values[row * num_slots + slot] = found ? score : static_cast<T>(-INFINITY);
  }
};

/// sort(items) as declared in ops/ranking/sort_indices.h.
template <class Sort>
void run(Context& ctx, const TopKForward& args, const Sort& sort) {
  const int64_t rows = args.scores.size(0), length = args.scores.size(1),
                num_slots = args.indices.size(1), num_segments = std::ssize(args.segments);
  if (rows * num_slots == 0) return;
  const auto for_each_list = [&](const auto& f) {
    for (int64_t first = 0; first < num_segments; first += SegmentList::kCapacity) {
      SegmentList list{};
      list.number = first;
      list.count =
          static_cast<int>(std::min<int64_t>(SegmentList::kCapacity, num_segments - first));
      std::copy_n(args.segments.begin() + first, list.count, list.segments);
      f(list);
    }
  };
  dispatch_floating(args.scores.dtype(), [&]<class T>() {
    const T* scores = args.scores.data<T>();
    KeyedIndices<Rank<T>> items(rows * length, kScoreKeyBits<T> + bits_below(rows * num_segments),
                                args.scores.device());
    for_each_list([&](const SegmentList& list) {
      parallel_for(
          ctx, rows * list.size(),
          MakeKeys<T>{scores, length, num_segments, list, list.size(), items.keys, items.indices});
    });
    sort(items);
    for_each_list([&](const SegmentList& list) {
      parallel_for(ctx, rows * list.slots(),
                   TakeBest<T>{scores, items.indices, length, num_slots, list, list.slots(),
                               args.indices.data<int32_t>(), args.values.data<T>()});
    });
  });
}

}  // namespace denovo::ops::top_k_sort
