#include "ops/mask_targets/mask_targets_kernels.h"

#include "core/kernels/kernel.h"
#include "core/raster/polygon_edge.h"
#include "ops/mask_targets/mask_targets_math.h"

namespace denovo::ops {
namespace {

// A column of an instance reads a few dozen vertices; a cell of a run-length mask more.
constexpr int64_t kColumnCost = 256;

template <class T>
struct PolygonMasks {
  const T* xy;
  const int32_t *polygon_starts, *instance_polygons;
  int64_t num_vertices, num_polygons;

  /// False when the instance has no polygon.
  DENOVO_HD bool column(int64_t image, int first, int last, const T* box, int x, int size,
                        uint64_t* bits) const {
    if (first >= last) return false;
    // The extent in T and the rest in double, as the reference has f32 boxes and f64 polygons.
    const double width = box[2] - box[0], height = box[3] - box[1];
    const double scale_x = size / (width > 0.1 ? width : 0.1);
    const double scale_y = size / (height > 0.1 ? height : 0.1);
    const int32_t* starts = polygon_starts + image * (num_polygons + 1);
    for (int p = first; p < last; ++p) {
      const T* vertices = xy + 2 * (image * num_vertices + starts[p]);
      const ScaledPolygon<T> polygon{vertices, starts[p + 1] - starts[p], box[0], box[1], scale_x,
                                     scale_y};
      *bits |= polygon_column(polygon, x, size);
    }
    return true;
  }
};

struct RunMasks {
  const int32_t *run_ends, *instance_runs;
  const float* transforms;
  const int32_t* original_sizes;
  int64_t num_runs;

  template <class T>
  DENOVO_HD uint64_t column(int64_t image, int first, int last, const T* box, int x,
                            int size) const {
    const float* transform = transforms + 5 * image;
    const RunMask mask{run_ends + image * num_runs + first, last - first, original_sizes[2 * image],
                       original_sizes[2 * image + 1],       transform[0], transform[1]};
    const double width = box[2] - box[0], height = box[3] - box[1];
    const double direction = transform[2] != 0 ? -1 : 1;
    const RunTarget target{mask, transform[3] + direction * box[0], transform[4] + box[1],
                           direction * width / size, height / size};
    return target.column_bits(x, size);
  }
};

/// One column of one RoI's target.
template <class T>
struct Forward {
  const T* boxes;
  const int32_t *images, *gt;
  PolygonMasks<T> polygons;
  RunMasks runs;
  int64_t num_instances;
  int size;
  uint8_t* targets;

  DENOVO_HD uint64_t column_bits(int64_t r, int x) const {
    const int64_t image = images[r], instance = gt[r];
    if (image < 0 || instance < 0) return 0;
    const int64_t slot = image * (num_instances + 1) + instance;
    const T* box = boxes + 4 * r;
    uint64_t bits = 0;
    const int32_t* polygon = polygons.instance_polygons + slot;
    if (polygons.column(image, polygon[0], polygon[1], box, x, size, &bits)) return bits;
    if (runs.run_ends == nullptr) return 0;
    const int32_t* run = runs.instance_runs + slot;
    return run[0] < run[1] ? runs.column(image, run[0], run[1], box, x, size) : 0;
  }
  DENOVO_HD void operator()(int64_t i) const {
    const int64_t r = i / size;
    const int x = static_cast<int>(i % size);
    const uint64_t bits = column_bits(r, x);
    uint8_t* target = targets + r * size * size + x;
    for (int y = 0; y < size; ++y) target[y * size] = bits >> y & 1;
  }
};

}  // namespace

void run(Context& ctx, const MaskTargetsForward& args) {
  const InstanceMasks& masks = args.masks;
  RunMasks runs{};
  if (masks.run_ends.defined())
    runs = {masks.run_ends.data<int32_t>(), masks.instance_runs.data<int32_t>(),
            masks.transforms.data<float>(), masks.original_sizes.data<int32_t>(),
            masks.run_ends.size(1)};
  dispatch_f32_f64(args.boxes.dtype(), [&]<class T>() {
    const PolygonMasks<T> polygons{masks.polygon_xy.data<T>(), masks.polygon_starts.data<int32_t>(),
                                   masks.instance_polygons.data<int32_t>(),
                                   masks.polygon_xy.size(1), masks.polygon_starts.size(1) - 1};
    const int64_t size = args.targets.size(1), num_instances = masks.instance_polygons.size(1) - 1;
    const Forward<T> forward{args.boxes.data<T>(),
                             args.images.data<int32_t>(),
                             args.gt.data<int32_t>(),
                             polygons,
                             runs,
                             num_instances,
                             static_cast<int>(size),
                             args.targets.data<uint8_t>()};
    parallel_for(ctx, args.boxes.size(0) * size, forward, kColumnCost);
  });
}

}  // namespace denovo::ops
