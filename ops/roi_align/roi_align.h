// RoIAlign over a feature pyramid (He et al., Mask R-CNN, section 3; Lin et al., FPN, equation 1).
#pragma once

#include <span>

#include "core/tensor/tensor.h"

namespace denovo::ops {

/// Most pyramid levels in one call.
inline constexpr int kMaxRoiLevels = 8;

struct RoiAlignOptions {
  int output_size = 7;     // S: bins per side
  int sampling_ratio = 0;  // samples per bin and axis; 0: ceil(RoI size in cells / S)
  /// true: pixel centres at +0.5, as detectron2's ROIAlignV2. false: the older form, half a cell
  /// off, where a RoI is at least one cell wide, as in torchvision's models.
  bool aligned = true;
  // A RoI of sqrt(area) = canonical_size pixels reads the level of stride 2^canonical_level.
  double canonical_size = 224;
  int canonical_level = 4;
};

/// Each RoI reads one level, cut off to those given:
///
///   level = floor(canonical_level + log2(sqrt(area) / canonical_size + 1e-8))
///
/// Its S x S bins are the means of bilinear samples on a regular grid. Samples more than one cell
/// outside the map count as zeros, nearer ones are moved to its border.
///
///   features  [N, h_l, w_l, C] per level, floating point, one dtype
///   strides   per level, pixels per cell; with several levels 2^k, 2^(k+1), ...
///   boxes     [R, 4]        f32 or f64, in pixels; constant: never receives a gradient
///   images    [R]           i32 in 0 .. N-1; negative = empty slot: zeros, and no gradient
///   returns   [R, S, S, C]  dtype of features; zeros for boxes that are not finite, and for boxes
///                           of negative size when aligned
///
/// Backward adds every sample's weight times grad_y to its four cells. It is an ordered gather:
/// each cell adds up its RoIs in index order, so the result is the same bits on every run and any
/// number of threads. Saves boxes and images.
///
/// Samples, weights and level are those of torchvision::roi_align and detectron2's ROIPooler; the
/// weights of a bin are summed per axis before features are read, which changes the rounding only.
/// A bin has at most kMaxRoiSamples samples per axis.
///
/// Throws ShapeError on other shapes, dtypes or strides, DeviceError when devices differ.
Tensor roi_align(std::span<const Tensor> features, std::span<const double> strides,
                 const Tensor& boxes, const Tensor& images, const RoiAlignOptions& options);

}  // namespace denovo::ops
