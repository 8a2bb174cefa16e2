// Gradients of all ranks, added while backward still runs.
#pragma once

#include <vector>

#include "core/autograd/arena.h"
#include "core/dist/process_group.h"

namespace denovo::nn {

/// Cuts the gradients of an arena into buckets, last leaves first, since backward reaches them
/// first. Hooks on the leaves count the gradients that are complete; a full bucket is handed to the
/// group, which sums it meanwhile. Buckets go in this fixed order, so all ranks sum the same ones.
/// Does nothing in a group of one. Arena and group must outlive it; one per arena.
class GradientSync {
 public:
  /// A bucket has at least this many bytes: large enough that the latency of a sum does not count,
  /// small enough that the first one starts early.
  static constexpr int64_t kBucketBytes = int64_t{4} << 20;

  GradientSync(Arena& arena, ProcessGroup& group, int64_t bucket_bytes = kBucketBytes);
  ~GradientSync();
  GradientSync(const GradientSync&) = delete;
  GradientSync& operator=(const GradientSync&) = delete;

  /// The next backward pass is the last one of this update: what it completes may be summed.
  void start();
  /// Waits; all gradients are set and hold the sums over ranks.
  void finish();

  int64_t num_buckets() const { return static_cast<int64_t>(buckets_.size()); }

 private:
  struct Bucket {
    Tensor gradients;  // part of the arena's
    int num_leaves = 0;
    int num_missing = 0;  // leaves whose gradient is not complete
  };
  void count(Bucket& bucket);

  Arena& arena_;
  ProcessGroup& group_;
  std::vector<Bucket> buckets_;
  size_t next_ = 0;       // bucket to be summed
  bool started_ = false;  // between start() and finish()
};

}  // namespace denovo::nn
