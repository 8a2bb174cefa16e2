// A loader's batch as the model takes it.
#pragma once

#include "data/loading/batch.h"
#include "detection/model/mask_rcnn.h"

namespace denovo::detection {

struct DeviceBatch {
  ImageBatch images;
  GroundTruth gt;
};

/// Normalises a batch that was uploaded. dtype, of the pixels: f32, bf16, or f64 for a run in
/// double; boxes and vertices are in its compute type.
DeviceBatch prepare(const data::Batch& on_device, const MaskRcnn& model, DType dtype);

}  // namespace denovo::detection
