// Pre-training on several ranks: the updates of one rank with the whole batch, up to rounding.
#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>

#include "core/files/safetensors.h"
#include "core/files/signals.h"
#include "testing/ranks.h"
#include "tests/detection/pretraining/small_pretraining.h"

using namespace denovo;
using namespace denovo::detection;
using denovo::detection::testing::SmallPretraining;
using denovo::testing::group;

namespace {

const std::vector<std::string> kFewSteps{"solver.max_iter=4", "log.period=1"};

nn::TrainOutcome train(const SmallPretraining& run, ProcessGroup& ranks, bool resume = false,
                       std::function<void(int64_t)> after_update = {}) {
  Logger logger(true);
  const std::string out = ranks.size() > 1 ? group().broadcast(run.out()) : run.out();
  return detection::train(run.config, {out, resume, kCpu, std::move(after_update)}, logger, ranks);
}

/// The same data for all ranks; rank 0 makes them.
void share_data(SmallPretraining& run) {
  run.config.data.root = group().broadcast(
      group().is_first() ? detection::testing::small_classification_data() : std::string());
}

/// f32 sums in other orders over four updates.
void check_close_weights(const SmallPretraining& ours, const SmallPretraining& others) {
  const auto a = read_safetensors(ours.checkpoint() + "/model.safetensors");
  const auto b = read_safetensors(others.checkpoint() + "/model.safetensors");
  REQUIRE(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    CAPTURE(a[i].first);
    const auto x = a[i].second.to_vector<float>(), y = b[i].second.to_vector<float>();
    double worst = 0, largest = 1e-30;
    for (size_t k = 0; k < x.size(); ++k) {
      worst = std::max(worst, std::abs(double{x[k]} - y[k]));
      largest = std::max(largest, std::abs(double{y[k]}));
    }
    CHECK(worst <= 1e-5 * largest);
  }
}

}  // namespace

TEST_CASE("ranks: pre-training equals that of one rank, accuracy and counters too") {
  for (const auto norm : {nn::NormKind::kGroupNorm, nn::NormKind::kSyncBatchNorm}) {
    CAPTURE(choice_name(norm, nn::kNormNames));
    SmallPretraining one(kFewSteps), ours(kFewSteps);
    for (SmallPretraining* run : {&one, &ours}) {
      share_data(*run);
      run->config.model.backbone.norm = norm;
      // Dropout follows images, whichever rank has them.
      run->config.model.head = {.fcs = 1, .fc_channels = 16, .dropout = 0.5};
    }
    train(ours, group());
    if (!group().is_first()) {
      CHECK(!std::filesystem::exists(ours.out()));
      continue;
    }
    train(one, ProcessGroup::alone());
    check_close_weights(ours, one);
    CHECK(ours.metric("images_seen") == one.metric("images_seen"));
    CHECK(ours.metric("top1") == one.metric("top1"));
    const auto a = ours.metric("loss_cls"), b = one.metric("loss_cls");
    REQUIRE(a.size() == 4);
    for (size_t i = 0; i < a.size(); ++i) CHECK(a[i] == doctest::Approx(b[i]).epsilon(1e-4));
  }
}

TEST_CASE("ranks: pre-training stopped on all ranks goes on with one") {
  SmallPretraining whole(kFewSteps), stopped(kFewSteps);
  share_data(whole);
  share_data(stopped);
  watch_signals();
  const auto outcome = train(stopped, group(), false, [](int64_t done) {
    if (done == 1 && group().rank() == 1) std::raise(SIGTERM);
  });
  CHECK(outcome.signal == SIGTERM);
  watch_signals();
  if (!group().is_first()) return;
  train(whole, ProcessGroup::alone());
  CHECK(train(stopped, ProcessGroup::alone(), true).signal == 0);
  check_close_weights(stopped, whole);
}
