#include "ops/keypoint_targets/keypoint_targets_kernels.h"

#include <cmath>

#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

template <class T>
struct Places {
  const T* boxes;
  const int32_t *images, *gt, *classes;
  const T* keypoints;
  int64_t num_instances, num_keypoints;
  int32_t size;
  int32_t *places, *with_place;

  /// Cell of a coordinate between two sides; -1: none.
  DENOVO_HD int32_t cell(T at, T low, T high) const {
    if (at == high) return size - 1;
    const T scaled = std::floor((at - low) * (static_cast<T>(size) / (high - low)));
    // Written as !(inside): every comparison with NaN is false.
    if (!(scaled >= 0 && scaled < static_cast<T>(size))) return -1;
    return static_cast<int32_t>(scaled);
  }

  DENOVO_HD int32_t place(const T* box, const T* keypoint) const {
    if (!(keypoint[2] > 0)) return -1;
    const int32_t x = cell(keypoint[0], box[0], box[2]), y = cell(keypoint[1], box[1], box[3]);
    return x < 0 || y < 0 ? -1 : y * size + x;
  }

  DENOVO_HD void operator()(int64_t r) const {
    int32_t* row = places + r * num_keypoints;
    bool any = false;
    const bool has_object = images[r] >= 0 && gt[r] >= 0;
    const int64_t instance = has_object ? images[r] * num_instances + gt[r] : 0;
    for (int64_t j = 0; j < num_keypoints; ++j) {
      row[j] =
          has_object ? place(boxes + 4 * r, keypoints + 3 * (instance * num_keypoints + j)) : -1;
      any |= row[j] >= 0;
    }
    with_place[r] = any ? classes[r] : -1;
  }
};

}  // namespace

void run(Context& ctx, const KeypointTargetsForward& args) {
  dispatch_f32_f64(args.boxes.dtype(), [&]<class T>() {
    const int64_t num_keypoints = args.keypoints.size(2);
    parallel_for(
        ctx, args.boxes.size(0),
        Places<T>{args.boxes.data<T>(), args.images.data<int32_t>(), args.gt.data<int32_t>(),
                  args.classes.data<int32_t>(), args.keypoints.data<T>(), args.keypoints.size(1),
                  num_keypoints, static_cast<int32_t>(args.size), args.places.data<int32_t>(),
                  args.with_place.data<int32_t>()},
        8 * num_keypoints);
  });
}

}  // namespace denovo::ops
