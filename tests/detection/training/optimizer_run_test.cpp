// Runs with another optimiser than SGD, and with averaged weights.
#include <csignal>
#include <map>

#include "core/files/signals.h"
#include "tests/detection/training/small_run.h"

using namespace denovo;
using namespace denovo::detection;
using denovo::detection::testing::SmallRun;

namespace {

const std::vector<std::string> kAveragedAdamw = {"solver.optimizer=adamw", "solver.base_lr=0.001",
                                                 "solver.weight_decay=0.05",
                                                 "solver.ema_decay=0.99", "eval.period=6"};

void train_with_stop(SmallRun& run, int64_t stop) {
  watch_signals();
  const nn::TrainOutcome outcome = run.train(false, [&](int64_t done) {
    if (done == stop) std::raise(SIGTERM);
  });
  CHECK(outcome.signal == SIGTERM);
  watch_signals();
  CHECK(run.train(true).signal == 0);
}

std::map<std::string, std::vector<float>> tensors_of(const std::string& file) {
  std::map<std::string, std::vector<float>> values;
  for (const auto& [name, tensor] : read_safetensors(file))
    values[name] = tensor.to_vector<float>();
  return values;
}

}  // namespace

TEST_CASE("trainer: AdamW with averaged weights, stopped and resumed, equals uninterrupted") {
  SmallRun whole(kAveragedAdamw), stopped(kAveragedAdamw);
  whole.train();
  train_with_stop(stopped, 5);
  CHECK(stopped.model_bytes() == whole.model_bytes());
  CHECK(stopped.optimizer_bytes() == whole.optimizer_bytes());
  CHECK(stopped.metrics() == whole.metrics());
}

TEST_CASE("trainer: an update of AdamW and its average can be recorded for a GPU") {
  SmallRun plain(kAveragedAdamw), recorded(kAveragedAdamw);
  for (SmallRun* run : {&plain, &recorded}) {
    run->config.solver.max_iter = 4;
    run->config.solver.steps = {3};
    run->config.solver.clip_value = 0.1;
    run->config.data.val_annotations = "";
  }
  recorded.config.solver.cuda_graph = true;
  plain.train();
  recorded.train();
  CHECK(recorded.model_bytes() == plain.model_bytes());
  CHECK(recorded.optimizer_bytes() == plain.optimizer_bytes());
}

TEST_CASE("trainer: a model file holds averaged weights, and averaging changes no update") {
  const std::vector<std::string> few = {"solver.max_iter=3", "solver.steps=3",
                                        "data.val_annotations=", "checkpoint.at=1,2",
                                        "checkpoint.keep=1"};
  SmallRun plain(few), averaged(few);
  averaged.config.solver.ema_decay = 0.5;
  plain.train();
  averaged.train();
  CHECK(plain.metrics() == averaged.metrics());
  const auto trained = tensors_of(plain.checkpoint() + "/model.safetensors"),
             model = tensors_of(averaged.checkpoint() + "/model.safetensors"),
             state = tensors_of(averaged.checkpoint() + "/optimizer.safetensors");
  // In the layout of the arena; that of a vector is the file's.
  const std::string bias = "roi_heads.box_predictor.cls_score.bias";
  CHECK(state.at(bias + ".trained") == trained.at(bias));
  CHECK(state.contains(bias));
  CHECK(model.at(bias) != trained.at(bias));
  // By hand from the plain run's checkpoints; it starts at 0, as the bias does.
  std::vector<float> expected(trained.at(bias).size(), 0);
  for (const int t : {1, 2, 3}) {
    const auto weights =
        tensors_of(plain.checkpoint(nn::checkpoint_name(t)) + "/model.safetensors").at(bias);
    const float rate = 1 - std::min(0.5f, (1.f + t) / (10.f + t));
    for (size_t i = 0; i < expected.size(); ++i) expected[i] += rate * (weights[i] - expected[i]);
  }
  for (size_t i = 0; i < expected.size(); ++i)
    CHECK(model.at(bias)[i] == doctest::Approx(expected[i]).epsilon(1e-5));
}

TEST_CASE("trainer: precise statistics change no update, and stopped runs come to the same") {
  const std::vector<std::string> few = {"solver.max_iter=6", "solver.steps=6", "eval.period=3",
                                        "model.backbone.norm=BN"};
  SmallRun plain(few), precise(few), stopped(few);
  precise.config.eval.precise_bn_batches = stopped.config.eval.precise_bn_batches = 3;
  plain.train();
  precise.train();
  train_with_stop(stopped, 3);
  CHECK(stopped.model_bytes() == precise.model_bytes());
  CHECK(precise.optimizer_bytes() == plain.optimizer_bytes());
  CHECK(precise.metric("total_loss") == plain.metric("total_loss"));
  const auto before = tensors_of(plain.checkpoint() + "/model.safetensors"),
             after = tensors_of(precise.checkpoint() + "/model.safetensors");
  int changed = 0;
  for (const auto& [name, values] : before) {
    const bool statistic = name.ends_with(".running_mean") || name.ends_with(".running_var");
    CAPTURE(name);
    CHECK((values == after.at(name)) == !statistic);
    changed += statistic;
  }
  CHECK(changed > 0);
}

TEST_CASE("trainer: a resumed run must keep its optimizer and its average") {
  SmallRun run({"solver.max_iter=1", "solver.steps=1", "data.val_annotations="});
  run.train();
  run.config.solver.max_iter = 2;
  run.config.solver.optimizer = nn::OptimizerKind::kAdamw;
  CHECK_THROWS_WITH_AS(run.train(true),
                       (run.out() + "/config.toml: a resumed run must keep its configuration; "
                                    "solver.optimizer was \"sgd\", is \"adamw\"")
                           .c_str(),
                       ConfigError);
  run.config.solver.optimizer = nn::OptimizerKind::kSgd;
  run.config.solver.ema_decay = 0.5;
  CHECK_THROWS_WITH_AS(run.train(true),
                       (run.out() + "/config.toml: a resumed run must keep its configuration; "
                                    "solver.ema_decay was 0.0, is 0.5")
                           .c_str(),
                       ConfigError);
}
