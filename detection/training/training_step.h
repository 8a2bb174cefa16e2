// One update of a detector: forward, backward, and the optimiser, without a host synchronisation.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "core/step_state.h"
#include "core/transfer.h"
#include "data/loading/batch.h"
#include "detection/model/mask_rcnn.h"
#include "detection/training/train_config.h"
#include "nn/optimizer/sgd.h"

namespace denovo::detection {

/// A loader's batch on the device, ready for the model.
struct DeviceBatch {
  ImageBatch images;
  GroundTruth gt;
};

/// Uploads and normalises a batch. dtype, of the pixels: f32, bf16, or f64 for a run in double.
DeviceBatch to_device(const data::Batch& batch, const MaskRcnn& model, DType dtype, Device device);

/// The losses of one update, read back from the device.
struct StepRecord {
  int64_t iteration = 0;                               // of the update, from 0
  std::vector<std::pair<std::string, double>> losses;  // by name, then total_loss
  double grad_norm = 0;
  std::vector<int64_t> image_ids;
};

/// Drives updates. Losses are read one step late, so that the device never waits for the host; a
/// loss or gradient that is not finite makes the update (and all later ones) do nothing, and is
/// reported when it is read.
class TrainingStep {
 public:
  TrainingStep(MaskRcnn& model, nn::Sgd& optimizer, const TrainConfig& config,
               DeviceStepState& state);

  /// One update from solver.accumulate micro-batches at learning rate lr. Counts state.iteration
  /// up.
  void run(std::span<const data::Batch> micro_batches, double lr);

  /// Records of the updates that are complete, at most one late; all of them when draining. Throws
  /// DivergedError `training diverged at iteration 120: loss_rpn_loc is nan, images 9, 25; ...`.
  std::vector<StepRecord> take_records(bool drain);

 private:
  struct Pending {
    int64_t iteration;
    std::vector<std::vector<std::pair<std::string, HostCopy>>> losses;  // per micro-batch
    std::vector<int64_t> image_ids;
    HostCopy state;  // after the update
  };

  MaskRcnn& model_;
  nn::Sgd& optimizer_;
  const TrainConfig& config_;
  DeviceStepState& state_;
  std::deque<Pending> pending_;
  int64_t next_iteration_;  // host's count of updates; the device keeps its own
};

}  // namespace denovo::detection
