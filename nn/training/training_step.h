// One update: forward, backward, and the optimiser, without a host synchronisation.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/dist/process_group.h"
#include "core/run/repeated_work.h"
#include "core/run/step_state.h"
#include "core/tensor/transfer.h"
#include "nn/optimizer/gradient_sync.h"
#include "nn/training/step_totals.h"
#include "nn/training/task.h"
#include "nn/training/trainable.h"

namespace denovo::nn {

/// One update as read back from the device; all ranks together.
struct StepRecord {
  int64_t iteration = 0;                               // of the update, from 0
  std::vector<std::pair<std::string, double>> losses;  // by name, then total_loss
  double grad_norm = 0;
  StepCounts counts;
  int signal = 0;  // that some rank had caught
};

/// Task::losses.
using LossFunction = std::function<NamedLosses(std::span<const Tensor>, const LossContext&)>;

/// Drives updates. Ranks compute their parts of the batch and make the same update from the sum of
/// their gradients, which is that of one rank with the whole batch. Losses are read one step late,
/// so that the device never waits for the host; a loss or gradient that is not finite makes the
/// update (and all later ones) do nothing, and is reported when it is read.
class TrainingStep {
 public:
  /// Leaves in f64 make the whole step one in double; in f32 its activations are of
  /// solver.precision. solver.validate_ranks(group.size()) holds. trainable, state and group must
  /// outlive it.
  TrainingStep(LossFunction losses, const Trainable& trainable, const SolverConfig& solver,
               DeviceStepState& state, ProcessGroup& group = ProcessGroup::alone());

  /// One update from this rank's micro-batches at learning rate lr. Counts state.iteration up.
  /// Collective.
  void run(std::span<const MicroBatch> micro_batches, double lr);

  /// Records of the updates that are complete, at most one late; all of them when draining. The
  /// same on all ranks. Throws
  /// DivergedError `training diverged at iteration 120: loss_rpn_loc is nan, images 9, 25; ...`.
  std::vector<StepRecord> take_records(bool drain);

 private:
  using DeviceBatch = std::vector<Tensor>;
  /// The update of batches of these shapes, which a GPU may replay.
  struct Recorded {
    std::vector<DeviceBatch> batches;
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
  Recorded* recorded_for(std::span<const MicroBatch> micro_batches);
  /// Device memory for a tensor like this one of a micro-batch: the records share it, since one
  /// update runs at a time.
  Tensor shared_memory(size_t micro_batch, size_t tensor, const Tensor& like);
  /// The update on the device, from batches there.
  void enqueue(std::span<const DeviceBatch> batches);
  [[noreturn]] void report_divergence(const StepRecord& record,
                                      const std::vector<int64_t>& image_ids);

  const LossFunction losses_;
  const Trainable& trainable_;
  const DType dtype_;     // of the activations
  const Tensor rounded_;  // the weights in that type; undefined where it is theirs
  const bool records_;
  ProcessGroup& group_;
  GradientSync sync_;
  DeviceStepState& state_;
  StepTotals totals_;
  std::map<std::vector<Shape>, Recorded> recorded_;
  std::map<std::pair<size_t, size_t>, Tensor> memory_;  // the largest so far, flat
  std::deque<Pending> pending_;
  int64_t next_iteration_;  // host's count of updates; the device keeps its own
};

}  // namespace denovo::nn
