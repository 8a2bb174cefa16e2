#include <cuda_runtime.h>
#include <fmt/format.h>
#include <nccl.h>

#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "core/cuda/cuda_context.h"
#include "core/cuda/cuda_error.h"
#include "core/dist/device_group.h"
#include "core/dist/rank_error.h"

namespace denovo {
namespace {

void check_nccl(ncclResult_t status, const char* call) {
  if (status == ncclSuccess) return;
  throw RankError(fmt::format("dist: {} failed: {}", call, ncclGetErrorString(status)));
}

class NcclGroup : public DeviceGroup {
 public:
  NcclGroup(Device device, int rank, int size, const ncclUniqueId& id)
      : device_(device), compute_(cuda_context(device).stream()) {
    check_nccl(ncclCommInitRank(&comm_, size, id, rank), "ncclCommInitRank");
    check_cuda(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreate");
    for (cudaEvent_t* event : {&computed_, &summed_})
      check_cuda(cudaEventCreateWithFlags(event, cudaEventDisableTiming), "cudaEventCreate");
  }
  ~NcclGroup() override {
    if (comm_) ncclCommDestroy(comm_);
    cudaEventDestroy(computed_);
    cudaEventDestroy(summed_);
    cudaStreamDestroy(stream_);
  }

  void all_reduce(const Tensor& tensor) override {
    start_all_reduce(tensor);
    finish_all_reduces();
  }

  /// On a stream of its own, so that backward goes on beside it.
  void start_all_reduce(const Tensor& tensor) override {
    require_sound();
    follow_compute();
    const ncclDataType_t type = tensor.dtype() == DType::kF64 ? ncclFloat64 : ncclFloat32;
    check_nccl(ncclAllReduce(tensor.raw(), tensor.raw(), static_cast<size_t>(tensor.numel()), type,
                             ncclSum, comm_, stream_),
               "ncclAllReduce");
  }

  void finish_all_reduces() override {
    check_cuda(cudaEventRecord(summed_, stream_), "cudaEventRecord");
    check_cuda(cudaStreamWaitEvent(compute_, summed_), "cudaStreamWaitEvent");
  }

  void broadcast(const Tensor& tensor) override {
    follow_compute();
    check_nccl(
        ncclBroadcast(tensor.raw(), tensor.raw(), tensor.bytes(), ncclUint8, 0, comm_, stream_),
        "ncclBroadcast");
    finish_all_reduces();
  }

  void wait() override {
    cuda_context(device_);  // a thread that has named no GPU would take memory of the first one
    cudaError_t status;
    while ((status = cudaStreamQuery(stream_)) == cudaErrorNotReady) {
      require_sound();
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
    check_cuda(status, "cudaStreamQuery");
  }

  void abort() override { ncclCommAbort(std::exchange(comm_, nullptr)); }

 private:
  /// A fault of the network or of a peer ends no call of CUDA: whoever waits for the stream would
  /// wait for ever.
  void require_sound() const {
    ncclResult_t fault = ncclSuccess;
    check_nccl(ncclCommGetAsyncError(comm_, &fault), "ncclCommGetAsyncError");
    check_nccl(fault, "a collective call");
  }

  void follow_compute() {
    check_cuda(cudaEventRecord(computed_, compute_), "cudaEventRecord");
    check_cuda(cudaStreamWaitEvent(stream_, computed_), "cudaStreamWaitEvent");
  }

  Device device_;
  cudaStream_t compute_, stream_ = nullptr;
  cudaEvent_t computed_ = nullptr, summed_ = nullptr;
  ncclComm_t comm_ = nullptr;
};

}  // namespace

std::string make_nccl_id() {
  ncclUniqueId id;
  check_nccl(ncclGetUniqueId(&id), "ncclGetUniqueId");
  return {id.internal, sizeof(id.internal)};
}

std::unique_ptr<DeviceGroup> join_nccl(Device device, int rank, int size, const std::string& id) {
  ncclUniqueId unique;
  DENOVO_DCHECK(id.size() == sizeof(unique.internal));
  std::memcpy(unique.internal, id.data(), id.size());
  return std::make_unique<NcclGroup>(device, rank, size, unique);
}

}  // namespace denovo
