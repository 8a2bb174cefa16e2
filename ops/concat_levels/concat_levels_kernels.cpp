#include "ops/concat_levels/concat_levels_kernels.h"

#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

template <class T>
struct Scatter {
  const T* level;
  T* list;
  int64_t level_size, list_size, first;
  DENOVO_HD void operator()(int64_t i) const {
    list[i / level_size * list_size + first + i % level_size] = level[i];
  }
};

template <class T>
struct Gather {
  T* level;
  const T* list;
  int64_t level_size, list_size, first;
  bool accumulate;
  DENOVO_HD void operator()(int64_t i) const {
    const Compute<T> g = list[i / level_size * list_size + first + i % level_size];
    level[i] = static_cast<T>(accumulate ? static_cast<Compute<T>>(level[i]) + g : g);
  }
};

}  // namespace

void run(Context& ctx, const CopyLevel& args) {
  if (args.level.numel() == 0) return;
  const int64_t n = args.level.size(0), level_size = args.level.numel() / n,
                list_size = args.list.numel() / n;
  dispatch_floating(args.level.dtype(), [&]<class T>() {
    T *level = args.level.data<T>(), *list = args.list.data<T>();
    if (args.to_list) {
      parallel_for(ctx, args.level.numel(),
                   Scatter<T>{level, list, level_size, list_size, args.first});
    } else {
      parallel_for(ctx, args.level.numel(),
                   Gather<T>{level, list, level_size, list_size, args.first, args.beta != 0});
    }
  });
}

}  // namespace denovo::ops
