// The trainer on other devices and in other precisions. Whole runs from the same config, so that
// loading, sampling, losses, gradients and the optimiser are all inside the comparison.
#include <algorithm>
#include <cmath>
#include <csignal>

#include "core/files/signals.h"
#include "testing/gpu.h"
#include "tests/detection/training/small_run.h"

using namespace denovo;
using namespace denovo::detection;
using denovo::detection::testing::kSteadySeed;
using denovo::detection::testing::SmallRun;
using denovo::testing::gpu_or_skip;

namespace {

/// The run of so many iterations, each in the metrics, without evaluations.
std::vector<std::string> short_run(int iterations) {
  return {"solver.max_iter=" + std::to_string(iterations), "solver.steps=[]", "log.period=1",
          "data.val_annotations="};
}

/// A run whose samples do not hang on the last bits of scores: every anchor is sampled, and no
/// proposal is large enough, which leaves the ground truth as RoIs.
std::vector<std::string> steady_run(int iterations) {
  auto overrides = short_run(iterations);
  overrides.insert(overrides.end(), {"model.rpn.batch_per_image=2000", "model.rpn.min_size=10000"});
  return overrides;
}

/// Every loss of every iteration, within a share of the total.
void check_losses(const SmallRun& a, const SmallRun& b, double tolerance) {
  const auto total = b.metric("total_loss");
  for (const char* name :
       {"loss_rpn_cls", "loss_rpn_loc", "loss_cls", "loss_box_reg", "loss_mask", "total_loss"}) {
    const auto x = a.metric(name), y = b.metric(name);
    REQUIRE(x.size() == y.size());
    for (size_t i = 0; i < x.size(); ++i) {
      INFO(std::string(name), " of iteration ", i);
      CHECK(std::abs(x[i] - y[i]) <= tolerance * total[i]);
    }
  }
}

}  // namespace

TEST_CASE("trainer: bf16 activations follow the f32 run, and the weights stay f32") {
  SmallRun exact(steady_run(12)), rounded(steady_run(12));
  rounded.config.solver.precision = nn::Precision::kBF16;
  exact.train();
  rounded.train();
  CHECK(rounded.model_bytes() != exact.model_bytes());
  // Eight bits in every activation.
  check_losses(rounded, exact, 0.02);
  for (const auto& [name, tensor] : read_safetensors(rounded.checkpoint() + "/model.safetensors"))
    CHECK_MESSAGE(tensor.dtype() == DType::kF32, name);
}

TEST_CASE("trainer: tf32 on a CPU is refused before anything is written") {
  SmallRun run(short_run(1));
  run.config.solver.precision = nn::Precision::kTf32;
  CHECK_THROWS_WITH_AS(
      run.train(), "tf32: needs an NVIDIA GPU; use precision f32 or bf16 on the cpu", ConfigError);
  CHECK(!std::filesystem::exists(run.out()));
}

TEST_CASE("trainer: an update can be recorded for a GPU: with solver.cuda_graph the same bytes") {
  // On the CPU every update runs, under the rules of a record (core/run/repeated_work.h).
  auto devices = std::vector{kCpu};
  if (const auto gpu = gpu_or_skip()) devices.push_back(*gpu);
  for (const Device device : devices) {
    SmallRun plain, recorded;
    for (SmallRun* run : {&plain, &recorded}) {
      run->device = device;
      run->config.input.min_size_train = {64, 96};
      run->config.solver.accumulate = 2;
    }
    recorded.config.solver.cuda_graph = true;
    plain.train();
    recorded.train();
    CHECK(recorded.model_bytes() == plain.model_bytes());
    CHECK(recorded.optimizer_bytes() == plain.optimizer_bytes());
    CHECK(recorded.metrics() == plain.metrics());
  }
}

TEST_CASE("trainer: ten updates on a GPU keep the losses of the CPU") {
  const auto gpu = gpu_or_skip();
  if (!gpu) return;
  // What rounding moves grows with every update. On the CPU 15 changes of all weights by up to 3e-6
  // of themselves move these losses by 1.2e-4 at most; after twenty updates, or with another seed
  // after twelve, by more than 1e-2.
  SmallRun on_cpu(steady_run(10)), on_gpu(steady_run(10));
  on_cpu.config.seed = on_gpu.config.seed = kSteadySeed;
  on_gpu.device = *gpu;
  on_cpu.train();
  on_gpu.train();
  check_losses(on_gpu, on_cpu, 0.003);
}

TEST_CASE("trainer: fifty updates on a GPU give the same bytes twice, in f32 and in bf16") {
  const auto gpu = gpu_or_skip();
  if (!gpu) return;
  for (const auto precision : {nn::Precision::kF32, nn::Precision::kBF16}) {
    SmallRun first(short_run(50)), second(short_run(50));
    for (SmallRun* run : {&first, &second}) {
      run->device = *gpu;
      run->config.solver.precision = precision;
      run->train();
    }
    CHECK(first.model_bytes() == second.model_bytes());
    CHECK(first.optimizer_bytes() == second.optimizer_bytes());
    CHECK(first.metrics() == second.metrics());
  }
}

TEST_CASE("trainer: a run on a GPU that was stopped and resumed equals the uninterrupted one") {
  const auto gpu = gpu_or_skip();
  if (!gpu) return;
  SmallRun whole, stopped;
  whole.device = stopped.device = *gpu;
  whole.train();
  watch_signals();
  const nn::TrainOutcome outcome = stopped.train(false, [](int64_t done) {
    if (done == 5) std::raise(SIGTERM);
  });
  CHECK(outcome.signal == SIGTERM);
  watch_signals();
  CHECK(stopped.train(true).signal == 0);
  CHECK(stopped.model_bytes() == whole.model_bytes());
  CHECK(stopped.optimizer_bytes() == whole.optimizer_bytes());
  CHECK(stopped.metrics() == whole.metrics());
}
