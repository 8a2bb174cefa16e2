#include "detection/training/device_batch.h"

namespace denovo::detection {

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
                           batch.transforms, batch.original_sizes}}};
}

}  // namespace denovo::detection
