// parallel_for and parallel_rows on the GPU, with the names and contracts of core/parallel.h.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "core/error.h"
#include "core/host_device.h"

namespace denovo {

/// Execution on one GPU: everything is enqueued on one stream.
class CudaContext {
 public:
  explicit CudaContext(cudaStream_t stream) : stream_(stream) {}
  cudaStream_t stream() const { return stream_; }

 private:
  cudaStream_t stream_;
};

inline constexpr int kThreadsPerBlock =
    256;  // eight warps: full occupancy up to 32 registers a thread

inline void check_launch(const char* what) {
  const cudaError_t status = cudaGetLastError();
  if (status != cudaSuccess) {
    throw BackendError(std::string(what) + " failed: " + cudaGetErrorString(status));
  }
}

template <class F>
__global__ void for_kernel(int64_t n, F f) {
  const int64_t i = int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < n) f(i);
}

template <class F>
void parallel_for(CudaContext& ctx, int64_t n, const F& f, int64_t = 1) {
  if (n == 0) return;
  const auto blocks = static_cast<unsigned>((n + kThreadsPerBlock - 1) / kThreadsPerBlock);
  for_kernel<<<blocks, kThreadsPerBlock, 0, ctx.stream()>>>(n, f);
  check_launch("parallel_for");
}

template <int V, class F>
__global__ void rows_kernel(int64_t rows, int64_t channels, F f) {
  const int64_t r = int64_t{blockIdx.x} * blockDim.y + threadIdx.y;
  if (r >= rows) return;
  const auto state = f.row(r);
  for (int64_t c = int64_t{threadIdx.x} * V; c < channels; c += int64_t{blockDim.x} * V) {
    f.template apply<V>(state, c);
  }
}

/// F::kVector is the number of channels in 16 bytes of its narrowest element type.
template <class F>
void parallel_rows(CudaContext& ctx, int64_t rows, int64_t channels, const F& f) {
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
  check_launch("parallel_rows");
}

}  // namespace denovo
