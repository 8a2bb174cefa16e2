#include "ops/anchors/anchors_kernels.h"

#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

/// Cell anchors travel by value, as a kernel argument. The sum of two rounded numbers is what
/// detectron2 and torchvision compute, so that f32 anchors equal theirs to the bit.
template <class T>
struct Grid {
  T cells[kMaxAnchorsPerCell][4];
  int64_t anchors_per_cell, width;
  T stride_y, stride_x, offset;
  T* anchors;
  DENOVO_HD void operator()(int64_t i) const {
    const int64_t cell = i / anchors_per_cell, y = cell / width, x = cell - y * width;
    const T* shape = cells[i - cell * anchors_per_cell];
    const T center_x = static_cast<T>(x) * stride_x + offset * stride_x;
    const T center_y = static_cast<T>(y) * stride_y + offset * stride_y;
    T* out = anchors + 4 * i;
    out[0] = center_x + shape[0];
    out[1] = center_y + shape[1];
    out[2] = center_x + shape[2];
    out[3] = center_y + shape[3];
  }
};

}  // namespace

void run(Context& ctx, const GridAnchors& args) {
  dispatch_f32_f64(args.anchors.dtype(), [&]<class T>() {
    Grid<T> grid{};
    for (size_t a = 0; a < args.cells.size(); ++a) {
      for (size_t k = 0; k < 4; ++k) grid.cells[a][k] = static_cast<T>(args.cells[a][k]);
    }
    grid.anchors_per_cell = static_cast<int64_t>(args.cells.size());
    grid.width = args.level.width;
    grid.stride_y = static_cast<T>(args.level.stride_y);
    grid.stride_x = static_cast<T>(args.level.stride_x);
    grid.offset = static_cast<T>(args.offset);
    grid.anchors = args.anchors.data<T>();
    parallel_for(ctx, args.anchors.size(0), grid, /*cost=*/4);
  });
}

}  // namespace denovo::ops
