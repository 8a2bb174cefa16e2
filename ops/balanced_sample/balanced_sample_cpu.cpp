// Selection by histogram: keys are uniform, so counting them by their upper bits finds the bin that
// holds the k-th smallest, and only the few candidates of that bin are ordered.
#include <algorithm>
#include <vector>

#include "core/kernels/parallel.h"
#include "ops/balanced_sample/balanced_sample_kernels.h"
#include "ops/balanced_sample/sample_math.h"

namespace denovo::ops {
namespace {

constexpr int kBinBits = 11;  // 2048 bins: 16 KiB of counters, and about M / 2048 ties to order

/// Everything about one image.
struct ImageSample {
  const int32_t* labels;
  int64_t num_boxes;
  RandomStream stream;
  std::vector<uint32_t> keys = {};  // drawn when there are more candidates than places

  void draw_keys() {
    if (!keys.empty()) return;
    keys.resize(static_cast<size_t>(num_boxes));
    const RandomStream local = stream;
    uint32_t* out = keys.data();
    for (int64_t m = 0; m < num_boxes; ++m) out[m] = local.bits(static_cast<uint32_t>(m));
  }

  /// The k-th smallest ranked key (k >= 1) among more than k boxes of this label.
  uint64_t threshold(int32_t label, int64_t k) {
    draw_keys();
    std::vector<int64_t> bins(size_t{1} << kBinBits, 0);
    for (int64_t m = 0; m < num_boxes; ++m) {
      bins[keys[static_cast<size_t>(m)] >> (32 - kBinBits)] += labels[m] == label;
    }
    uint32_t bin = 0;
    while (k > bins[bin]) k -= bins[bin++];
    std::vector<uint64_t> ties;
    for (int64_t m = 0; m < num_boxes; ++m) {
      const uint32_t key = keys[static_cast<size_t>(m)];
      if (labels[m] == label && key >> (32 - kBinBits) == bin) ties.push_back(ranked(key, m));
    }
    std::nth_element(ties.begin(), ties.begin() + (k - 1), ties.end());
    return ties[static_cast<size_t>(k - 1)];
  }

  /// Writes the chosen indices of one label in ascending order and returns their number.
  int64_t choose(int32_t label, int64_t places, int32_t* indices) {
    const int64_t candidates = std::count(labels, labels + num_boxes, label);
    const int64_t chosen = std::min(candidates, places);
    if (chosen == 0) return 0;
    const bool all = chosen == candidates;
    const uint64_t last = all ? 0 : threshold(label, chosen);
    for (int64_t m = 0; m < num_boxes; ++m) {
      if (labels[m] != label) continue;
      if (all || ranked(keys[static_cast<size_t>(m)], m) <= last) {
        *indices++ = static_cast<int32_t>(m);
      }
    }
    return chosen;
  }
};

struct Sample {
  const int32_t* labels;
  const int64_t* image_ids;
  int64_t num_boxes, num, max_positives;
  RandomStream stream;  // of no image yet
  int32_t *indices, *counts;

  void operator()(int64_t image) const {
    ImageSample sample{labels + image * num_boxes, num_boxes, stream};
    sample.stream.item = fold_id(image_ids[image]);
    int32_t* row = indices + image * num;
    const int64_t positives = sample.choose(1, max_positives, row);
    const int64_t negatives = sample.choose(0, num - positives, row + positives);
    std::fill(row + positives + negatives, row + num, -1);
    counts[2 * image] = static_cast<int32_t>(positives);
    counts[2 * image + 1] = static_cast<int32_t>(negatives);
  }
};

}  // namespace

void run(CpuContext& ctx, const SampleBalanced& args) {
  const RandomStream stream{.seed = args.options.seed,
                            .purpose = args.options.purpose,
                            .iteration = static_cast<uint32_t>(args.step->iteration)};
  parallel_blocks(ctx, args.labels.size(0),
                  Sample{args.labels.data<int32_t>(), args.image_ids.data<int64_t>(),
                         args.labels.size(1), args.options.num, args.max_positives, stream,
                         args.sample.indices.data<int32_t>(), args.sample.counts.data<int32_t>()});
}

}  // namespace denovo::ops
