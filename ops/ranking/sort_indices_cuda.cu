#include "ops/ranking/sort_indices.h"

#include <cub/device/device_radix_sort.cuh>

#include "core/cuda/cuda_context.h"
#include "core/cuda/cuda_error.h"

namespace denovo::ops {
namespace {

template <class K>
void sort(CudaContext& ctx, KeyedIndices<K>& items) {
  if (items.count == 0) return;
  cub::DoubleBuffer<K> keys(items.keys, items.other_keys);
  cub::DoubleBuffer<uint32_t> indices(items.indices, items.other_indices);
  // Asked without memory, CUB says how much it needs.
  size_t bytes = 0;
  const auto sort_pairs = [&](void* memory) {
    check_cuda(cub::DeviceRadixSort::SortPairs(memory, bytes, keys, indices, items.count, 0,
                                               items.bits, ctx.stream()),
               "cub::DeviceRadixSort::SortPairs");
  };
  sort_pairs(nullptr);
  const Tensor memory = Tensor::empty({static_cast<int64_t>(bytes)}, DType::kU8, ctx.device());
  sort_pairs(memory.raw());
  ctx.check_launch("cub::DeviceRadixSort::SortPairs", std::source_location::current());
  items.keys = keys.Current();
  items.indices = indices.Current();
}

}  // namespace

void sort_indices(CudaContext& ctx, KeyedIndices<uint64_t>& items) {
  sort(ctx, items);
}
void sort_indices(CudaContext& ctx, KeyedIndices<WideRank>& items) {
  sort(ctx, items);
}

}  // namespace denovo::ops
