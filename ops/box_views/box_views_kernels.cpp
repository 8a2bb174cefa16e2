#include "ops/box_views/box_views_kernels.h"

#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

template <class T>
struct MapBox {
  const T* boxes;
  const int32_t *from_sizes, *to_sizes;  // height and width of each image
  T* list;
  int64_t num_boxes, list_size, first;
  bool mirror;

  DENOVO_HD void operator()(int64_t i) const {
    const int64_t n = i / num_boxes;
    const int32_t *from = from_sizes + 2 * n, *to = to_sizes + 2 * n;
    const T height = static_cast<T>(from[0]), width = static_cast<T>(from[1]);
    const T scale_y = static_cast<T>(to[0]) / height, scale_x = static_cast<T>(to[1]) / width;
    const T* box = boxes + 4 * i;
    T* out = list + 4 * (n * list_size + first + i - n * num_boxes);
    const T left = mirror ? width - box[2] : box[0], right = mirror ? width - box[0] : box[2];
    out[0] = left * scale_x;
    out[1] = box[1] * scale_y;
    out[2] = right * scale_x;
    out[3] = box[3] * scale_y;
  }
};

template <class T>
struct Place {
  const T* values;
  T* list;
  int64_t count, list_size, first;

  DENOVO_HD void operator()(int64_t i) const {
    const int64_t n = i / count;
    list[n * list_size + first + i - n * count] = values[i];
  }
};

template <class T>
void place(Context& ctx, const PlaceInList& args) {
  parallel_for(ctx, args.values.numel(),
               Place<T>{args.values.data<T>(), args.list.data<T>(), args.values.size(1),
                        args.list.size(1), args.first});
}

}  // namespace

void run(Context& ctx, const BoxesInView& args) {
  dispatch_f32_f64(args.boxes.dtype(), [&]<class T>() {
    parallel_for(ctx, args.boxes.numel() / 4,
                 MapBox<T>{args.boxes.data<T>(), args.from_sizes.data<int32_t>(),
                           args.to_sizes.data<int32_t>(), args.list.data<T>(), args.boxes.size(1),
                           args.list.size(1), args.first, args.mirror});
  });
}

void run(Context& ctx, const PlaceInList& args) {
  if (args.values.dtype() == DType::kI32) return place<int32_t>(ctx, args);
  dispatch_f32_f64(args.values.dtype(), [&]<class T>() { place<T>(ctx, args); });
}

}  // namespace denovo::ops
