#include "detection/training/validation.h"

#include <fmt/format.h>

#include <cmath>

#include "core/error.h"
#include "detection/training/build_model.h"
#include "detection/training/checkpoint.h"
#include "tests/detection/training/small_run.h"

using namespace denovo;
using namespace denovo::detection;
using denovo::detection::testing::SmallRun;

namespace {

constexpr const char* kLosses[] = {"loss_rpn_cls", "loss_rpn_loc", "loss_cls",
                                   "loss_box_reg", "loss_mask",    "total_loss"};

}  // namespace

TEST_CASE("validation: losses change nothing but the lines of metrics") {
  SmallRun with({"eval.loss=true", "eval.period=6"}), without({"eval.period=6"});
  with.train();
  without.train();
  CHECK(with.model_bytes() == without.model_bytes());
  CHECK(with.optimizer_bytes() == without.optimizer_bytes());
  for (const char* name : kLosses) {
    const auto values = with.metric("val_" + std::string(name));
    REQUIRE(values.size() == 2);
    CHECK(values[0] > 0);
    CHECK(without.metric("val_" + std::string(name)).empty());
  }
  CHECK(with.metric("val_total_loss")[1] != with.metric("val_total_loss")[0]);
  CHECK(with.metrics().find("\"segm/AP\"") != std::string::npos);
}

TEST_CASE("validation: losses are those of training on each image alone, the same at every call") {
  // The training pictures as validation set: with rate 0, no mirroring and batches of one, the mean
  // over an epoch of training steps is the validation loss but for the samples drawn.
  SmallRun run({"eval.loss=true", "solver.base_lr=0", "solver.images_per_batch=1",
                "solver.images_per_group=1", "input.flip=false", "log.period=12",
                "data.val_annotations=annotations/instances_train.json", "data.val_images=train",
                "eval.period=6", "eval.max_images=0", "model.rpn.batch_per_image=100000",
                "model.box.batch_per_image=64", "model.box.positive_fraction=1.0"});
  run.train();
  const auto expected = run.metric("loss_rpn_cls"), found = run.metric("val_loss_rpn_cls");
  REQUIRE(expected.size() == 1);
  REQUIRE(found.size() == 2);
  CHECK(found[0] == found[1]);
  CHECK(std::abs(found[0] - expected[0]) < 1e-5 * expected[0]);
  const auto mask = run.metric("loss_mask"), val_mask = run.metric("val_loss_mask");
  CHECK(std::abs(val_mask[0] - mask[0]) < 1e-5 * mask[0]);
}

TEST_CASE("validation: last is the newest checkpoint, best that of the highest AP, keep the rest") {
  SmallRun run({"eval.period=3", "solver.checkpoint_period=1", "checkpoint.keep=2"});
  run.train();
  const auto ap = run.metric("bbox/AP");
  REQUIRE(ap.size() == 4);
  size_t best = 0;
  for (size_t i = 1; i < ap.size(); ++i)
    if (ap[i] > ap[best]) best = i;
  const std::string best_name = checkpoint_name(static_cast<int64_t>(3 * (best + 1)));
  const auto link = [&](const char* name) {
    return std::filesystem::read_symlink(run.checkpoint(name)).string();
  };
  CHECK(link("last") == "iter_0000012");
  CHECK(link("best") == best_name);
  std::set<std::string> expected{best_name, "iter_0000011", "iter_0000012"};
  const auto names = list_checkpoints(run.out() + "/checkpoints");
  CHECK(std::set<std::string>(names.begin(), names.end()) == expected);
}

TEST_CASE("validation: no instance to compute losses on is said before the first step") {
  SmallRun run({"eval.loss=true"});
  const std::string folder = run.own_data(), file = folder + "/annotations/instances_val.json";
  const data::CocoDataset before = data::read_coco(file);
  const data::CocoImage& image = before.images()[0];
  FileWriter(file, FileWriter::Mode::kReplace)
      .write(fmt::format(R"({{"images":[{{"id":{},"file_name":"{}","width":{},"height":{}}}],)"
                         R"("annotations":[],"categories":[{{"id":{},"name":"any"}}]}})",
                         image.id, image.file_name, image.width, image.height,
                         before.categories()[0].id));
  CHECK_THROWS_WITH_AS(
      run.train(),
      (file + ": eval.loss needs an instance in the images evaluated, got none in 1").c_str(),
      IoError);
  CHECK(!std::filesystem::exists(run.out()));
}
