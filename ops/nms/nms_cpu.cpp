// Candidates are taken in chunks of the global order: inside a chunk each group goes its own way
// (in parallel), between chunks the kept boxes of all groups are counted. So the work ends soon
// after max_output boxes are found, whatever the number of candidates, and no matrix of overlaps
// is ever held.
#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <vector>

#include "core/kernels/parallel.h"
#include "ops/nms/nms_kernels.h"
#include "ops/nms/nms_math.h"
#include "ops/ranking/rank_sort.h"

namespace denovo::ops {
namespace {

constexpr int64_t kFirstChunk = 1024;     // a few blocks per group; later chunks double
constexpr int64_t kParallelChunk = 2048;  // candidates that are worth waking the other threads for
constexpr size_t kRowsPerLook = 32;       // kept boxes tested before asking whether any is left

template <class T>
struct Image {
  const T *boxes, *scores;
  const int32_t* groups;
  int64_t num_boxes;
  T threshold;
  int threads;
};

/// The candidates of one group inside one chunk: positions in the global order.
template <class T>
struct Segment {
  const uint64_t *begin, *end;
  std::vector<NmsBox<T>>* kept;  // of the group so far
};

template <class T>
bool is_candidate(const Image<T>& image, int64_t i) {
  return ops::is_candidate(image.boxes + 4 * i, image.scores[i], image.groups[i]);
}

/// Removes candidates that overlap boxes of earlier blocks.
template <class T>
void test_against(const std::vector<NmsBox<T>>& kept, NmsBlock<T>& block, int width, T threshold) {
  for (size_t k = 0; k < kept.size();) {
    const size_t stop = std::min(k + kRowsPerLook, kept.size());
    for (; k < stop; ++k) {
      const NmsBox<T> row = kept[k];
#pragma omp simd
      for (int t = 0; t < width; ++t) block.test(t, row, threshold);
    }
    const auto is_left = [](auto removed) { return removed == 0; };
    if (std::none_of(block.removed, block.removed + width, is_left)) return;
  }
}

template <class T>
void suppress_segment(const Image<T>& image, const std::vector<Rank<T>>& order,
                      const Segment<T>& segment, uint8_t* is_kept) {
  NmsBlock<T> block;
  for (const uint64_t* first = segment.begin; first != segment.end;) {
    const int size = static_cast<int>(std::min<int64_t>(NmsBlock<T>::kSize, segment.end - first));
    const int width = (size + 7) / 8 * 8;  // whole vectors
    for (int t = 0; t < size; ++t) {
      const int64_t box = index_of(order[index_of(first[t])]);
      block.load(t, nms_box(image.boxes + 4 * box), true);
    }
    for (int t = size; t < width; ++t) block.load(t, NmsBox<T>{}, false);
    test_against(*segment.kept, block, width, image.threshold);
    for (int i = 0; i < size; ++i) {
      if (block.removed[i]) continue;
      const NmsBox<T> row = block.candidate(i);
      segment.kept->push_back(row);
      is_kept[index_of(first[i])] = 1;
#pragma omp simd
      for (int t = i / 8 * 8; t < width; ++t) block.resolve(t, i, row, image.threshold);
    }
    first += size;
  }
}

template <class T>
using KeptOfGroups = std::unordered_map<int32_t, std::vector<NmsBox<T>>>;

/// Marks the boxes kept among candidates [begin, end) of the order.
template <class T>
void suppress_chunk(const Image<T>& image, const std::vector<Rank<T>>& order, int64_t begin,
                    int64_t end, KeptOfGroups<T>& kept, uint8_t* is_kept) {
  std::vector<uint64_t> by_group;
  for (int64_t i = begin; i < end; ++i) {
    const uint64_t group = static_cast<uint32_t>(image.groups[index_of(order[i])]);
    by_group.push_back(group << 32 | static_cast<uint64_t>(i));
  }
  sort_ranks(by_group);
  std::vector<Segment<T>> segments;
  for (const uint64_t *p = by_group.data(), *last = p + by_group.size(); p != last;) {
    const uint64_t group = *p >> 32;
    const uint64_t* stop = std::find_if(p, last, [&](uint64_t v) { return v >> 32 != group; });
    segments.push_back({p, stop, &kept[static_cast<int32_t>(group)]});
    p = stop;
  }
  const int threads = end - begin < kParallelChunk ? 1 : image.threads;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads) if (threads > 1)
  for (size_t s = 0; s < segments.size(); ++s) suppress_segment(image, order, segments[s], is_kept);
}

template <class T>
int32_t suppress_image(const Image<T>& image, int32_t* keep, int64_t max_output) {
  std::vector<Rank<T>> order;
  for (int64_t i = 0; i < image.num_boxes; ++i)
    if (is_candidate(image, i)) order.push_back(rank_of(image.scores[i], static_cast<uint32_t>(i)));
  sort_ranks(order);
  KeptOfGroups<T> kept;
  std::vector<uint8_t> is_kept(order.size(), 0);
  const int64_t candidates = std::ssize(order);
  int64_t count = 0, begin = 0;
  for (int64_t chunk = std::max(kFirstChunk, 2 * max_output);
       begin < candidates && count < max_output; chunk *= 2) {
    const int64_t end = std::min(begin + chunk, candidates);
    suppress_chunk(image, order, begin, end, kept, is_kept.data());
    for (; begin < end && count < max_output; ++begin)
      if (is_kept[begin]) keep[count++] = static_cast<int32_t>(index_of(order[begin]));
  }
  std::fill(keep + count, keep + max_output, -1);
  return static_cast<int32_t>(count);
}

}  // namespace

void run(CpuContext& ctx, const NmsForward& args) {
  const int64_t images = args.boxes.size(0), num_boxes = args.boxes.size(1);
  const int64_t max_output = args.keep.size(1);
  // One level of threads: images when there are enough of them, else the groups of an image.
  const int image_threads = images >= ctx.num_threads() ? ctx.num_threads() : 1;
  const int group_threads = image_threads > 1 ? 1 : ctx.num_threads();
  dispatch_f32_f64(args.boxes.dtype(), [&]<class T>() {
    const T threshold = threshold_in<T>(args.iou_threshold);
    const T *boxes = args.boxes.data<T>(), *scores = args.scores.data<T>();
    const int32_t* groups = args.groups.data<int32_t>();
    int32_t *keep = args.keep.data<int32_t>(), *counts = args.counts.data<int32_t>();
#pragma omp parallel for schedule(dynamic, 1) num_threads(image_threads) if (image_threads > 1)
    for (int64_t n = 0; n < images; ++n) {
      const Image<T> image{boxes + 4 * n * num_boxes,
                           scores + n * num_boxes,
                           groups + n * num_boxes,
                           num_boxes,
                           threshold,
                           group_threads};
      counts[n] = suppress_image(image, keep + n * max_output, max_output);
    }
  });
}

}  // namespace denovo::ops
