// Statistics of batch norm for the weights as they are.
#pragma once

#include <functional>
#include <vector>

#include "nn/layers/norm.h"
#include "nn/module.h"

namespace denovo::nn {

/// Replaces the running statistics of BN and SyncBN, which trail behind the weights, by plain means
/// over batches: of their means, and of their unbiased variances (Ioffe & Szegedy, 2015, algorithm
/// 2; Wu & Johnson, "Rethinking 'Batch' in BatchNorm", 2021, section 3; detectron2's PreciseBN).
/// Norms whose statistics do not train (FrozenBN, frozen stages) are left alone; a batch that shows
/// a norm no valid sample does not count for it. Waits for the device after each batch.
///
/// Until finish() nothing is decided: what the norms held before is theirs again when this goes.
class PreciseStatistics {
 public:
  /// The model must outlive it.
  explicit PreciseStatistics(const Module& model);
  ~PreciseStatistics();
  PreciseStatistics(const PreciseStatistics&) = delete;
  PreciseStatistics& operator=(const PreciseStatistics&) = delete;

  /// No norm has statistics that train: there is nothing to do.
  bool empty() const { return norms_.empty(); }
  /// forward() runs the model in training mode on a batch, each norm once. Collective where norms
  /// are.
  void add(const std::function<void()>& forward);
  /// Writes the means into the norms; those that have seen nothing keep what they had.
  void finish();

 private:
  struct Sums {
    Norm::Tensors tensors;
    Tensor old_mean, old_var;
    std::vector<double> mean, var;
    int64_t batches = 0;
  };

  std::vector<Sums> norms_;
};

}  // namespace denovo::nn
