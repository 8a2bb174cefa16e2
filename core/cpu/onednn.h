// oneDNN on the CPU backend: one engine, one stream, and memory objects over tensors. Only kernel
// files of ops include this.
#pragma once

#include <dnnl.hpp>

#include "core/tensor/tensor.h"

namespace denovo {

dnnl::engine& onednn_engine();
dnnl::stream& onednn_stream();

/// f32 and bf16 have a oneDNN type; others throw InternalError.
dnnl::memory::data_type onednn_type(DType dtype);

/// Whether this processor's oneDNN computes in dtype: f32 always, bf16 with AVX-512.
bool onednn_computes(DType dtype);

/// compute(wide), an f32 tensor whose values then go into result, rounded; for processors without
/// bf16. wide starts with result's values when `accumulates`.
template <class F>
void compute_in_f32(const Tensor& result, bool accumulates, const F& compute) {
  if (result.dtype() == DType::kF32) return compute(result);
  const Tensor wide =
      accumulates ? result.to(DType::kF32) : Tensor::empty(result.shape(), DType::kF32);
  compute(wide);
  copy(result, wide);
}

/// A memory object over the tensor's bytes, which must outlive the execution.
dnnl::memory onednn_memory(const dnnl::memory::desc& desc, const Tensor& tensor);

/// Turns a dnnl::error into a BackendError that names the op and its shapes.
[[noreturn]] void throw_onednn(const char* op, const std::string& shapes, const dnnl::error& error);

/// Execution arguments of primitives in scratchpad_mode::user: adds the scratchpad memory.
class OneDnnScratch {
 public:
  explicit OneDnnScratch(const dnnl::memory::desc& desc);
  const dnnl::memory& memory() const { return memory_; }

 private:
  Tensor bytes_;
  dnnl::memory memory_;
};

}  // namespace denovo
