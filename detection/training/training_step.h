// One update of a detector: forward, backward, and the optimiser, without a host synchronisation.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "core/dist/process_group.h"
#include "core/repeated_work.h"
#include "core/step_state.h"
#include "core/transfer.h"
#include "detection/training/device_batch.h"
#include "detection/training/step_totals.h"
#include "detection/training/train_config.h"
#include "nn/optimizer/gradient_sync.h"
#include "nn/optimizer/sgd.h"

namespace denovo::detection {

/// One update as read back from the device; all ranks together.
struct StepRecord {
  int64_t iteration = 0;                               // of the update, from 0
  std::vector<std::pair<std::string, double>> losses;  // by name, then total_loss
  double grad_norm = 0;
  StepCounts counts;
  int signal = 0;  // that some rank had caught
};

/// Drives updates. Ranks compute their parts of the batch and make the same update from the sum of
/// their gradients, which is that of one rank with the whole batch. Losses are read one step late,
/// so that the device never waits for the host; a loss or gradient that is not finite makes the
/// update (and all later ones) do nothing, and is reported when it is read.
class TrainingStep {
 public:
  /// The arena holds the leaves of the model that are trained. In f64 they make the whole step one
  /// in double; in f32 its activations are of solver.precision.
  TrainingStep(MaskRcnn& model, Arena& arena, nn::Sgd& optimizer, const TrainConfig& config,
               DeviceStepState& state, ProcessGroup& group = ProcessGroup::alone());

  /// One update from this rank's solver.accumulate micro-batches at learning rate lr. Counts
  /// state.iteration up. Collective.
  void run(std::span<const data::Batch> micro_batches, double lr);

  /// Records of the updates that are complete, at most one late; all of them when draining. The
  /// same on all ranks. Throws
  /// DivergedError `training diverged at iteration 120: loss_rpn_loc is nan, images 9, 25; ...`.
  std::vector<StepRecord> take_records(bool drain);

 private:
  /// The update of batches of these shapes, which a GPU may replay.
  struct Recorded {
    std::vector<data::Batch> batches;  // on the device
    RepeatedWork work;
  };
  /// What is read back when it is there.
  struct Pending {
    int64_t iteration;
    HostCopy totals;
    std::vector<int64_t> image_ids;  // of this rank
    HostCopy state;                  // after the update
  };
  /// Shapes of batches with a record; batches of others are enqueued anew each time.
  static constexpr size_t kMaxRecorded = 64;

  /// Null when this update is not to be recorded.
  Recorded* recorded_for(std::span<const data::Batch> micro_batches);
  /// Memory in the shape of images, for which a new tensor is given: the records share it, since
  /// one update runs at a time.
  Tensor image_memory(size_t micro_batch, const Tensor& images);
  /// The update on the device, from batches there.
  void enqueue(std::span<const data::Batch> micro_batches);
  [[noreturn]] void report_divergence(const StepRecord& record,
                                      const std::vector<int64_t>& image_ids);

  MaskRcnn& model_;
  nn::Sgd& optimizer_;
  const DType dtype_;  // of the activations
  ProcessGroup& group_;
  nn::GradientSync sync_;
  const TrainConfig& config_;
  DeviceStepState& state_;
  StepTotals totals_;
  std::map<std::vector<int64_t>, Recorded> recorded_;  // by count, height, width of each batch
  std::vector<Tensor> image_memory_;                   // the largest so far, by micro-batch
  std::deque<Pending> pending_;
  int64_t next_iteration_;  // host's count of updates; the device keeps its own
};

}  // namespace denovo::detection
