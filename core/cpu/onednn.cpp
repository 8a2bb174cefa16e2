#include "core/cpu/onednn.h"

#include <fmt/format.h>

namespace denovo {

dnnl::engine& onednn_engine() {
  static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::stream& onednn_stream() {
  static dnnl::stream stream(onednn_engine());
  return stream;
}

dnnl::memory::data_type onednn_type(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return dnnl::memory::data_type::f32;
    case DType::kBF16:
      return dnnl::memory::data_type::bf16;
    default:
      throw InternalError("onednn: no type for " + std::string(name(dtype)));
  }
}

bool onednn_computes(DType dtype) {
  constexpr int kAvx512 = dnnl_cpu_isa_avx512_core;  // a bit for each extension
  static const bool has_avx512 =
      (static_cast<int>(dnnl::get_effective_cpu_isa()) & kAvx512) == kAvx512;
  return dtype == DType::kF32 || (dtype == DType::kBF16 && has_avx512);
}

dnnl::memory onednn_memory(const dnnl::memory::desc& desc, const Tensor& tensor) {
  return dnnl::memory(desc, onednn_engine(), tensor.raw());
}

void throw_onednn(const char* op, const std::string& shapes, const dnnl::error& error) {
  throw BackendError(fmt::format("oneDNN {} failed: {} (status {}, {})", op, error.message,
                                 static_cast<int>(error.status), shapes));
}

OneDnnScratch::OneDnnScratch(const dnnl::memory::desc& desc)
    : bytes_(Tensor::empty({static_cast<int64_t>(desc.get_size())}, DType::kU8)),
      memory_(desc, onednn_engine(), bytes_.raw()) {}

}  // namespace denovo
