// What one update is about in a few numbers: losses, counters and caught signals, summed over
// micro-batches and ranks.
#pragma once

#include <string>
#include <vector>

#include "core/dist/process_group.h"
#include "core/tensor/transfer.h"
#include "nn/training/micro_batch.h"

namespace denovo::nn {

/// One flat f64 tensor on the device, so that ranks sum it in one call and the host reads it back
/// when it wants to. It is the same for all updates, so that they can be recorded
/// (core/run/repeated_work.h): start() and copy_to_host() are the host's part, the rest is
/// enqueued.
class StepTotals {
 public:
  explicit StepTotals(Device device);

  /// Of an update that sees so much: no losses yet, the counts, the signals caught so far.
  void start(const StepCounts& counts) const;
  /// Losses as scalars on the device; the same names in each micro-batch of each update.
  void add(const NamedLosses& losses);
  /// Sums over ranks. Collective.
  void all_reduce(ProcessGroup& group) const { group.all_reduce(totals_); }
  /// The sum of each loss as a scalar [1] of this dtype, for the optimiser's check.
  std::vector<Tensor> losses(DType dtype) const;

  HostCopy copy_to_host() const { return HostCopy(totals_); }
  struct Values {
    std::vector<std::pair<std::string, double>> losses;
    StepCounts counts;
    int signal = 0;
  };
  /// What a copy holds; waits for it.
  Values read(HostCopy copy) const;

 private:
  std::vector<std::string> names_;
  Tensor totals_;  // counts, caught signals, losses
};

}  // namespace denovo::nn
