// Pre-training through the run engine: the claims that the detector's runs make (tests of
// detection/training), made for a classifier.
#include "detection/pretraining/classifier_task.h"

#include <doctest/doctest.h>

#include <cmath>
#include <csignal>
#include <filesystem>

#include "core/error.h"
#include "core/files/signals.h"
#include "core/tensor/transfer.h"
#include "tests/detection/pretraining/small_pretraining.h"

using namespace denovo;
using namespace denovo::detection;
using denovo::detection::testing::SmallPretraining;
namespace fs = std::filesystem;

TEST_CASE("pre-training: learns a generated folder that it cannot know untrained") {
  SmallPretraining untrained({"solver.base_lr=0", "solver.max_iter=1"}), trained;
  untrained.train();
  const nn::TrainOutcome outcome = trained.train();
  CHECK(untrained.metric("top1").back() < 35);
  CHECK(trained.metric("top1").back() > 70);
  CHECK(trained.metric("top5").back() >= trained.metric("top1").back());
  CHECK(outcome.summary.starts_with("top-1 "));
  CHECK(trained.metric("images_seen").back() == 200 * 16);
  CHECK(trained.metric("pixels_seen").back() == 200 * 16 * 64 * 64);
}

TEST_CASE("pre-training: a run that was stopped and resumed equals the uninterrupted one") {
  const std::vector<std::string> few{"solver.max_iter=8", "solver.accumulate=2", "eval.period=3",
                                     "log.period=1"};
  SmallPretraining whole(few), stopped(few);
  whole.train();
  watch_signals();
  const auto outcome = stopped.train(false, [](int64_t done) {
    if (done == 4) std::raise(SIGTERM);
  });
  CHECK(outcome.signal == SIGTERM);
  watch_signals();
  CHECK(stopped.train(true).signal == 0);
  CHECK(stopped.checkpoint_bytes("model") == whole.checkpoint_bytes("model"));
  CHECK(stopped.checkpoint_bytes("optimizer") == whole.checkpoint_bytes("optimizer"));
  CHECK(stopped.metrics() == whole.metrics());
}

TEST_CASE("pre-training: an update can be recorded, and bf16 learns too") {
  SmallPretraining plain({"solver.max_iter=6"}),
      recorded({"solver.max_iter=6", "solver.cuda_graph=true"});
  plain.train();
  recorded.train();
  CHECK(recorded.checkpoint_bytes("model") == plain.checkpoint_bytes("model"));
  SmallPretraining rounded({"solver.precision=bf16"});
  rounded.train();
  CHECK(rounded.metric("top1").back() > 70);
}

TEST_CASE("pre-training: a VGG with dropout learns, and resumes to the bytes of one run") {
  const std::vector<std::string> vgg{"model.backbone.type=VGG",
                                     "model.backbone.depth=16",
                                     "model.backbone.blocks=1,1,1,1,1",
                                     "model.backbone.channels=8,16,32,32,32",
                                     "model.backbone.norm=BN",
                                     "model.head.resolution=2",
                                     "model.head.fcs=2",
                                     "model.head.fc_channels=64",
                                     "model.head.fc_init=msra",
                                     "model.head.dropout=0.2"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), vgg.begin(), vgg.end());
    return more;
  };
  SmallPretraining trained(with({"solver.max_iter=200"}));
  trained.train();
  CHECK(trained.metric("top1").back() > 60);

  SmallPretraining whole(with({"solver.max_iter=6", "log.period=1"})),
      stopped(with({"solver.max_iter=6", "log.period=1"})),
      without(with({"solver.max_iter=6", "log.period=1", "model.head.dropout=0"}));
  whole.train();
  without.train();
  watch_signals();
  stopped.train(false, [](int64_t done) {
    if (done == 3) std::raise(SIGTERM);
  });
  watch_signals();
  CHECK(stopped.train(true).signal == 0);
  CHECK(stopped.checkpoint_bytes("model") == whole.checkpoint_bytes("model"));
  CHECK(without.checkpoint_bytes("model") != whole.checkpoint_bytes("model"));
}

TEST_CASE("pre-training: the loss at equal logits is ln K, whatever the micro-batches") {
  SmallPretraining run({"solver.max_iter=1", "solver.base_lr=0", "log.period=1"});
  SmallPretraining parts(
      {"solver.max_iter=1", "solver.base_lr=0", "log.period=1", "solver.accumulate=4"});
  for (SmallPretraining* one : {&run, &parts}) {
    one->train();
    // N(0, 0.01) weights of the last layer on features of order 1.
    CHECK(one->metric("loss_cls")[0] ==
          doctest::Approx(std::log(one->num_classes())).epsilon(0.05));
  }
  CHECK(parts.metric("loss_cls")[0] == doctest::Approx(run.metric("loss_cls")[0]).epsilon(1e-5));
}

TEST_CASE("pre-training: smoothed labels cost what they must, and colours change the batch") {
  const std::vector<std::string> once{"solver.max_iter=1", "solver.base_lr=0", "log.period=1"};
  const auto loss = [&](const std::string& assignment) {
    std::vector<std::string> overrides = once;
    overrides.push_back(assignment);
    SmallPretraining run(overrides);
    run.train();
    return run.metric("loss_cls")[0];
  };
  const double sharp = loss("loss.label_smoothing=0"), half = loss("loss.label_smoothing=0.5"),
               even = loss("loss.label_smoothing=1");
  CHECK(half == doctest::Approx((sharp + even) / 2).epsilon(1e-5));
  CHECK(even != doctest::Approx(sharp).epsilon(1e-5));
  for (const char* amount : {"input.brightness=0.4", "input.contrast=0.4", "input.saturation=0.4"})
    CHECK(loss(amount) != sharp);
}

TEST_CASE("pre-training: the model file names its classes and loads into a detector") {
  SmallPretraining run({"solver.max_iter=1"});
  run.train();
  const SafetensorsFile file(run.checkpoint() + "/model.safetensors");
  std::string classes, config;
  for (const auto& [key, text] : file.metadata()) {
    if (key == "classes") classes = text;
    if (key == "config") config = text;
  }
  CHECK(classes.starts_with("[\""));
  CHECK(config.find("[model.backbone]") != std::string::npos);
  CHECK(config.find("solver") == std::string::npos);
}

TEST_CASE("pre-training: bad folders and configurations are one sentence, and nothing is written") {
  SmallPretraining one_class;
  const std::string data = one_class.own_data();
  bool first = true;
  for (const auto& entry : fs::directory_iterator(data + "/train")) {
    if (!first) fs::remove_all(entry.path());
    first = false;
  }
  fs::remove_all(data + "/val");
  one_class.config.data.val = "";
  CHECK_THROWS_WITH_AS(one_class.train(), doctest::Contains("needs at least 2 classes, got only"),
                       IoError);
  CHECK(!fs::exists(one_class.out()));
  SmallPretraining frozen;
  frozen.config.model.backbone.norm = nn::NormKind::kFrozenBatchNorm;
  CHECK_THROWS_WITH_AS(frozen.config.validate(), doctest::Contains("has nothing to freeze"),
                       ConfigError);
}
