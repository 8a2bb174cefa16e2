// Backends and dispatch. An op calls with_backend(device, [&](auto& ctx) { run(ctx, args); }) and
// overload resolution on the context picks the kernel: no registry, no op enum. A missing kernel is
// a link error; a build without CUDA instantiates the CPU's half alone.
#pragma once

#include "core/tensor/device.h"

namespace denovo {

/// Host execution: OpenMP threads and one oneDNN engine and stream (core/cpu/onednn.h).
class CpuContext {
 public:
  /// Threads that parallel loops use; part of what a result depends on (reduction partitions).
  int num_threads() const { return is_serial_thread_ ? 1 : num_threads_; }
  void set_num_threads(int n);
  /// From now on loops that the calling thread starts run on it alone. For threads that work beside
  /// the main one: each would get a pool of OpenMP workers of its own, and as soon as there are
  /// more workers than cores libgomp stops spinning at barriers (a training step took 1.3 times as
  /// long).
  static void make_this_thread_serial() { is_serial_thread_ = true; }

 private:
  friend CpuContext& cpu_context();
  CpuContext();
  int num_threads_;
  static thread_local bool is_serial_thread_;
};

/// Execution on one GPU, in stream order. Device code includes core/cuda/launch.cuh.
class CudaContext;

CpuContext& cpu_context();
/// Made at its first use. Throws DeviceError when the GPU cannot be used. CUDA builds only.
CudaContext& cuda_context(Device device);

void set_tf32(CpuContext& ctx, bool allowed);
void set_tf32(CudaContext& ctx, bool allowed);

/// f(context of the device). Throws DeviceError when this build has no CUDA and device is a GPU.
template <class F>
decltype(auto) with_backend(Device device, F&& f) {
  if constexpr (kHasCuda) {
    if (!device.is_cpu()) return f(cuda_context(device));
  } else {
    if (!device.is_cpu()) throw_no_cuda(device);
  }
  return f(cpu_context());
}

/// While it lives, and `allowed`, f32 convolutions and products of the device round their operands
/// to TF32, whose 10 bits of fraction fit tensor cores; sums stay f32. Throws ConfigError on the
/// CPU.
class Tf32Scope {
 public:
  Tf32Scope(Device device, bool allowed) : device_(device), allowed_(allowed) { set(true); }
  ~Tf32Scope() { set(false); }
  Tf32Scope(const Tf32Scope&) = delete;
  Tf32Scope& operator=(const Tf32Scope&) = delete;

 private:
  void set(bool on) const {
    if (allowed_) with_backend(device_, [&](auto& ctx) { set_tf32(ctx, on); });
  }

  const Device device_;
  const bool allowed_;
};

}  // namespace denovo
