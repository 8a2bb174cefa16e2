#include <omp.h>

#include "core/error.h"
#include "core/kernels/backend.h"

namespace denovo {

thread_local bool CpuContext::is_serial_thread_ = false;

CpuContext::CpuContext() : num_threads_(omp_get_max_threads()) {
  // Results depend on the partition of a loop, never on how many threads the system finds free.
  omp_set_dynamic(0);
}

void CpuContext::set_num_threads(int n) {
  num_threads_ = n;
  omp_set_num_threads(n);
}

void set_tf32(CpuContext&, bool) {
  throw ConfigError("tf32: needs an NVIDIA GPU; use precision f32 or bf16 on the cpu");
}

CpuContext& cpu_context() {
  static CpuContext context;
  return context;
}

}  // namespace denovo
