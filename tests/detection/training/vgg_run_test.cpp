// A detector on a VGG, with dropout in its box head, through the trainer.
#include <csignal>

#include "core/files/signals.h"
#include "tests/detection/training/small_run.h"

using namespace denovo;
using namespace denovo::detection;
using denovo::detection::testing::check_checkpoint_file;
using denovo::detection::testing::SmallRun;

namespace {

/// Faster R-CNN without normalisation, three anchor sizes on its map.
std::vector<std::string> vgg(std::vector<std::string> more = {}) {
  std::vector<std::string> overrides{"model.backbone.type=VGG",
                                     "model.backbone.depth=16",
                                     "model.backbone.blocks=1,1,1,1,1",
                                     "model.backbone.channels=8,8,16,16,16",
                                     "model.backbone.norm=none",
                                     "model.anchors.sizes=16,32,64",
                                     "model.box.fcs=2",
                                     "model.box.fc_init=msra",
                                     "model.box.dropout=0.5",
                                     "model.mask.enabled=false"};
  overrides.insert(overrides.end(), more.begin(), more.end());
  return overrides;
}

std::vector<std::string> two_updates(std::vector<std::string> more = {}) {
  more.insert(more.end(),
              {"solver.max_iter=2", "solver.steps=2", "log.period=1", "data.val_annotations="});
  return vgg(more);
}

void check_same(const SmallRun& a, const SmallRun& b) {
  CHECK(a.model_bytes() == b.model_bytes());
  CHECK(a.optimizer_bytes() == b.optimizer_bytes());
}

}  // namespace

TEST_CASE("vgg run: stopped and resumed it equals the uninterrupted one, dropout included") {
  SmallRun whole(vgg()), stopped(vgg());
  whole.train();
  watch_signals();
  const auto outcome = stopped.train(false, [](int64_t done) {
    if (done == 5) std::raise(SIGTERM);
  });
  CHECK(outcome.signal == SIGTERM);
  watch_signals();
  CHECK(stopped.train(true).signal == 0);
  check_same(stopped, whole);
  CHECK(stopped.metrics() == whole.metrics());
  CHECK(whole.metric("bbox/AP").size() == 1);
}

TEST_CASE("vgg run: dropout follows images, so that micro-batches make the update of one batch") {
  SmallRun whole(two_updates()), parts(two_updates({"solver.accumulate=2"}));
  whole.train();
  parts.train();
  for (const char* name : {"loss_rpn_cls", "loss_rpn_loc", "loss_cls", "loss_box_reg"}) {
    const auto a = parts.metric(name), b = whole.metric(name);
    REQUIRE(a.size() == 2);
    REQUIRE(b.size() == 2);
    for (size_t i = 0; i < a.size(); ++i)
      CHECK_MESSAGE(std::abs(a[i] - b[i]) <= 1e-6 * std::abs(b[i]), name, a[i], b[i]);
  }
  check_checkpoint_file(parts, whole, "model.safetensors", 1e-6);
}

TEST_CASE("vgg run: dropout changes the box head's losses, and an update with it can be recorded") {
  SmallRun dropped(two_updates()), recorded(two_updates({"solver.cuda_graph=true"})),
      kept(two_updates({"model.box.dropout=0"}));
  dropped.train();
  recorded.train();
  kept.train();
  check_same(recorded, dropped);
  CHECK(dropped.metric("loss_rpn_cls")[0] == kept.metric("loss_rpn_cls")[0]);
  CHECK(dropped.metric("loss_cls")[0] != kept.metric("loss_cls")[0]);
}

TEST_CASE("vgg run: configurations that no VGG has are refused by name") {
  const auto refusal = [](const std::string& assignment) -> std::string {
    SmallRun run(vgg({assignment}));
    try {
      run.config.validate();
    } catch (const ConfigError& error) {
      return error.what();
    }
    return {};
  };
  CHECK(refusal("model.backbone.depth=50") == "vgg: depth must be 11, 13, 16 or 19, got 50");
  CHECK(refusal("model.backbone.blocks=1,1,1,1") == "vgg: convs must name five stages, got 4");
  CHECK(refusal("model.anchors.sizes=1,2,3,4,5,6,7,8,9,10,11") ==
        "config: model.anchors must have at most 32 sizes x ratios on one map, got 11 x 3");
  CHECK(refusal("model.anchors.sizes=8,16").empty());
  CHECK(refusal("model.backbone.type=ResNet") ==
        "config: model.anchors.sizes must have one size for each of p2..p6, got 3");
}
