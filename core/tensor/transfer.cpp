#include "core/tensor/transfer.h"

#include "core/cuda/cuda_transfer.h"
#include "core/run/repeated_work.h"

namespace denovo {

Tensor upload(const Tensor& host, Device device) {
  forbid_while_recording("upload");
  if (device.is_cpu()) return host;
  Tensor result = Tensor::empty(host.shape(), host.dtype(), device);
  if constexpr (kHasCuda) cuda_upload(result.raw(), device, host.raw(), host.bytes());
  return result;
}

std::vector<Tensor> upload(std::span<const Tensor> host, Device device) {
  std::vector<Tensor> result;
  for (const Tensor& tensor : host)
    result.push_back(tensor.defined() ? upload(tensor, device) : Tensor());
  return result;
}

void upload_into(const Tensor& destination, const Tensor& host) {
  forbid_while_recording("upload_into");
  DENOVO_DCHECK(destination.shape() == host.shape() && destination.dtype() == host.dtype());
  if (destination.device().is_cpu()) {
    copy(destination, host);
  } else if constexpr (kHasCuda) {
    cuda_upload(destination.raw(), destination.device(), host.raw(), host.bytes());
  }
}

void synchronize(Device device) {
  forbid_while_recording("synchronize");
  if constexpr (kHasCuda) {
    if (!device.is_cpu()) cuda_synchronize(device);
  }
}

HostCopy::HostCopy(const Tensor& source) {
  forbid_while_recording("HostCopy");
  if (source.device().is_cpu()) {
    host_ = source.clone();
    return;
  }
  host_ = Tensor::empty(source.shape(), source.dtype());
  if constexpr (kHasCuda) {
    download_ = std::make_shared<CudaDownload>(source.raw(), source.device(), source.bytes());
  }
}

const Tensor& HostCopy::get() {
  if constexpr (kHasCuda) {
    if (download_) download_->read(host_.raw());
  }
  download_.reset();
  return host_;
}

}  // namespace denovo
