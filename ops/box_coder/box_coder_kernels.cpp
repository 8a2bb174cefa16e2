#include "ops/box_coder/box_coder_kernels.h"

#include <cmath>

#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

constexpr int64_t kRowCost = 32;  // a row costs two exp or log and some divisions

// Libraries differ in the last bit of a float's exp and log; rounding the double result hides that.
template <class T>
DENOVO_HD T rounded_exp(T x) {
  return static_cast<T>(std::exp(static_cast<double>(x)));
}
template <class T>
DENOVO_HD T rounded_log(T x) {
  return static_cast<T>(std::log(static_cast<double>(x)));
}

template <class T>
struct Weights {
  T x, y, w, h;
  explicit Weights(const BoxWeights& weights)
      : x(static_cast<T>(weights.x)),
        y(static_cast<T>(weights.y)),
        w(static_cast<T>(weights.w)),
        h(static_cast<T>(weights.h)) {}
};

template <class T>
DENOVO_HD void encode(const T* box, const T* gt, const Weights<T>& weights, T* delta) {
  const T width = box[2] - box[0], height = box[3] - box[1];
  const T center_x = box[0] + T(0.5) * width, center_y = box[1] + T(0.5) * height;
  const T gt_width = gt[2] - gt[0], gt_height = gt[3] - gt[1];
  const T gt_center_x = gt[0] + T(0.5) * gt_width, gt_center_y = gt[1] + T(0.5) * gt_height;
  delta[0] = weights.x * (gt_center_x - center_x) / width;
  delta[1] = weights.y * (gt_center_y - center_y) / height;
  delta[2] = weights.w * rounded_log(gt_width / width);
  delta[3] = weights.h * rounded_log(gt_height / height);
}

template <class T>
DENOVO_HD void no_target(T* delta) {
  for (int i = 0; i < 4; ++i) delta[i] = 0;
}

template <class T>
struct Encode {
  const T *boxes, *gt_boxes;
  Weights<T> weights;
  T* deltas;
  DENOVO_HD void operator()(int64_t r) const {
    encode(boxes + 4 * r, gt_boxes + 4 * r, weights, deltas + 4 * r);
  }
};

template <class T>
struct EncodeToMatch {
  const T *boxes, *gt_boxes;
  const int32_t *matched, *labels;
  Weights<T> weights;
  T* deltas;
  int64_t num_boxes, num_gt;
  bool shared_boxes;  // one set of boxes for all images
  DENOVO_HD void operator()(int64_t i) const {
    const int32_t gt = matched[i];
    if (labels[i] != 1 || gt < 0) return no_target(deltas + 4 * i);
    const int64_t image = i / num_boxes;
    const T* box = boxes + 4 * (shared_boxes ? i - image * num_boxes : i);
    encode(box, gt_boxes + 4 * (image * num_gt + gt), weights, deltas + 4 * i);
  }
};

template <class T>
struct EncodeRoi {
  const T *boxes, *gt_boxes;
  const int32_t *images, *matched;
  Weights<T> weights;
  T* deltas;
  int64_t num_gt;
  DENOVO_HD void operator()(int64_t r) const {
    if (images[r] < 0 || matched[r] < 0) return no_target(deltas + 4 * r);
    const T* gt = gt_boxes + 4 * (images[r] * num_gt + matched[r]);
    encode(boxes + 4 * r, gt, weights, deltas + 4 * r);
  }
};

template <class T>
struct Decode {
  const T *boxes, *deltas;
  Weights<T> weights;
  T* decoded;
  int64_t num_deltas;  // per box
  DENOVO_HD void operator()(int64_t i) const {
    const T *box = boxes + 4 * (i / num_deltas), *delta = deltas + 4 * i;
    const T width = box[2] - box[0], height = box[3] - box[1];
    const T center_x = box[0] + T(0.5) * width, center_y = box[1] + T(0.5) * height;
    const T limit = static_cast<T>(kMaxLogScale);
    T dw = delta[2] / weights.w, dh = delta[3] / weights.h;
    dw = dw > limit ? limit : dw;  // this order keeps NaN
    dh = dh > limit ? limit : dh;
    const T new_x = delta[0] / weights.x * width + center_x;
    const T new_y = delta[1] / weights.y * height + center_y;
    const T half_width = T(0.5) * (rounded_exp(dw) * width);
    const T half_height = T(0.5) * (rounded_exp(dh) * height);
    T* out = decoded + 4 * i;
    out[0] = new_x - half_width;
    out[1] = new_y - half_height;
    out[2] = new_x + half_width;
    out[3] = new_y + half_height;
  }
};

template <class T>
struct Clip {
  const T* boxes;
  const int32_t* image_sizes;
  T* clipped;
  int64_t num_boxes;
  DENOVO_HD void operator()(int64_t i) const {
    const int32_t* size = image_sizes + 2 * (i / num_boxes);
    for (int k = 0; k < 4; ++k) {
      const T value = boxes[4 * i + k], limit = static_cast<T>(size[k % 2 == 0 ? 1 : 0]);
      clipped[4 * i + k] = value < 0 ? T(0) : value > limit ? limit : value;  // keeps NaN
    }
  }
};

}  // namespace

void run(Context& ctx, const EncodeBoxes& args) {
  dispatch_f32_f64(args.boxes.dtype(), [&]<class T>() {
    const Encode<T> encode{args.boxes.data<T>(), args.gt_boxes.data<T>(), Weights<T>(args.weights),
                           args.deltas.data<T>()};
    parallel_for(ctx, args.boxes.size(0), encode, kRowCost);
  });
}

void run(Context& ctx, const EncodeMatched& args) {
  dispatch_f32_f64(args.boxes.dtype(), [&]<class T>() {
    const EncodeToMatch<T> encode{
        args.boxes.data<T>(),        args.gt_boxes.data<T>(),  args.matched.data<int32_t>(),
        args.labels.data<int32_t>(), Weights<T>(args.weights), args.deltas.data<T>(),
        args.matched.size(1),        args.gt_boxes.size(1),    args.boxes.rank() == 2};
    parallel_for(ctx, args.matched.numel(), encode);
  });
}

void run(Context& ctx, const EncodeRois& args) {
  dispatch_f32_f64(args.boxes.dtype(), [&]<class T>() {
    const EncodeRoi<T> encode{args.boxes.data<T>(),        args.gt_boxes.data<T>(),
                              args.images.data<int32_t>(), args.matched.data<int32_t>(),
                              Weights<T>(args.weights),    args.deltas.data<T>(),
                              args.gt_boxes.size(1)};
    parallel_for(ctx, args.boxes.size(0), encode, kRowCost);
  });
}

void run(Context& ctx, const DecodeBoxes& args) {
  dispatch_f32_f64(args.boxes.dtype(), [&]<class T>() {
    const int64_t num_deltas = args.decoded.size(1);
    const Decode<T> decode{args.boxes.data<T>(), args.deltas.data<T>(), Weights<T>(args.weights),
                           args.decoded.data<T>(), num_deltas};
    parallel_for(ctx, args.boxes.size(0) * num_deltas, decode, kRowCost);
  });
}

void run(Context& ctx, const ClipBoxes& args) {
  dispatch_f32_f64(args.boxes.dtype(), [&]<class T>() {
    const Clip<T> clip{args.boxes.data<T>(), args.image_sizes.data<int32_t>(),
                       args.clipped.data<T>(), args.boxes.size(1)};
    parallel_for(ctx, args.boxes.size(0) * args.boxes.size(1), clip);
  });
}

}  // namespace denovo::ops
