// parallel_for, parallel_rows, parallel_vectors and parallel_phases on the GPU, with the contracts
// of core/kernels/parallel.h and core/kernels/phases.h. The last argument is filled in by the
// compiler: an error names the source file, hence the op, that launched.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <source_location>

#include "core/cuda/cuda_context.h"
#include "core/cuda/cuda_error.h"
#include "core/kernels/host_device.h"
#include "core/kernels/phases.h"

namespace denovo {

/// Eight warps: full occupancy up to 32 registers a thread.
inline constexpr int kThreadsPerBlock = 256;

template <class F>
__global__ void __launch_bounds__(kThreadsPerBlock) for_kernel(int64_t n, F f) {
  const int64_t i = int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < n) f(i);
}

template <class F>
void parallel_for(CudaContext& ctx, int64_t n, const F& f, int64_t /*cost*/ = 1,
                  const std::source_location& where = std::source_location::current()) {
  if (n == 0) return;
  const auto blocks = static_cast<unsigned>((n + kThreadsPerBlock - 1) / kThreadsPerBlock);
  for_kernel<<<blocks, kThreadsPerBlock, 0, ctx.stream()>>>(n, f);
  ctx.check_launch("parallel_for", where);
}

template <int V, class F>
__global__ void __launch_bounds__(kThreadsPerBlock)
    rows_kernel(int64_t rows, int64_t channels, F f) {
  const int64_t r = int64_t{blockIdx.x} * blockDim.y + threadIdx.y;
  if (r >= rows) return;
  const auto state = f.row(r);
  for (int64_t c = int64_t{threadIdx.x} * V; c < channels; c += int64_t{blockDim.x} * V) {
    f.template apply<V>(state, c);
  }
}

/// F::kVector is the number of channels in 16 bytes of its narrowest element type.
template <class F>
void parallel_rows(CudaContext& ctx, int64_t rows, int64_t channels, const F& f,
                   const std::source_location& where = std::source_location::current()) {
  if (rows == 0 || channels == 0) return;
  const bool vector = channels % F::kVector == 0;
  const int64_t lanes = vector ? channels / F::kVector : channels;
  unsigned x = 1;
  while (x < lanes && x < kThreadsPerBlock) x *= 2;
  const dim3 block(x, kThreadsPerBlock / x);
  const auto blocks = static_cast<unsigned>((rows + block.y - 1) / block.y);
  if (vector) {
    rows_kernel<F::kVector><<<blocks, block, 0, ctx.stream()>>>(rows, channels, f);
  } else {
    rows_kernel<1><<<blocks, block, 0, ctx.stream()>>>(rows, channels, f);
  }
  ctx.check_launch("parallel_rows", where);
}

template <int V, class F>
__global__ void __launch_bounds__(kThreadsPerBlock) vectors_kernel(int64_t whole, int64_t n, F f) {
  const int64_t i = int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < whole) return f.template apply<V>(i * V);
  const int64_t rest = whole * V + (i - whole);
  if (rest < n) f.template apply<1>(rest);
}

template <int V, class F>
void launch_vectors(CudaContext& ctx, int64_t n, const F& f, const std::source_location& where) {
  const int64_t whole = n / V, threads = whole + n % V;
  const auto blocks = static_cast<unsigned>((threads + kThreadsPerBlock - 1) / kThreadsPerBlock);
  vectors_kernel<V><<<blocks, kThreadsPerBlock, 0, ctx.stream()>>>(whole, n, f);
  ctx.check_launch("parallel_vectors", where);
}

/// F::kVector is the number of elements in 16 bytes of its narrowest type; f.vector() is that, half
/// of it, or less, where tensors are not aligned so.
template <class F>
void parallel_vectors(CudaContext& ctx, int64_t n, const F& f,
                      const std::source_location& where = std::source_location::current()) {
  if (n == 0) return;
  const int vector = f.vector();
  if (vector >= F::kVector) return launch_vectors<F::kVector>(ctx, n, f, where);
  if constexpr (F::kVector > 2) {
    if (vector >= F::kVector / 2) return launch_vectors<F::kVector / 2>(ctx, n, f, where);
  }
  launch_vectors<1>(ctx, n, f, where);
}

namespace phases_internal {

/// With a barrier behind each phase but the kernel's last.
template <int P, int kEnd, class F>
__device__ void run_device_range(const F& f, const PhasePoint& at, typename F::Local& local) {
  if constexpr (P < kEnd) {
    f.template phase<P>(at, local);
    if constexpr (P + 1 < F::kPhases || P < F::kLoopEnd) __syncthreads();
    run_device_range<P + 1, kEnd>(f, at, local);
  }
}

template <class F>
__global__ void __launch_bounds__(F::kThreads) phases_kernel(const F f) {
  extern __shared__ __align__(16) unsigned char phases_shared_memory[];
  PhasePoint at{blockIdx.x, static_cast<int>(threadIdx.x), 0,
                reinterpret_cast<std::byte*>(phases_shared_memory)};
  typename F::Local local;
  run_device_range<0, F::kLoopBegin>(f, at, local);
  if constexpr (F::kLoopEnd > F::kLoopBegin) {
    const int64_t passes = f.passes(at.block);
    for (; at.pass < passes; ++at.pass) {
      run_device_range<F::kLoopBegin, F::kLoopEnd>(f, at, local);
    }
    at.pass = 0;
  }
  run_device_range<F::kLoopEnd, F::kPhases>(f, at, local);
}

}  // namespace phases_internal

/// How many blocks of a block kernel without shared memory the GPU runs at once.
template <class F>
int64_t resident_blocks(CudaContext& ctx,
                        const std::source_location& where = std::source_location::current()) {
  int per_multiprocessor = 0;
  check_cuda(cudaOccupancyMaxActiveBlocksPerMultiprocessor(
                 &per_multiprocessor, phases_internal::phases_kernel<F>, F::kThreads, 0),
             "cudaOccupancyMaxActiveBlocksPerMultiprocessor", where);
  return int64_t{per_multiprocessor} * ctx.multiprocessors();
}

template <class F>
void parallel_phases(CudaContext& ctx, int64_t blocks, const F& f,
                     const std::source_location& where = std::source_location::current()) {
  if (blocks == 0) return;
  const int64_t shared = f.shared_bytes();
  constexpr int64_t kSharedWithoutAsking = 48 << 10;
  if (shared > kSharedWithoutAsking) {
    check_cuda(
        cudaFuncSetAttribute(phases_internal::phases_kernel<F>,
                             cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared)),
        "cudaFuncSetAttribute", where);
  }
  phases_internal::phases_kernel<F>
      <<<static_cast<unsigned>(blocks), F::kThreads, static_cast<size_t>(shared), ctx.stream()>>>(
          f);
  ctx.check_launch("parallel_phases", where);
}

}  // namespace denovo
