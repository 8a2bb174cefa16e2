// oneDNN on the CPU backend: one engine, one stream, and memory objects over tensors. Only kernel
// files of ops include this.
#pragma once

#include <dnnl.hpp>

#include "core/tensor.h"

namespace denovo {

dnnl::engine& onednn_engine();
dnnl::stream& onednn_stream();

/// f32 and bf16 have a oneDNN type; others throw InternalError.
dnnl::memory::data_type onednn_type(DType dtype);

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
