#include "ops/mask_bce/mask_bce_kernels.h"

#include <cmath>

#include "core/kernels/kernel.h"
#include "ops/sigmoid/sigmoid_math.h"

namespace denovo::ops {
namespace {

template <class T>
struct Pixels {
  const T* logits;
  const int32_t* classes;
  const uint8_t* targets;
  const Compute<T>* weights;
  int64_t pixels;  // H W
  int32_t num_classes;

  DENOVO_HD Compute<T> weight(int64_t p) const {
    return weights[p / pixels] / static_cast<Compute<T>>(pixels);
  }
  /// Channel of pixel p; -1: there is no such class.
  DENOVO_HD int32_t channel(int64_t p) const {
    const int32_t k = num_classes == 1 ? 0 : classes[p / pixels];
    return k >= 0 && k < num_classes ? k : -1;
  }
  DENOVO_HD Compute<T> logit(int64_t p, int32_t channel) const {
    return channel < 0 ? Compute<T>(NAN)
                       : static_cast<Compute<T>>(logits[p * num_classes + channel]);
  }
};

template <class T>
struct Forward {
  Pixels<T> in;
  Compute<T>* losses;
  DENOVO_HD void operator()(int64_t p) const {
    const Compute<T> weight = in.weight(p);
    losses[p] = weight == 0
                    ? Compute<T>(0)
                    : weight * sigmoid_bce_value(in.logit(p, in.channel(p)), in.targets[p] != 0);
  }
};

/// A row is a pixel: its one gradient is computed once, then all channels are written, so that no
/// pass before this one has to clear them.
template <class T>
struct Assign {
  static constexpr int kVector = 16 / sizeof(T);
  Pixels<T> in;
  const Compute<T>* grad_y;
  T* grad_logits;

  struct Pixel {
    Compute<T> gradient;
    int32_t channel;
    T* to;
  };
  DENOVO_HD Pixel row(int64_t p) const {
    T* to = grad_logits + p * in.num_classes;
    const Compute<T> weight = in.weight(p);
    if (weight == 0) return {0, -1, to};
    const int32_t channel = in.channel(p);
    const Compute<T> target = in.targets[p] != 0 ? 1 : 0;
    return {weight * *grad_y * (sigmoid_value(in.logit(p, channel)) - target), channel, to};
  }
  template <int V>
  DENOVO_HD void apply(const Pixel& pixel, int64_t c) const {
    Pack<T, V> g;
    for (int k = 0; k < V; ++k) {
      g.v[k] = static_cast<int32_t>(c) + k == pixel.channel ? pixel.gradient : Compute<T>(0);
    }
    g.store(pixel.to + c);
  }
};

/// Adding touches the one channel that has a gradient.
template <class T>
struct Accumulate {
  Assign<T> assign;
  DENOVO_HD void operator()(int64_t p) const {
    const auto pixel = assign.row(p);
    if (pixel.channel < 0) return;
    T& g = pixel.to[pixel.channel];
    g = static_cast<T>(static_cast<Compute<T>>(g) + pixel.gradient);
  }
};

template <class T>
Pixels<T> pixels_of(const MaskBceInputs& in) {
  return {in.logits.data<T>(),
          in.classes.data<int32_t>(),
          in.targets.data<uint8_t>(),
          in.weights.data<Compute<T>>(),
          in.targets.size(1) * in.targets.size(2),
          static_cast<int32_t>(in.logits.size(3))};
}

}  // namespace

void run(Context& ctx, const MaskBceForward& args) {
  dispatch_floating(args.inputs.logits.dtype(), [&]<class T>() {
    parallel_for(ctx, args.losses.numel(),
                 Forward<T>{pixels_of<T>(args.inputs), args.losses.data<Compute<T>>()});
  });
}

void run(Context& ctx, const MaskBceBackward& args) {
  dispatch_floating(args.inputs.logits.dtype(), [&]<class T>() {
    const Assign<T> assign{pixels_of<T>(args.inputs), args.grad_y.data<Compute<T>>(),
                           args.grad_logits.data<T>()};
    const int64_t pixels = args.inputs.targets.numel();
    if (args.beta == 0) {
      parallel_rows(ctx, pixels, args.grad_logits.size(3), assign);
    } else {
      parallel_for(ctx, pixels, Accumulate<T>{assign});
    }
  });
}

}  // namespace denovo::ops
