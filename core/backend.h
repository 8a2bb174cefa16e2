// Backends and dispatch. An op calls with_backend(device, [&](auto& ctx) { run(ctx, args); }) and
// overload resolution on the context picks the kernel: no registry, no op enum. A missing kernel is
// a link error.
#pragma once

#include "core/device.h"

namespace denovo {

/// Host execution: OpenMP threads and one oneDNN engine and stream (core/cpu/onednn.h).
class CpuContext {
 public:
  /// Threads that parallel loops use; part of what a result depends on (reduction partitions).
  int num_threads() const { return num_threads_; }
  void set_num_threads(int n);

 private:
  friend CpuContext& cpu_context();
  CpuContext();
  int num_threads_;
};

/// Execution on one GPU, in stream order. Device code includes core/cuda/launch.cuh.
class CudaContext;

CpuContext& cpu_context();

template <class F>
decltype(auto) with_backend(Device, F&& f) {
  return f(cpu_context());
}

}  // namespace denovo
