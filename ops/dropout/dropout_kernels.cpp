#include "ops/dropout/dropout_kernels.h"

#include "core/kernels/kernel.h"
#include "core/kernels/random.h"

namespace denovo::ops {
namespace {

template <class T>
struct Forward {
  static constexpr int kVector = 1;  // a byte says of each element whether it was kept
  const T* x;
  T* y;
  uint8_t* kept;
  const StepState* step;
  const int64_t* image_ids;
  const int32_t *images, *numbers;  // null: a row is an image
  uint64_t seed;
  uint32_t first, threshold;
  Compute<T> scale;
  int64_t channels;

  struct Row {
    RandomStream draws;
    uint32_t first;
    bool empty;
    int64_t at;
  };
  DENOVO_HD Row row(int64_t r) const {
    const int64_t image = images ? images[r] : r;
    const bool empty = image < 0;
    const int64_t number = empty || !numbers ? 0 : numbers[r];
    return {{seed, RandomPurpose::kDropout, static_cast<uint32_t>(step->iteration),
             empty ? 0 : fold_id(image_ids[image])},
            first + static_cast<uint32_t>(number * channels),
            empty,
            r * channels};
  }
  template <int V>
  DENOVO_HD void apply(const Row& row, int64_t c) const {
    const bool keep =
        !row.empty && row.draws.bits(row.first + static_cast<uint32_t>(c)) >= threshold;
    const Compute<T> value = static_cast<Compute<T>>(x[row.at + c]) * scale;
    y[row.at + c] = static_cast<T>(keep ? value : Compute<T>(0));
    kept[row.at + c] = keep;
  }
};

template <class T, bool kAccumulate>
struct Backward {
  const T* grad_y;
  const uint8_t* kept;
  T* grad_x;
  Compute<T> scale;
  DENOVO_HD void operator()(int64_t i) const {
    Compute<T> g = kept[i] ? static_cast<Compute<T>>(grad_y[i]) * scale : Compute<T>(0);
    if constexpr (kAccumulate) g += static_cast<Compute<T>>(grad_x[i]);
    grad_x[i] = static_cast<T>(g);
  }
};

}  // namespace

void run(Context& ctx, const DropoutForward& args) {
  const DropoutRows& rows = args.rows;
  const auto data_of = [](const Tensor& numbers) {
    return numbers.defined() ? numbers.data<int32_t>() : nullptr;
  };
  dispatch_floating(args.x.dtype(), [&]<class T>() {
    parallel_rows(ctx, args.x.size(0), args.x.size(1),
                  Forward<T>{.x = args.x.data<T>(),
                             .y = args.y.data<T>(),
                             .kept = args.kept.data<uint8_t>(),
                             .step = rows.step,
                             .image_ids = rows.image_ids.data<int64_t>(),
                             .images = data_of(rows.images),
                             .numbers = data_of(rows.numbers),
                             .seed = rows.seed,
                             .first = static_cast<uint32_t>(args.options.layer) << 28,
                             .threshold = static_cast<uint32_t>(args.options.rate * 0x1p32),
                             .scale = static_cast<Compute<T>>(1 / (1 - args.options.rate)),
                             .channels = args.x.size(1)});
  });
}

void run(Context& ctx, const DropoutBackward& args) {
  dispatch_floating(args.grad_x.dtype(), [&]<class T>() {
    const T* grad_y = args.grad_y.data<T>();
    const uint8_t* kept = args.kept.data<uint8_t>();
    T* grad_x = args.grad_x.data<T>();
    const auto scale = static_cast<Compute<T>>(1 / (1 - args.rate));
    if (args.beta == 0) {
      parallel_for(ctx, args.grad_x.numel(), Backward<T, false>{grad_y, kept, grad_x, scale});
    } else {
      parallel_for(ctx, args.grad_x.numel(), Backward<T, true>{grad_y, kept, grad_x, scale});
    }
  });
}

}  // namespace denovo::ops
