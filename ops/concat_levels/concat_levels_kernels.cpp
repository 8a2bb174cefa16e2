#include "ops/concat_levels/concat_levels_kernels.h"

#include <numeric>

#include "core/kernels/common_vector.h"
#include "core/kernels/divisor.h"
#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

/// Element i of all images' levels, and where it stands in the list.
template <class T, bool kToList, bool kAccumulate>
struct MoveLevel {
  static constexpr int kVector = 16 / sizeof(T);
  T *level, *list;
  Divisor level_size;
  int64_t list_size, first;

  int vector() const {
    return common_vector(kVector, std::gcd(std::gcd(int64_t{level_size.value()}, list_size), first),
                         level, list);
  }
  template <int V>
  DENOVO_HD void apply(int64_t i) const {
    auto inside = static_cast<uint32_t>(i);
    const int64_t image = level_size.divide(inside);
    T *here = level + i, *there = list + image * list_size + first + inside;
    auto value = Pack<T, V>::load(kToList ? here : there);
    if constexpr (kAccumulate) {
      const auto before = Pack<T, V>::load(here);
      for (int v = 0; v < V; ++v) value.v[v] += before.v[v];
    }
    value.store(kToList ? there : here);
  }
};

}  // namespace

void run(Context& ctx, const CopyLevel& args) {
  if (args.level.numel() == 0) return;
  const int64_t n = args.level.size(0), level_size = args.level.numel() / n,
                list_size = args.list.numel() / n;
  if (args.level.numel() >= int64_t{1} << 31)
    throw ShapeError("concat_levels: a level must have fewer than 2^31 elements, got " +
                     to_string(args.level.shape()));
  dispatch_floating(args.level.dtype(), [&]<class T>() {
    const auto move = [&]<bool kToList, bool kAccumulate>() {
      parallel_vectors(
          ctx, args.level.numel(),
          MoveLevel<T, kToList, kAccumulate>{args.level.data<T>(), args.list.data<T>(),
                                             Divisor(level_size), list_size, args.first});
    };
    if (args.to_list) {
      move.template operator()<true, false>();
    } else {
      args.beta == 0 ? move.template operator()<false, false>()
                     : move.template operator()<false, true>();
    }
  });
}

}  // namespace denovo::ops
