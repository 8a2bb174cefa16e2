#include "data/loading/batch.h"

#include "core/transfer.h"

namespace denovo::data {
namespace {

constexpr Tensor Batch::*kTensors[] = {
    &Batch::images,     &Batch::image_sizes,    &Batch::original_sizes,
    &Batch::image_ids,  &Batch::boxes,          &Batch::classes,
    &Batch::polygon_xy, &Batch::polygon_starts, &Batch::instance_polygons,
    &Batch::run_ends,   &Batch::instance_runs,  &Batch::transforms,
};

}  // namespace

Batch upload(const Batch& host, Device device) {
  Batch batch;
  for (const auto tensor : kTensors) {
    if ((host.*tensor).defined()) batch.*tensor = denovo::upload(host.*tensor, device);
  }
  return batch;
}

Batch empty_like(const Batch& batch, Device device) {
  Batch result;
  for (const auto tensor : kTensors) {
    const Tensor& own = batch.*tensor;
    if (own.defined()) result.*tensor = Tensor::empty(own.shape(), own.dtype(), device);
  }
  return result;
}

void upload_into(const Batch& destination, const Batch& host) {
  for (const auto tensor : kTensors) {
    if ((host.*tensor).defined()) denovo::upload_into(destination.*tensor, host.*tensor);
  }
}

}  // namespace denovo::data
