// Arithmetic of boxes [.., 4] (x0, y0, x1, y1) as nodes: the expressions of ops/box_coder and
// ops/nms, in their order.
#pragma once

#include "detection/export/onnx_graph.h"
#include "ops/box_coder/box_coder.h"

namespace denovo::detection {

/// Parts [begin, end) of the last axis.
OnnxValue last_axis(const OnnxValue& x, int64_t begin, int64_t end);

/// Boxes moved by deltas [.., 4]; boxes and deltas broadcast.
OnnxValue export_decode_boxes(const OnnxValue& boxes, const OnnxValue& deltas,
                              const ops::BoxWeights& weights);

/// size: f32 [2], height and width.
OnnxValue export_clip_boxes(const OnnxValue& boxes, const OnnxValue& size);

/// Width and height, f32 [.., 2].
OnnxValue box_sides(const OnnxValue& boxes);

/// Greedy suppression in each of G groups.
///   boxes [G, B, 4], scores [G, B]; those that do not exceed lowest_score are no candidates
///   returns i64 [n, 2]: group and index of what is kept, at most max_output of a group
OnnxValue export_nms(const OnnxValue& boxes, const OnnxValue& scores, double iou_threshold,
                     float lowest_score, int64_t max_output);

/// The k largest of scores [n], descending, and their indices; equal ones: lower index first. k
/// beyond n is n.
std::vector<OnnxValue> export_best(const OnnxValue& scores, int64_t k);

/// Rows of x.
OnnxValue export_gather(const OnnxValue& x, const OnnxValue& rows);
/// The rows of all.
OnnxValue export_join(const std::vector<OnnxValue>& parts);

}  // namespace denovo::detection
