// Predictions of all pyramid levels in one list.
#pragma once

#include <vector>

#include "core/tensor/tensor.h"

namespace denovo::ops {

/// y[n, m, :] over the rows of level 0, then level 1, ...; within a level by y, x, anchor.
///
///   levels   [N, h_l, w_l, A * values] each, one floating dtype
///   values   numbers per anchor (1 objectness, 4 deltas)
///   returns  [N, M, values], M = sum of h_l * w_l * A
///
/// Backward splits the gradient. Saves nothing. Throws ShapeError when levels do not agree.
Tensor concat_levels(const std::vector<Tensor>& levels, int64_t values);

}  // namespace denovo::ops
