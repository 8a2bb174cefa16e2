#include "nn/optimizer/gradient_sync.h"

#include <utility>

namespace denovo::nn {

GradientSync::GradientSync(Arena& arena, ProcessGroup& group, int64_t bucket_bytes)
    : arena_(arena), group_(group) {
  if (group.size() == 1) return;
  const auto& leaves = arena.leaves();
  const auto element = static_cast<int64_t>(size_of(arena.gradients().dtype()));
  std::vector<size_t> bucket_of(leaves.size());
  int64_t end = arena.numel();
  Bucket bucket;
  for (size_t i = leaves.size(); i-- > 0;) {
    ++bucket.num_leaves;
    bucket_of[i] = buckets_.size();
    const int64_t begin = arena.offset(i);
    if ((end - begin) * element < bucket_bytes && i > 0) continue;
    bucket.gradients = arena.gradients().rows(begin, end);
    buckets_.push_back(std::exchange(bucket, {}));
    end = begin;
  }
  for (size_t i = 0; i < leaves.size(); ++i)
    leaves[i].tensor.set_grad_hook([this, b = bucket_of[i]] { count(buckets_[b]); });
}

GradientSync::~GradientSync() {
  if (buckets_.empty()) return;
  for (const ArenaLeaf& leaf : arena_.leaves()) leaf.tensor.set_grad_hook({});
}

void GradientSync::start() {
  for (Bucket& bucket : buckets_) bucket.num_missing = bucket.num_leaves;
  next_ = 0;
  started_ = true;
}

void GradientSync::count(Bucket& bucket) {
  if (!started_) return;
  --bucket.num_missing;
  for (; next_ < buckets_.size() && buckets_[next_].num_missing == 0; ++next_)
    group_.start_all_reduce(buckets_[next_].gradients);
}

void GradientSync::finish() {
  started_ = false;
  // Leaves outside this graph have no hook that fires, and a gradient of an earlier micro-batch or
  // none.
  arena_.fill_missing_gradients();
  for (; next_ < buckets_.size(); ++next_) group_.start_all_reduce(buckets_[next_].gradients);
  group_.finish_all_reduces();
}

}  // namespace denovo::nn
