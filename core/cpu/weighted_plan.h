// What convolution and the linear layer share on the CPU: a planned oneDNN primitive that reads or
// writes a weight in a layout of its own choice, and the reorders between that and ours.
#pragma once

#include "core/cpu/onednn.h"

namespace denovo {

/// Made once for each problem, run often. Execution throws dnnl::error.
class WeightedPlan {
 public:
  /// x, y, weight, bias (empty: none): our plain layouts; chosen: the primitive's own layout of the
  /// weight, or of its gradient.
  WeightedPlan(const dnnl::primitive& primitive, const dnnl::memory::desc& scratchpad,
               const dnnl::memory::desc& chosen, const dnnl::memory::desc& x,
               const dnnl::memory::desc& y, const dnnl::memory::desc& weight,
               const dnnl::memory::desc& bias = {});

  void forward(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& y) const;
  void backward_data(const Tensor& grad_y, const Tensor& weight, const Tensor& grad_x) const;
  /// grad_weight := beta * grad_weight + gradient, beta 0 or 1.
  void backward_weight(const Tensor& x, const Tensor& grad_y, const Tensor& grad_weight,
                       double beta) const;

 private:
  /// The weight as the primitive wants it: the tensor itself, or a copy in `keep`.
  dnnl::memory wanted(const Tensor& weight, Tensor& keep) const;
  Tensor empty_weight() const;

  dnnl::primitive primitive_;
  dnnl::memory::desc x_, y_, weight_, bias_, chosen_, scratchpad_;
  dnnl::reorder to_chosen_, from_chosen_, add_chosen_;  // the last adds to what is there
};

}  // namespace denovo
