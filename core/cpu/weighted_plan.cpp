#include "core/cpu/weighted_plan.h"

#include <unordered_map>

namespace denovo {
namespace {

dnnl::reorder make_reorder(const dnnl::memory::desc& from, const dnnl::memory::desc& to, bool add) {
  dnnl::primitive_attr attributes;
  if (add) {
    dnnl::post_ops sum;
    sum.append_sum(1.f);
    attributes.set_post_ops(sum);
  }
  auto& engine = onednn_engine();
  return dnnl::reorder(dnnl::reorder::primitive_desc(engine, from, engine, to, attributes));
}

}  // namespace

WeightedPlan::WeightedPlan(const dnnl::primitive& primitive, const dnnl::memory::desc& scratchpad,
                           const dnnl::memory::desc& chosen, const dnnl::memory::desc& x,
                           const dnnl::memory::desc& y, const dnnl::memory::desc& weight,
                           const dnnl::memory::desc& bias)
    : primitive_(primitive),
      x_(x),
      y_(y),
      weight_(weight),
      bias_(bias),
      chosen_(chosen),
      scratchpad_(scratchpad),
      to_chosen_(make_reorder(weight, chosen, false)),
      from_chosen_(make_reorder(chosen, weight, false)),
      add_chosen_(make_reorder(chosen, weight, true)) {}

Tensor WeightedPlan::empty_weight() const {
  return Tensor::empty({static_cast<int64_t>(chosen_.get_size())}, DType::kU8);
}

dnnl::memory WeightedPlan::wanted(const Tensor& weight, Tensor& keep) const {
  dnnl::memory plain = onednn_memory(weight_, weight);
  if (chosen_ == weight_) return plain;
  keep = empty_weight();
  dnnl::memory reordered = onednn_memory(chosen_, keep);
  dnnl::reorder(to_chosen_).execute(onednn_stream(), plain, reordered);
  return reordered;
}

void WeightedPlan::forward(const Tensor& x, const Tensor& weight, const Tensor& bias,
                           const Tensor& y) const {
  const OneDnnScratch scratch(scratchpad_);
  Tensor keep;
  std::unordered_map<int, dnnl::memory> arguments{{DNNL_ARG_SRC, onednn_memory(x_, x)},
                                                  {DNNL_ARG_WEIGHTS, wanted(weight, keep)},
                                                  {DNNL_ARG_DST, onednn_memory(y_, y)},
                                                  {DNNL_ARG_SCRATCHPAD, scratch.memory()}};
  if (bias.defined()) arguments.emplace(DNNL_ARG_BIAS, onednn_memory(bias_, bias));
  primitive_.execute(onednn_stream(), arguments);
}

void WeightedPlan::backward_data(const Tensor& grad_y, const Tensor& weight,
                                 const Tensor& grad_x) const {
  const OneDnnScratch scratch(scratchpad_);
  Tensor keep;
  primitive_.execute(onednn_stream(), {{DNNL_ARG_DIFF_DST, onednn_memory(y_, grad_y)},
                                       {DNNL_ARG_WEIGHTS, wanted(weight, keep)},
                                       {DNNL_ARG_DIFF_SRC, onednn_memory(x_, grad_x)},
                                       {DNNL_ARG_SCRATCHPAD, scratch.memory()}});
}

void WeightedPlan::backward_weight(const Tensor& x, const Tensor& grad_y, const Tensor& grad_weight,
                                   double beta) const {
  const OneDnnScratch scratch(scratchpad_);
  const bool direct = chosen_ == weight_ && beta == 0;
  const Tensor own = direct ? grad_weight : empty_weight();
  dnnl::memory computed = onednn_memory(chosen_, own);
  primitive_.execute(onednn_stream(), {{DNNL_ARG_SRC, onednn_memory(x_, x)},
                                       {DNNL_ARG_DIFF_DST, onednn_memory(y_, grad_y)},
                                       {DNNL_ARG_DIFF_WEIGHTS, computed},
                                       {DNNL_ARG_SCRATCHPAD, scratch.memory()}});
  if (direct) return;
  dnnl::memory target = onednn_memory(weight_, grad_weight);
  dnnl::reorder(beta == 0 ? from_chosen_ : add_chosen_).execute(onednn_stream(), computed, target);
}

}  // namespace denovo
