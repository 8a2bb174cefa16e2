// A training run with a cascade, through the trainer.
#include <csignal>

#include "core/error.h"
#include "core/files/signals.h"
#include "tests/detection/training/small_run.h"

using namespace denovo;
using namespace denovo::detection;
using denovo::detection::testing::check_checkpoint_file;
using denovo::detection::testing::small_keypoint_data;
using denovo::detection::testing::SmallRun;

namespace {

std::vector<std::string> cascade(std::vector<std::string> more = {}) {
  more.insert(more.begin(), "model.cascade.enabled=true");
  return more;
}

std::vector<std::string> two_updates(std::vector<std::string> more = {}) {
  more.insert(more.end(),
              {"solver.max_iter=2", "solver.steps=2", "log.period=1", "data.val_annotations="});
  return cascade(more);
}

const std::vector<std::string> kLosses{
    "loss_rpn_cls",    "loss_rpn_loc",        "loss_cls_stage0", "loss_box_reg_stage0",
    "loss_cls_stage1", "loss_box_reg_stage1", "loss_cls_stage2", "loss_box_reg_stage2",
    "loss_mask",       "total_loss"};

/// Losses of two updates, within a share of each total.
void check_losses(const SmallRun& got, const SmallRun& expected, double tolerance) {
  const auto total = expected.metric("total_loss");
  for (const std::string& name : kLosses) {
    const auto a = got.metric(name), b = expected.metric(name);
    REQUIRE_MESSAGE(a.size() == 2, name);
    REQUIRE(b.size() == 2);
    for (size_t i = 0; i < 2; ++i)
      CHECK_MESSAGE(std::abs(a[i] - b[i]) <= tolerance * total[i], name, a[i], b[i]);
  }
}

void check_same(const SmallRun& a, const SmallRun& b) {
  CHECK(a.model_bytes() == b.model_bytes());
  CHECK(a.optimizer_bytes() == b.optimizer_bytes());
}

}  // namespace

TEST_CASE("cascade run: stopped and resumed it equals the uninterrupted one, which has an AP") {
  SmallRun whole(cascade({"eval.loss=true"})), stopped(cascade({"eval.loss=true"}));
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
  CHECK(whole.metric("segm/AP").size() == 1);
  for (const std::string& name : kLosses) {
    CHECK_MESSAGE(!whole.metric(name).empty(), name);
    CHECK_MESSAGE(whole.metric("val_" + name).size() == 1, name);
  }
}

TEST_CASE("cascade run: micro-batches make the update of one batch") {
  SmallRun whole(two_updates()), parts(two_updates({"solver.accumulate=2"}));
  whole.train();
  parts.train();
  check_losses(parts, whole, 1e-6);
  check_checkpoint_file(parts, whole, "model.safetensors", 1e-6);
}

TEST_CASE("cascade run: an update can be recorded, with dropout too, and bf16 follows f32") {
  SmallRun plain(two_updates()), recorded(two_updates({"solver.cuda_graph=true"})),
      dropped(two_updates({"model.box.dropout=0.5"})),
      both(two_updates({"model.box.dropout=0.5", "solver.cuda_graph=true"}));
  // Stage 0's RoIs do not hang on the last bits of scores: no proposal is large enough.
  const auto steady = [](std::vector<std::string> more) {
    more.insert(more.end(), {"model.rpn.batch_per_image=2000", "model.rpn.min_size=10000"});
    return two_updates(more);
  };
  SmallRun exact(steady({})), rounded(steady({"solver.precision=bf16"}));
  for (SmallRun* run : {&plain, &recorded, &dropped, &both, &exact, &rounded}) run->train();
  check_same(recorded, plain);
  check_same(both, dropped);
  for (const std::string& name : kLosses)
    if (name.find("stage") != std::string::npos)
      CHECK_MESSAGE(dropped.metric(name)[0] != plain.metric(name)[0], name);
  check_losses(rounded, exact, 0.02);
}

TEST_CASE("cascade run: it goes on where a plain detector was left, and keypoints learn in it") {
  SmallRun plain({"solver.max_iter=2", "solver.steps=2", "data.val_annotations="});
  plain.train();
  const std::string weights = plain.checkpoint() + "/model.safetensors";
  SmallRun switched(two_updates({"model.weights=" + weights}));
  switched.train();
  CHECK(switched.shown().find("its box head for each of 3 stages") != std::string::npos);
  CHECK(read_file(switched.out() + "/config.toml").find("weights = \"" + weights) !=
        std::string::npos);

  SmallRun posed(two_updates({"model.mask.enabled=false", "model.keypoint.enabled=true",
                              "model.keypoint.num_keypoints=8", "model.keypoint.convs=1",
                              "model.keypoint.channels=8", "model.cascade.ious=0.5,0.55",
                              "model.cascade.box_weights=10,20"}));
  posed.config.data.root = small_keypoint_data();
  posed.train();
  CHECK(posed.metric("loss_box_reg_stage1").size() == 2);
  CHECK(posed.metric("loss_cls_stage2").empty());
  for (const double loss : posed.metric("loss_keypoint")) CHECK(loss > 0);
}

TEST_CASE("cascade run: configurations that are no cascade are refused by key") {
  const auto refusal = [](const std::string& assignment) -> std::string {
    SmallRun run(cascade({assignment}));
    try {
      ConfigFields::of(run.config).check();
      run.config.validate();
    } catch (const ConfigError& error) {
      return error.what();
    }
    return {};
  };
  CHECK(refusal("model.cascade.ious=0.5") ==
        "config: model.cascade.ious must have one value for each of 2 to 5 stages, got 1");
  CHECK(refusal("model.cascade.ious=0.5,0.6,0.7,0.8,0.9,0.95") ==
        "config: model.cascade.ious must have one value for each of 2 to 5 stages, got 6");
  CHECK(refusal("model.cascade.box_weights=10,20") ==
        "config: model.cascade.box_weights must have one value for each of the 3 ious, got 2");
  CHECK(refusal("model.cascade.ious=0.4,0.5,0.6") ==
        "config: model.cascade.ious must begin with model.box.iou = 0.5, got 0.4");
  CHECK(refusal("model.box.iou=0.6") ==
        "config: model.cascade.ious must begin with model.box.iou = 0.6, got 0.5");
  CHECK(refusal("model.cascade.enabled=false").empty());
}
