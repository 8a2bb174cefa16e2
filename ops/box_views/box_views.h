// Boxes of one image seen in several views: in other sizes, mirrored.
#pragma once

#include <span>

#include "core/tensor/tensor.h"

namespace denovo::ops {

/// How N images are seen.
struct View {
  Tensor sizes;           // i32 [N, 2]: valid height and width, positive
  bool mirrored = false;  // left and right have changed places
};

/// Boxes of a view in the pixels of another: y * (height' / height), and x alike, or
/// (width - x) * (width' / width) with x0 and x1 exchanged where one of the views is mirrored. In a
/// view of the same size, and as mirrored, boxes stay what they are to the last bit; NaN stays.
///
///   boxes    [N, B, 4]  f32 or f64, x0 y0 x1 y1
///   returns  [N, B, 4]
///
/// No gradient. Throws ShapeError on other shapes or dtypes, DeviceError when devices differ.
Tensor boxes_in_view(const Tensor& boxes, const View& from, const View& to);

/// Candidates of one view.
struct ViewCandidates {
  Tensor boxes;    // [N, C, 4], f32 or f64
  Tensor scores;   // [N, C], dtype of boxes
  Tensor classes;  // i32 [N, C]; -1: no candidate
  View view;
};

struct JoinedCandidates {
  Tensor boxes, scores, classes;
};

/// The candidates of all views, one view behind the other, their boxes in the pixels of `frame` by
/// boxes_in_view; of V views with C candidates [N, V C, ...], where views may have different C. No
/// gradient. Throws as boxes_in_view, and ShapeError for no views.
JoinedCandidates join_candidates(std::span<const ViewCandidates> views, const View& frame);

}  // namespace denovo::ops
