// RoIs placed on the pyramid, once for all threads that read them.
#pragma once

#include "core/kernels/kernel.h"
#include "ops/roi_align/roi_align_math.h"

namespace denovo::ops {

/// A RoI and the cells that it may touch: rows [y0, y1), columns [x0, x1) of its level.
template <class B>
struct LocatedRoi {
  Roi<B> roi;
  int y0, y1, x0, x1;
};

template <class B>
struct LocateRois {
  const B* boxes;
  const int32_t* images;
  RoiLevels<B> levels;
  RoiAlignOptions options;
  LocatedRoi<B>* located;

  /// A sample reads the cells within one of it; samples lie within the axis.
  DENOVO_HD static void touched(const RoiAxis<B>& axis, int bins, int size, int& first, int& end) {
    const B last = static_cast<B>(size), low = axis.start - 1,
            high = axis.start + static_cast<B>(bins) * axis.bin + 2;
    first = low > 0 ? static_cast<int>(low < last ? low : last) : 0;
    end = high < last ? static_cast<int>(high > 0 ? high : B(0)) : size;
  }
  DENOVO_HD void operator()(int64_t r) const {
    LocatedRoi<B> out{};
    out.roi = locate_roi(boxes + 4 * r, images[r], levels, options);
    if (out.roi.active) {
      touched(out.roi.y, options.output_size, levels.height[out.roi.level], out.y0, out.y1);
      touched(out.roi.x, options.output_size, levels.width[out.roi.level], out.x0, out.x1);
    }
    located[r] = out;
  }
};

}  // namespace denovo::ops
