#include "detection/training/device_batch.h"

namespace denovo::detection {

nn::MicroBatch micro_batch_of(const data::Batch& batch) {
  nn::MicroBatch result{.tensors = data::tensors_of(batch),
                        .counts = {.images = batch.count()},
                        .image_ids = batch.image_ids.to_vector<int64_t>()};
  for (const int32_t c : batch.classes.to_vector<int32_t>()) result.counts.instances += c >= 0;
  const auto sizes = batch.image_sizes.to_vector<int32_t>();
  for (size_t i = 0; i < sizes.size(); i += 2)
    result.counts.pixels += int64_t{sizes[i]} * sizes[i + 1];
  return result;
}

DeviceBatch prepare(const data::Batch& batch, const MaskRcnn& model, DType dtype) {
  const auto in_compute_type = [&](const Tensor& tensor) {
    const bool fits = !tensor.defined() || tensor.dtype() == compute_dtype(dtype);
    return fits ? tensor : tensor.to(compute_dtype(dtype));
  };
  return {.images = {.pixels = model.normalize(batch.images, batch.image_sizes, dtype),
                     .sizes = batch.image_sizes,
                     .ids = batch.image_ids},
          .gt = {.boxes = in_compute_type(batch.boxes),
                 .classes = batch.classes,
                 .masks = {in_compute_type(batch.polygon_xy), batch.polygon_starts,
                           batch.instance_polygons, batch.run_ends, batch.instance_runs,
                           batch.transforms, batch.original_sizes},
                 .keypoints = in_compute_type(batch.keypoints)}};
}

}  // namespace denovo::detection
