#include <doctest/doctest.h>

#include <cmath>
#include <csignal>

#include "core/dist/rank_error.h"
#include "core/files/signals.h"
#include "testing/ranks.h"
#include "tests/detection/training/small_run.h"

using namespace denovo;
using namespace denovo::detection;
using denovo::detection::testing::shared_data;
using denovo::detection::testing::SmallRun;
using denovo::testing::group;

namespace {

/// A few updates of eight images: two for each of four ranks.
std::vector<std::string> few_steps() {
  return {"solver.images_per_batch=8", "solver.max_iter=4", "solver.steps=3", "log.period=1"};
}

/// A run directory that all ranks see; rank 0's.
std::string shared_out(const SmallRun& run) {
  return group().broadcast(run.out());
}

nn::TrainOutcome train(const SmallRun& run, ProcessGroup& ranks, bool resume = false,
                       std::function<void(int64_t)> after_update = {}) {
  Logger logger(true);
  const std::string out = ranks.size() > 1 ? shared_out(run) : run.out();
  return detection::train(run.config, {out, resume, Device(), std::move(after_update)}, logger,
                          ranks);
}

/// |a - b| <= 1e-5 of the largest weight: f32 sums in other orders over four updates.
void check_close_weights(const std::string& a, const std::string& b) {
  const auto ours = read_safetensors(a), others = read_safetensors(b);
  REQUIRE(ours.size() == others.size());
  for (size_t i = 0; i < ours.size(); ++i) {
    const auto x = ours[i].second.to_vector<float>(), y = others[i].second.to_vector<float>();
    double worst = 0, largest = 1e-30;
    for (size_t k = 0; k < x.size(); ++k) {
      worst = std::max(worst, std::abs(double{x[k]} - y[k]));
      largest = std::max(largest, std::abs(double{y[k]}));
    }
    INFO(ours[i].first, ": ", worst, " of ", largest);
    CHECK(worst <= 1e-5 * largest);
  }
}

}  // namespace

TEST_CASE("ranks: a run equals that of one rank, metrics and evaluation too") {
  SmallRun one(few_steps()), ours(few_steps());
  one.config.data.root = ours.config.data.root = shared_data(group());
  one.config.eval.loss = ours.config.eval.loss = true;
  const nn::TrainOutcome outcome = train(ours, group());
  CHECK(outcome.signal == 0);
  if (!group().is_first()) {
    CHECK(!std::filesystem::exists(ours.out()));
    CHECK(outcome.summary.empty());
    return;
  }
  train(one, ProcessGroup::alone());
  CHECK(!outcome.summary.empty());
  check_close_weights(ours.checkpoint() + "/model.safetensors",
                      one.checkpoint() + "/model.safetensors");
  CHECK(ours.metric("images_seen") == one.metric("images_seen"));
  CHECK(ours.metric("instances_seen") == one.metric("instances_seen"));
  CHECK(ours.metric("pixels_seen") == one.metric("pixels_seen"));
  for (const char* name : {"total_loss", "bbox/AP", "val_total_loss"}) {
    const auto a = ours.metric(name), b = one.metric(name);
    REQUIRE(a.size() == b.size());
    REQUIRE(!a.empty());
    for (size_t i = 0; i < a.size(); ++i) CHECK(a[i] == doctest::Approx(b[i]).epsilon(1e-4));
  }
}

TEST_CASE("ranks: a signal to one stops all after the same step, another number of them goes on") {
  SmallRun whole(few_steps()), stopped(few_steps());
  whole.config.data.root = stopped.config.data.root = shared_data(group());
  watch_signals();
  const nn::TrainOutcome outcome = train(stopped, group(), false, [](int64_t done) {
    if (done == 1 && group().rank() == 1) std::raise(SIGTERM);
  });
  CHECK(outcome.signal == SIGTERM);
  watch_signals();
  if (!group().is_first()) return;
  train(whole, ProcessGroup::alone());
  CHECK(train(stopped, ProcessGroup::alone(), true).signal == 0);
  check_close_weights(stopped.checkpoint() + "/model.safetensors",
                      whole.checkpoint() + "/model.safetensors");
  CHECK(stopped.metric("images_seen") == whole.metric("images_seen"));
}

TEST_CASE("ranks: averaged weights equal those of one rank") {
  SmallRun one(few_steps()), ours(few_steps());
  one.config.data.root = ours.config.data.root = shared_data(group());
  one.config.data.val_annotations = ours.config.data.val_annotations = "";
  one.config.solver.ema_decay = ours.config.solver.ema_decay = 0.9;
  train(ours, group());
  if (!group().is_first()) return;
  train(one, ProcessGroup::alone());
  for (const char* file : {"/model.safetensors", "/optimizer.safetensors"})
    check_close_weights(ours.checkpoint() + file, one.checkpoint() + file);
}

TEST_CASE("ranks: a run that one rank began is continued by all") {
  SmallRun whole(few_steps()), grown(few_steps());
  whole.config.data.root = grown.config.data.root = shared_data(group());
  grown.config.solver.max_iter = 2;
  grown.config.solver.steps = {3};
  grown.config.data.val_annotations = whole.config.data.val_annotations = "";
  if (group().is_first()) train(grown, ProcessGroup::alone());
  grown.config.solver.max_iter = 4;
  train(grown, group(), true);
  if (!group().is_first()) return;
  train(whole, ProcessGroup::alone());
  check_close_weights(grown.checkpoint() + "/model.safetensors",
                      whole.checkpoint() + "/model.safetensors");
}

TEST_CASE("ranks: a batch that cannot be dealt is refused before anything is written") {
  SmallRun run({"solver.images_per_batch=6", "solver.images_per_group=6"});
  run.config.data.root = shared_data(group());
  try {
    train(run, group());
    FAIL_CHECK("the batch was accepted");
  } catch (const ConfigError& error) {
    CHECK(group().is_first());
    const std::string message = error.what();
    CHECK_MESSAGE(message.starts_with("config: solver.images_per_"), message);
  } catch (const PeerError& error) {
    CHECK(error.status() == 2);
  }
  CHECK(!std::filesystem::exists(run.out()));
}

TEST_CASE("ranks: a diverging run is told once, with the images of all ranks") {
  auto overrides = few_steps();
  overrides.insert(overrides.end(), {"solver.base_lr=1e6", "solver.warmup_iters=0"});
  SmallRun run(overrides);
  run.config.data.root = shared_data(group());
  try {
    train(run, group());
    FAIL_CHECK("the run did not diverge");
  } catch (const DivergedError& error) {
    CHECK(group().is_first());
    const std::string message = error.what();
    CHECK_MESSAGE(std::regex_match(message, std::regex("training diverged at iteration [1-3]: .*, "
                                                       "images ([0-9]+, ){7}[0-9]+; no update was "
                                                       "made from there on")),
                  message);
  } catch (const PeerError& error) {
    CHECK(error.status() == 1);
  }
}
