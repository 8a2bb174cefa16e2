#include <csignal>

#include "core/files/signals.h"
#include "tests/detection/training/small_run.h"

using namespace denovo;
using namespace denovo::detection;
using denovo::detection::testing::SmallRun;

namespace {

constexpr int kPatience = 3;

std::vector<std::string> evaluated_often() {
  return {"eval.period=1"};
}

/// The iteration, and that of the best score, at which a run of these scores ends.
std::pair<int64_t, int64_t> expected_end(const std::vector<double>& scores) {
  double best = -1;
  int64_t best_iteration = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    const auto iteration = static_cast<int64_t>(i) + 1;
    if (scores[i] > best) {
      best = scores[i];
      best_iteration = iteration;
    }
    if (iteration - best_iteration == kPatience) return {iteration, best_iteration};
  }
  return {0, 0};
}

nn::TrainingState last_state(const SmallRun& run) {
  return nn::load_training_state(run.checkpoint());
}

}  // namespace

TEST_CASE("early stopping: ends the run when its scores say so, says why, and goes on if asked") {
  SmallRun whole(evaluated_often()), patient(evaluated_often()), stopped(evaluated_often());
  patient.config.eval.patience = stopped.config.eval.patience = kPatience;
  whole.train();
  const auto [end, best] = expected_end(whole.metric("bbox/AP"));
  REQUIRE(end > 0);
  REQUIRE(end < 12);

  const nn::TrainOutcome outcome = patient.train();
  CHECK(outcome.signal == 0);
  CHECK(!outcome.summary.empty());
  const nn::TrainingState state = last_state(patient);
  CHECK(state.iteration == end);
  const std::string why =
      "eval.patience = 3, no better score since iteration " + std::to_string(best);
  CHECK(state.ended == why);
  CHECK(patient.shown().find("ended after iteration " + std::to_string(end) + ": " + why) !=
        std::string::npos);
  CHECK(nn::load_training_state(patient.checkpoint("best")).iteration == best);

  // Interrupted before its end it ends there all the same, with the same bytes.
  watch_signals();
  stopped.train(false, [&](int64_t done) {
    if (done == end - 1) std::raise(SIGTERM);
  });
  CHECK(last_state(stopped).ended.empty());
  watch_signals();
  CHECK(stopped.train(true).signal == 0);
  CHECK(stopped.model_bytes() == patient.model_bytes());
  CHECK(stopped.optimizer_bytes() == patient.optimizer_bytes());
  CHECK(last_state(stopped).ended == why);

  // Resumed as it is, it has nothing to do.
  CHECK(patient.train(true).summary == outcome.summary);
  CHECK(last_state(patient).iteration == end);
  // Without patience it becomes the whole run.
  patient.config.eval.patience = 0;
  patient.train(true);
  CHECK(patient.model_bytes() == whole.model_bytes());
  CHECK(last_state(patient).ended == "solver.max_iter = 12");
}
