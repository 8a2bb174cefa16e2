// A loader's batch as the engine and the model take it.
#pragma once

#include "data/loading/batch.h"
#include "detection/mask_rcnn/mask_rcnn.h"
#include "nn/training/micro_batch.h"

namespace denovo::detection {

/// The batch with its counts; pixels are valid ones.
nn::MicroBatch micro_batch_of(const data::Batch& batch);

struct DeviceBatch {
  ImageBatch images;
  GroundTruth gt;
};

/// Normalises a batch whose tensors are on the model's device. dtype, of the pixels: f32, bf16, or
/// f64 for a run in double; boxes and vertices are in its compute type.
DeviceBatch prepare(const data::Batch& batch, const MaskRcnn& model, DType dtype);

}  // namespace denovo::detection
