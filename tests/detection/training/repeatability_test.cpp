#include <algorithm>
#include <cmath>
#include <csignal>

#include "core/files/signals.h"
#include "tests/detection/training/small_run.h"

using namespace denovo;
using namespace denovo::detection;
using denovo::detection::testing::check_checkpoint_file;
using denovo::detection::testing::SmallRun;

namespace {

/// Trains in calls that a real SIGTERM ends after these iterations, then to the end.
void train_with_stops(SmallRun& run, const std::vector<int64_t>& stops) {
  bool resume = false;
  for (const int64_t stop : stops) {
    watch_signals();
    const nn::TrainOutcome outcome = run.train(resume, [&](int64_t done) {
      if (done == stop) std::raise(SIGTERM);
    });
    CHECK(outcome.signal == SIGTERM);
    resume = true;
  }
  watch_signals();
  CHECK(run.train(resume).signal == 0);
}

void check_same(const SmallRun& a, const SmallRun& b) {
  CHECK(a.model_bytes() == b.model_bytes());
  CHECK(a.optimizer_bytes() == b.optimizer_bytes());
  CHECK(a.metrics() == b.metrics());
}

}  // namespace

TEST_CASE("trainer: the same run twice gives the same bytes, on two threads as well") {
  SmallRun first, second;
  cpu_context().set_num_threads(2);
  first.train();
  second.train();
  check_same(first, second);
  CHECK(first.metrics().find("\"bbox/AP\"") != std::string::npos);

  SmallRun other({"seed=4", "solver.max_iter=1", "solver.steps=1"});
  other.train();
  CHECK(other.model_bytes() != first.model_bytes());
}

TEST_CASE("trainer: stopped in warm-up, at an epoch's edge and after a drop equals uninterrupted") {
  SmallRun whole, stopped;
  whole.train();
  train_with_stops(stopped, {2, 6, 9});
  check_same(stopped, whole);
}

TEST_CASE(
    "trainer: a signal at an evaluation and at the last iteration loses and repeats nothing") {
  SmallRun whole({"eval.period=3"}), stopped({"eval.period=3"});
  whole.train();
  train_with_stops(stopped, {3, 12});
  check_same(stopped, whole);
  CHECK(whole.metric("bbox/AP").size() == 4);
}

TEST_CASE("trainer: 1, 2 and 4 loading threads give the same bytes") {
  SmallRun one({"data.workers=1"}), two({"data.workers=2"}), four({"data.workers=4"});
  one.train();
  two.train();
  four.train();
  check_same(two, one);
  check_same(four, one);
}

TEST_CASE("trainer: a lengthened run equals the long one while the schedules agree") {
  SmallRun whole({"solver.max_iter=10", "log.period=1", "data.val_annotations="});
  SmallRun grown({"solver.max_iter=8", "log.period=1", "data.val_annotations="});
  whole.train();
  grown.train();
  grown.config.solver.max_iter = 10;
  grown.train(true);
  check_same(grown, whole);
}

TEST_CASE("trainer: two micro-batches of the same images make the update of one batch") {
  // GroupNorm knows single images only, so the objective is the same; sums differ in order.
  SmallRun whole({"solver.max_iter=2", "solver.steps=2", "log.period=1", "data.val_annotations="});
  SmallRun parts({"solver.max_iter=2", "solver.steps=2", "log.period=1",
                  "data.val_annotations=", "solver.accumulate=2"});
  whole.train();
  parts.train();
  for (const char* name :
       {"loss_rpn_cls", "loss_rpn_loc", "loss_cls", "loss_box_reg", "loss_mask", "total_loss"}) {
    const auto a = parts.metric(name), b = whole.metric(name);
    REQUIRE(a.size() == 2);
    REQUIRE(b.size() == 2);
    for (size_t i = 0; i < a.size(); ++i)
      CHECK_MESSAGE(std::abs(a[i] - b[i]) <= 1e-6 * std::abs(b[i]), name, a[i], b[i]);
  }
  check_checkpoint_file(parts, whole, "model.safetensors", 1e-6);
}

TEST_CASE("trainer: frozen stages keep their weights and have no momentum") {
  SmallRun source({"solver.max_iter=1", "solver.steps=1", "data.val_annotations="});
  source.train();
  const std::string weights = source.checkpoint() + "/model.safetensors";
  SmallRun frozen({"solver.max_iter=2", "solver.steps=2", "model.freeze_at=2",
                   "model.weights=\"" + weights + "\"", "data.val_annotations="});
  frozen.train();
  const auto before = read_safetensors(weights);
  const auto after = read_safetensors(frozen.checkpoint() + "/model.safetensors");
  REQUIRE(before.size() == after.size());
  int num_frozen = 0;
  for (size_t i = 0; i < before.size(); ++i) {
    const std::string& name = before[i].first;
    CAPTURE(name);
    const bool is_frozen = name.find("bottom_up.stem") != std::string::npos ||
                           name.find("bottom_up.res2") != std::string::npos;
    const bool same = before[i].second.to_vector<float>() == after[i].second.to_vector<float>();
    if (is_frozen) CHECK(same);
    if (name.find("bottom_up.res3.0.conv1.weight") != std::string::npos) CHECK(!same);
    num_frozen += is_frozen;
  }
  CHECK(num_frozen > 0);
  for (const auto& [name, tensor] :
       read_safetensors(frozen.checkpoint() + "/optimizer.safetensors")) {
    CHECK(name.find("bottom_up.stem") == std::string::npos);
    CHECK(name.find("bottom_up.res2") == std::string::npos);
  }
}
