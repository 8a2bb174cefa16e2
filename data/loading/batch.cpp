#include "data/loading/batch.h"

#include <iterator>

#include "core/error.h"

namespace denovo::data {
namespace {

constexpr Tensor Batch::*kTensors[] = {
    &Batch::images,     &Batch::image_sizes,    &Batch::original_sizes,
    &Batch::image_ids,  &Batch::boxes,          &Batch::classes,
    &Batch::polygon_xy, &Batch::polygon_starts, &Batch::instance_polygons,
    &Batch::run_ends,   &Batch::instance_runs,  &Batch::transforms,
    &Batch::keypoints,
};

}  // namespace

std::vector<Tensor> tensors_of(const Batch& batch) {
  std::vector<Tensor> tensors;
  for (const auto tensor : kTensors) tensors.push_back(batch.*tensor);
  return tensors;
}

Batch batch_of(std::span<const Tensor> tensors) {
  DENOVO_DCHECK(tensors.size() == std::size(kTensors));
  Batch batch;
  for (size_t i = 0; i < tensors.size(); ++i) batch.*kTensors[i] = tensors[i];
  return batch;
}

}  // namespace denovo::data
