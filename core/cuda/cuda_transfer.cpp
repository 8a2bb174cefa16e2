#include "core/cuda/cuda_transfer.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "core/cuda/cuda_context.h"
#include "core/cuda/cuda_error.h"

namespace denovo {

/// Host memory that the GPU reads and writes by itself, and for uploads as much of the GPU's beside
/// it, where they land: memory of the pool belongs to the stream of the kernels, and waiting for
/// its turn there would undo the overlap.
struct PinnedBlock {
  std::byte* host = nullptr;
  std::byte* device = nullptr;
  size_t capacity = 0;
  cudaEvent_t done = nullptr;  // nothing on the GPU uses the block any more
  bool taken = false;
};

namespace {

/// Blocks of one GPU. They are kept: a training run asks for the same sizes again and again.
class PinnedBlocks {
 public:
  explicit PinnedBlocks(Device device) : context_(cuda_context(device)) {
    check_cuda(cudaStreamCreateWithFlags(&copy_stream_, cudaStreamNonBlocking), "cudaStreamCreate");
  }

  CudaContext& context() { return context_; }
  cudaStream_t copy_stream() const { return copy_stream_; }

  /// A block of at least so many bytes that the GPU is done with.
  PinnedBlock& take(size_t bytes) {
    const size_t capacity = std::bit_ceil(std::max<size_t>(bytes, 256));
    const std::lock_guard lock(mutex_);
    for (const auto& block : blocks_) {
      if (block->taken || block->capacity != capacity) continue;
      const cudaError_t status = cudaEventQuery(block->done);
      if (status == cudaErrorNotReady) {
        cudaGetLastError();  // no error, but the check after the next launch would find it
        continue;
      }
      check_cuda(status, "cudaEventQuery");
      block->taken = true;
      return *block;
    }
    auto block = std::make_unique<PinnedBlock>();
    check_cuda(cudaMallocHost(&block->host, capacity), "cudaMallocHost");
    check_cuda(cudaEventCreateWithFlags(&block->done, cudaEventDisableTiming), "cudaEventCreate");
    block->capacity = capacity;
    block->taken = true;
    blocks_.push_back(std::move(block));
    return *blocks_.back();
  }

  void give_back(PinnedBlock& block) {
    const std::lock_guard lock(mutex_);
    block.taken = false;
  }

 private:
  CudaContext& context_;
  cudaStream_t copy_stream_ = nullptr;
  std::mutex mutex_;
  std::vector<std::unique_ptr<PinnedBlock>> blocks_;
};

/// Never destroyed, like the contexts.
PinnedBlocks& pinned_blocks(Device device) {
  static std::mutex mutex;
  static auto& all = *new std::map<int, std::unique_ptr<PinnedBlocks>>;
  const std::lock_guard lock(mutex);
  auto& blocks = all[device.index];
  if (!blocks) blocks = std::make_unique<PinnedBlocks>(device);
  return *blocks;
}

}  // namespace

void cuda_upload(std::byte* destination, Device device, const std::byte* source, size_t bytes) {
  if (bytes == 0) return;
  PinnedBlocks& blocks = pinned_blocks(device);
  PinnedBlock& block = blocks.take(bytes);
  if (!block.device) check_cuda(cudaMalloc(&block.device, block.capacity), "cudaMalloc");
  std::memcpy(block.host, source, bytes);
  const cudaStream_t bus = blocks.copy_stream(), kernels = blocks.context().stream();
  check_cuda(cudaMemcpyAsync(block.device, block.host, bytes, cudaMemcpyHostToDevice, bus),
             "cudaMemcpyAsync");
  check_cuda(cudaEventRecord(block.done, bus), "cudaEventRecord");
  check_cuda(cudaStreamWaitEvent(kernels, block.done), "cudaStreamWaitEvent");
  check_cuda(cudaMemcpyAsync(destination, block.device, bytes, cudaMemcpyDeviceToDevice, kernels),
             "cudaMemcpyAsync");
  check_cuda(cudaEventRecord(block.done, kernels), "cudaEventRecord");
  blocks.give_back(block);
}

void cuda_synchronize(Device device) {
  cuda_context(device).synchronize();
}

CudaDownload::CudaDownload(const std::byte* source, Device device, size_t bytes)
    : block_(&pinned_blocks(device).take(bytes)), device_(device), bytes_(bytes) {
  const cudaStream_t stream = pinned_blocks(device).context().stream();
  check_cuda(cudaMemcpyAsync(block_->host, source, bytes, cudaMemcpyDeviceToHost, stream),
             "cudaMemcpyAsync");
  check_cuda(cudaEventRecord(block_->done, stream), "cudaEventRecord");
}

CudaDownload::~CudaDownload() {
  pinned_blocks(device_).give_back(*block_);
}

void CudaDownload::read(std::byte* destination) {
  check_cuda(cudaEventSynchronize(block_->done), "cudaEventSynchronize");
  std::memcpy(destination, block_->host, bytes_);
}

}  // namespace denovo
