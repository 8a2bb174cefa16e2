// The launches in their order on the backend that core/kernels/kernel.h picks: the GPU's run, and
// on the CPU the test of the same phases.
#pragma once

#include "core/kernels/kernel.h"
#include "core/kernels/random.h"
#include "ops/balanced_sample/sample_blocks.h"

namespace denovo::ops::balanced_sample_blocks {

/// The key of every box that may be chosen; 0 of the others, so that whoever fetches keys beside
/// labels reads nothing unwritten.
struct DrawKeys {
  const int32_t* labels;
  const int64_t* image_ids;
  const StepState* step;
  uint64_t seed;
  RandomPurpose purpose;
  int64_t num_boxes;
  uint32_t* keys;

  DENOVO_HD void operator()(int64_t i) const {
    if (labels[i] != 0 && labels[i] != 1) {
      keys[i] = 0;
      return;
    }
    const RandomStream stream{seed, purpose, static_cast<uint32_t>(step->iteration),
                              fold_id(image_ids[i / num_boxes])};
    keys[i] = stream.bits(static_cast<uint32_t>(i % num_boxes));
  }
};

inline void run(Context& ctx, const SampleBalanced& args) {
  const Device device = args.labels.device();
  const int64_t images = args.labels.size(0), num_boxes = args.labels.size(1);
  const Tensor key_tensor = Tensor::empty({images, num_boxes}, DType::kI32, device),
               scratch = Tensor::empty({images, args.options.num}, DType::kI32, device);
  const auto words = [](const Tensor& t) { return reinterpret_cast<uint32_t*>(t.raw()); };
  parallel_for(ctx, images * num_boxes,
               DrawKeys{args.labels.data<int32_t>(), args.image_ids.data<int64_t>(), args.step,
                        args.options.seed, args.options.purpose, num_boxes, words(key_tensor)});
  parallel_phases(ctx, images, SelectSample(args, words(key_tensor), words(scratch)));
}

}  // namespace denovo::ops::balanced_sample_blocks
