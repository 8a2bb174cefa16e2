// The highest IoU of a ground truth is compared for equality with an IoU that another pass computes
// again, so both passes call the same plain expression, which has no fused operations.
#include "ops/match_boxes/match_boxes_kernels.h"

#include <algorithm>

#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

// Boxes that one call works on: wide enough to be a loop over vectors on the CPU.
#ifdef __CUDACC__
constexpr int kTile = 1;
#else
constexpr int kTile = 32;
#endif

/// The boxes of all images and which of them are there.
template <class T>
struct BoxSlots {
  const T* boxes;
  int64_t num_boxes;
  bool shared;            // one set of boxes for all images
  const int32_t* counts;  // [N] or null
  const int32_t* slots;   // [N, M] or null

  BoxSlots(const Tensor& boxes_tensor, const Tensor& valid)
      : boxes(boxes_tensor.data<T>()),
        num_boxes(boxes_tensor.size(-2)),
        shared(boxes_tensor.rank() == 2),
        counts(valid.defined() && valid.rank() == 1 ? valid.data<int32_t>() : nullptr),
        slots(valid.defined() && valid.rank() == 2 ? valid.data<int32_t>() : nullptr) {}

  DENOVO_HD const T* box(int64_t image, int64_t m) const {
    return boxes + 4 * ((shared ? 0 : image * num_boxes) + m);
  }
  DENOVO_HD bool is_there(int64_t image, int64_t m) const {
    if (counts) return m < counts[image];
    return !slots || slots[image * num_boxes + m] >= 0;
  }
};

/// kTile boxes by coordinate; slots beyond the last box are not there.
template <class T>
struct BoxTile {
  T x0[kTile], y0[kTile], x1[kTile], y1[kTile], area[kTile];
  bool is_there[kTile];

  DENOVO_HD BoxTile(const BoxSlots<T>& slots, int64_t image, int64_t begin) {
    for (int k = 0; k < kTile; ++k) {
      const int64_t m = begin + k < slots.num_boxes ? begin + k : slots.num_boxes - 1;
      const T* box = slots.box(image, m);
      x0[k] = box[0], y0[k] = box[1], x1[k] = box[2], y1[k] = box[3];
      area[k] = (x1[k] - x0[k]) * (y1[k] - y0[k]);
      is_there[k] = m == begin + k && slots.is_there(image, m);
    }
  }
  /// Intersection over union with gt; 0 for boxes that do not overlap, are empty or NaN.
  DENOVO_HD T iou(int k, const T* gt, T gt_area) const {
    const T left = x0[k] > gt[0] ? x0[k] : gt[0], top = y0[k] > gt[1] ? y0[k] : gt[1];
    const T right = x1[k] < gt[2] ? x1[k] : gt[2], bottom = y1[k] < gt[3] ? y1[k] : gt[3];
    T width = right - left, height = bottom - top;
    width = width > 0 ? width : T(0);
    height = height > 0 ? height : T(0);
    const T intersection = width * height;
    const T quotient = intersection / (area[k] + gt_area - intersection);
    return quotient > 0 ? quotient : T(0);
  }
};

template <class T>
DENOVO_HD T area_of(const T* box) {
  return (box[2] - box[0]) * (box[3] - box[1]);
}

/// The highest of kTile values, which are overwritten.
template <class T>
DENOVO_HD T highest(T* values) {
  for (int width = kTile / 2; width > 0; width /= 2) {
    for (int k = 0; k < width; ++k) {
      values[k] = values[k + width] > values[k] ? values[k + width] : values[k];
    }
  }
  return values[0];
}

/// Thread (image, chunk).
template <class T>
struct BestOfChunk {
  BoxSlots<T> slots;
  const T* gt_boxes;
  const int32_t* gt_classes;
  int64_t num_chunks, num_gt;
  T* partial;

  DENOVO_HD void operator()(int64_t i) const {
    const int64_t image = i / num_chunks, begin = (i - image * num_chunks) * kMatchChunk;
    T* best = partial + i * num_gt;
    for (int64_t g = 0; g < num_gt; ++g) best[g] = -1;
    const int64_t end =
        begin + kMatchChunk < slots.num_boxes ? begin + kMatchChunk : slots.num_boxes;
    for (int64_t m = begin; m < end; m += kTile) {
      const BoxTile<T> tile(slots, image, m);
      for (int64_t g = 0; g < num_gt; ++g) {
        if (gt_classes[image * num_gt + g] < 0) continue;
        const T* gt = gt_boxes + 4 * (image * num_gt + g);
        const T gt_area = area_of(gt);
        T values[kTile];
        for (int k = 0; k < kTile; ++k) {
          const T value = tile.iou(k, gt, gt_area);
          values[k] = tile.is_there[k] ? value : T(-1);
        }
        const T value = highest(values);
        best[g] = value > best[g] ? value : best[g];
      }
    }
  }
};

/// The best of kMatchChunk chunks each: thread (image, run of chunks, g).
template <class T>
struct BestOfChunks {
  const T* chunks;  // [N, num_chunks, G]
  int64_t num_chunks, num_runs, num_gt;
  T* best_of_run;  // [N, num_runs, G]
  DENOVO_HD void operator()(int64_t i) const {
    const int64_t g = i % num_gt, run = i / num_gt % num_runs, image = i / num_gt / num_runs;
    const int64_t end = (run + 1) * kMatchChunk < num_chunks ? (run + 1) * kMatchChunk : num_chunks;
    T best = -1;
    for (int64_t chunk = run * kMatchChunk; chunk < end; ++chunk) {
      const T value = chunks[(image * num_chunks + chunk) * num_gt + g];
      best = value > best ? value : best;
    }
    best_of_run[i] = best;
  }
};

/// Thread (image, tile).
template <class T>
struct MatchTile {
  BoxSlots<T> slots;
  const T* gt_boxes;
  const int32_t* gt_classes;
  const T* gt_best;  // or null
  int64_t num_gt;
  T low, high;
  int32_t below, between, above;
  int32_t *matched, *labels;

  DENOVO_HD void operator()(int64_t i) const {
    const int64_t tiles = (slots.num_boxes + kTile - 1) / kTile, image = i / tiles;
    const int64_t begin = (i - image * tiles) * kTile;
    const BoxTile<T> tile(slots, image, begin);
    T best[kTile];
    int32_t best_gt[kTile], is_best_of_gt[kTile];
    for (int k = 0; k < kTile; ++k) best[k] = -1, best_gt[k] = -1, is_best_of_gt[k] = 0;
    for (int64_t g = 0; g < num_gt; ++g) {
      if (gt_classes[image * num_gt + g] < 0) continue;
      const T* gt = gt_boxes + 4 * (image * num_gt + g);
      const T gt_area = area_of(gt), wanted = gt_best ? gt_best[image * num_gt + g] : T(-1);
      for (int k = 0; k < kTile; ++k) {
        const T value = tile.iou(k, gt, gt_area);
        best_gt[k] = value > best[k] ? static_cast<int32_t>(g) : best_gt[k];
        best[k] = value > best[k] ? value : best[k];
        is_best_of_gt[k] |= value == wanted ? 1 : 0;
      }
    }
    for (int k = 0; k < kTile && begin + k < slots.num_boxes; ++k) {
      const int64_t out = image * slots.num_boxes + begin + k;
      const bool is_above = best[k] >= high || is_best_of_gt[k] != 0;
      const int32_t label = is_above ? above : best[k] >= low ? between : below;
      matched[out] = tile.is_there[k] ? best_gt[k] : -1;
      labels[out] = tile.is_there[k] ? label : -1;
    }
  }
};

}  // namespace

void run(Context& ctx, const BestOfGroundTruth& args) {
  dispatch_f32_f64(args.boxes.dtype(), [&]<class T>() {
    const int64_t images = args.partial.size(0), num_gt = args.partial.size(2);
    int64_t num_chunks = args.partial.size(1);
    parallel_for(
        ctx, images * num_chunks,
        BestOfChunk<T>{BoxSlots<T>(args.boxes, args.valid), args.gt_boxes.data<T>(),
                       args.gt_classes.data<int32_t>(), num_chunks, num_gt, args.partial.data<T>()},
        /*cost=*/kMatchChunk * num_gt);
    // In rounds: one thread a ground truth would walk through thousands of chunks.
    Tensor chunks = args.partial;
    for (bool last = false; !last;) {
      const int64_t num_runs = std::max<int64_t>(1, (num_chunks + kMatchChunk - 1) / kMatchChunk);
      last = num_runs == 1;
      const Tensor best =
          last ? args.gt_best
               : Tensor::empty({images, num_runs, num_gt}, chunks.dtype(), chunks.device());
      parallel_for(ctx, best.numel(),
                   BestOfChunks<T>{chunks.data<T>(), num_chunks, num_runs, num_gt, best.data<T>()},
                   /*cost=*/kMatchChunk);
      chunks = best;
      num_chunks = num_runs;
    }
  });
}

void run(Context& ctx, const MatchBoxes& args) {
  dispatch_f32_f64(args.boxes.dtype(), [&]<class T>() {
    const MatchOptions& options = args.options;
    const MatchTile<T> match{BoxSlots<T>(args.boxes, args.valid),
                             args.gt_boxes.data<T>(),
                             args.gt_classes.data<int32_t>(),
                             args.gt_best.defined() ? args.gt_best.data<T>() : nullptr,
                             args.gt_boxes.size(1),
                             static_cast<T>(options.low),
                             static_cast<T>(options.high),
                             options.below,
                             options.between,
                             options.above,
                             args.match.matched.data<int32_t>(),
                             args.match.labels.data<int32_t>()};
    const int64_t tiles = (args.boxes.size(-2) + kTile - 1) / kTile;
    parallel_for(ctx, args.gt_boxes.size(0) * tiles, match,
                 /*cost=*/kTile * (args.gt_boxes.size(1) + 1));
  });
}

}  // namespace denovo::ops
