#include "ops/conv2d/conv2d_plans.h"

#include <fmt/format.h>

#include <limits>

#include "core/cuda/cuda_devices.h"
#include "core/cuda/cuda_error.h"
#include "core/error.h"
#include "core/run/repeated_work.h"
#include "ops/conv2d/conv2d_tuning.h"

namespace denovo::ops {
namespace {

// In host memory, with its graph and descriptors, and 1.7 ms of the host to make one: measured for
// an H200's properties with cuDNN 9.19. A step of R50-FPN has 141, of which 129 depend on the
// image's shape: the bytes suffice for 150 shapes.
constexpr size_t kPlanBytes = size_t{54} << 10;
constexpr size_t kMaxBytes = size_t{1} << 30;

/// "# cuDNN 91900, NVIDIA H100 80GB HBM3"
std::string machine_of(const CudaContext& ctx) {
  const CudaGpu& gpu = cuda_inventory().gpus.at(static_cast<size_t>(ctx.device().index));
  return fmt::format("# cuDNN {}, {}", cudnnGetVersion(), gpu.name);
}

/// The tensor that a plan writes.
std::pair<int64_t, Shape> result_of(const Conv2dKey& k) {
  switch (k.direction) {
    case ConvDirection::kForward:
      return {kY, {k.n, k.out_h, k.out_w, k.c_out}};
    case ConvDirection::kBackwardData:
      return {kX, {k.n, k.h, k.w, k.c_in}};
    case ConvDirection::kBackwardWeight:
      break;
  }
  return {kWeight, {k.c_out, k.kh, k.kw, k.c_in / k.groups}};
}

class Stopwatch {
 public:
  Stopwatch() {
    for (cudaEvent_t* event : {&start_, &end_})
      check_cuda(cudaEventCreate(event), "cudaEventCreate");
  }
  ~Stopwatch() {
    cudaEventDestroy(start_);
    cudaEventDestroy(end_);
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

  /// Milliseconds of the fastest of three runs, after one that does not count.
  template <class Work>
  float best_of_three(CudaContext& ctx, const Work& work) {
    float best = std::numeric_limits<float>::max();
    for (int run = -1; run < 3; ++run) {
      check_cuda(cudaEventRecord(start_, ctx.stream()), "cudaEventRecord");
      work();
      check_cuda(cudaEventRecord(end_, ctx.stream()), "cudaEventRecord");
      check_cuda(cudaEventSynchronize(end_), "cudaEventSynchronize");
      float milliseconds = 0;
      check_cuda(cudaEventElapsedTime(&milliseconds, start_, end_), "cudaEventElapsedTime");
      if (run >= 0) best = std::min(best, milliseconds);
    }
    return best;
  }

 private:
  cudaEvent_t start_ = nullptr, end_ = nullptr;
};

}  // namespace

Conv2dPlans::Conv2dPlans(CudaContext& ctx) : ctx_(ctx), target_(ctx.cudnn()), plans_(kMaxBytes) {}

const CudnnPlan* Conv2dPlans::find(const Conv2dKey& key, ConvBindings bindings) {
  if (const auto* found = plans_.find(key)) return *found ? &**found : nullptr;
  try {
    auto made = make(key, bindings);
    const size_t bytes = made ? kPlanBytes : sizeof(made);
    const auto& plan = plans_.add(key, std::move(made), bytes);
    return plan ? &*plan : nullptr;
  } catch (const BackendError& error) {
    throw BackendError(fmt::format("conv2d: {} ({}, ops/conv2d/conv2d_plans_cuda.cpp)",
                                   error.what(), to_string(key)));
  }
}

void Conv2dPlans::tune(const std::string& path) {
  choices_.emplace(path, machine_of(ctx_));
  plans_.clear();
}

void Conv2dPlans::stop_tuning() {
  choices_.reset();
  plans_.clear();
}

std::optional<CudnnPlan> Conv2dPlans::make(const Conv2dKey& key, ConvBindings bindings) {
  if (!choices_) return make_conv2d_plan(key, target_);
  if (const CudnnChoice* choice = choices_->find(key)) {
    auto plan = make_plan(make_conv2d_graph(key, target_), conv2d_rules(key), *choice);
    if (plan) return plan;
  }
  auto plan = fastest(key, bindings);
  if (plan) choices_->add(key, plan->choice);
  return plan;
}

std::optional<CudnnPlan> Conv2dPlans::fastest(const Conv2dKey& key, ConvBindings bindings) {
  forbid_while_recording("conv2d tuning");
  constexpr size_t kCandidates = 8;
  auto plans = make_plans(make_conv2d_graph(key, target_), conv2d_rules(key), kCandidates);
  if (plans.size() < 2) return plans.empty() ? std::nullopt : std::optional(std::move(plans[0]));
  const auto [result, shape] = result_of(key);
  const Tensor scratch = Tensor::empty(shape, static_cast<DType>(key.dtype), ctx_.device());
  std::vector<std::pair<int64_t, void*>> apart(bindings.begin(), bindings.end());
  for (auto& [id, address] : apart)
    if (id == result) address = scratch.raw();
  Stopwatch stopwatch;
  size_t best = 0;
  float best_time = std::numeric_limits<float>::max();
  for (size_t i = 0; i < plans.size(); ++i) {
    try {
      const float time = stopwatch.best_of_three(ctx_, [&] { execute(ctx_, plans[i], apart); });
      if (time < best_time) best_time = time, best = i;
    } catch (const BackendError&) {
      // An engine that fails is not the fastest; if it is the last one left, its use says why.
    }
  }
  return std::move(plans[best]);
}

Conv2dPlans& conv2d_plans(CudaContext& ctx) {
  static std::unordered_map<int, Conv2dPlans> plans;
  return plans.try_emplace(ctx.device().index, ctx).first->second;
}

void tune_convolutions(CudaContext& ctx, const std::string& path) {
  conv2d_plans(ctx).tune(path);
}

void stop_tuning_convolutions(CudaContext& ctx) {
  conv2d_plans(ctx).stop_tuning();
}

}  // namespace denovo::ops
