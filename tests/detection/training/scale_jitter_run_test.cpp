// Runs with large-scale jitter: crops, images whose objects vanish, another padded size.
#include <csignal>

#include "core/files/signals.h"
#include "tests/detection/training/small_run.h"

using namespace denovo;
using namespace denovo::detection;
using denovo::detection::testing::SmallRun;

namespace {

const std::vector<std::string> kJittered = {"input.jitter_size=64", "input.jitter_scales=0.3,2",
                                            "solver.max_iter=8", "solver.steps=6", "log.period=1"};

}  // namespace

TEST_CASE(
    "trainer: large-scale jitter, stopped and resumed, equals uninterrupted, on any threads") {
  SmallRun whole(kJittered), stopped(kJittered);
  whole.train();
  watch_signals();
  CHECK(stopped
            .train(false,
                   [](int64_t done) {
                     if (done == 5) std::raise(SIGTERM);
                   })
            .signal == SIGTERM);
  watch_signals();
  stopped.config.data.workers = 4;
  stopped.train(true);
  CHECK(stopped.model_bytes() == whole.model_bytes());
  CHECK(stopped.optimizer_bytes() == whole.optimizer_bytes());
  CHECK(stopped.metrics() == whole.metrics());
  for (const double loss : whole.metric("total_loss")) CHECK(std::isfinite(loss));

  // Crops leave fewer pixels than the square has, and images of another size: it is not the run
  // without.
  const auto pixels = whole.metric("pixels_seen");
  REQUIRE(!pixels.empty());
  CHECK(pixels.back() < 8 * 4 * 64 * 64);
}
