// What one update is about in a few numbers: losses, counters and caught signals, summed over
// micro-batches and ranks.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/dist/process_group.h"
#include "core/transfer.h"
#include "data/loading/batch.h"

namespace denovo::detection {

/// What has gone through the network.
struct StepCounts {
  int64_t images = 0, instances = 0, pixels = 0;
};

/// The counts of a batch; pixels are valid ones.
StepCounts counts_of(const data::Batch& batch);

/// One flat f64 tensor on the device, so that ranks sum it in one call and the host reads it back
/// when it wants to.
class StepTotals {
 public:
  using NamedLosses = std::vector<std::pair<std::string, Tensor>>;

  /// Losses as scalars on the device, the same names in each micro-batch.
  void add(const NamedLosses& losses, const data::Batch& batch);
  /// Sums over ranks, with the signals that they have caught, and sends the host a copy. Collective;
  /// once.
  void all_reduce(ProcessGroup& group);

  /// The sum of each loss as a scalar [1] of this dtype, for the optimiser's check.
  std::vector<Tensor> losses(DType dtype) const;

  struct Values {
    std::vector<std::pair<std::string, double>> losses;
    StepCounts counts;
    int signal = 0;
  };
  /// Waits for the copy.
  Values read();

 private:
  std::vector<std::string> names_;
  StepCounts counts_;  // of this rank
  Tensor totals_;      // losses, counts, caught signals
  std::optional<HostCopy> on_host_;
};

}  // namespace denovo::detection
