#include <algorithm>
#include <cmath>
#include <csignal>

#include "core/error.h"
#include "core/files/signals.h"
#include "data/coco/dataset.h"
#include "detection/training/build_model.h"
#include "detection/training/validation.h"
#include "nn/training/checkpoint.h"
#include "tests/detection/training/small_run.h"

using namespace denovo;
using namespace denovo::detection;
using denovo::detection::testing::SmallRun;
using nn::list_checkpoints;
using nn::load_checkpoint;
namespace fs = std::filesystem;

TEST_CASE("trainer: a signal before the first step leaves nothing behind") {
  SmallRun run;
  watch_signals();
  std::raise(SIGINT);
  CHECK(run.train().signal == SIGINT);
  CHECK(!fs::exists(run.out()));
  CHECK(run.shown().ends_with("stopped by signal 2 before the first step\n"));
  watch_signals();
}

TEST_CASE("trainer: a signal within an evaluation ends it, and nothing of it is written") {
  SmallRun run;
  const data::CocoDataset train_set =
      data::read_coco(run.config.data.path(run.config.data.train_annotations));
  Logger logger(true);
  const auto model = build_model(run.config, data::CategoryList::of(train_set), Device()).model;
  const Validation validation(run.config, train_set, Device());
  watch_signals();
  std::raise(SIGUSR1);
  CHECK(!validation.run(*model, run.out(), 1, logger));
  CHECK(!fs::exists(run.out()));
  CHECK(model->is_training());
  watch_signals();
}

TEST_CASE("trainer: a diverging run names iteration, loss and images; its checkpoints are finite") {
  SmallRun run({"solver.base_lr=1e6", "solver.warmup_iters=0", "solver.checkpoint_period=1"});
  std::string message;
  try {
    run.train();
  } catch (const DivergedError& error) {
    message = error.what();
    CHECK(exit_code(error) == 1);
  }
  CHECK_MESSAGE(
      std::regex_match(message, std::regex("training diverged at iteration [1-5]: (loss_\\w+|the "
                                           "gradient norm) is -?(inf|nan), images [0-9]+, [0-9]+, "
                                           "[0-9]+, [0-9]+; no update was made from there on")),
      message);
  CHECK(read_file(run.out() + "/log.txt").find(message) != std::string::npos);
  const auto names = list_checkpoints(run.out() + "/checkpoints");
  CHECK(!names.empty());
  for (const std::string& name : names) {
    for (const auto& [key, tensor] : load_checkpoint(run.checkpoint(name)).model) {
      const auto values = tensor.to_vector<float>();
      CHECK(std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); }));
    }
  }
}

TEST_CASE("trainer: weights that an update made infinite are never saved") {
  // A finite gradient times this rate is beyond f32 at once.
  SmallRun run({"solver.base_lr=1e60", "solver.warmup_iters=0", "solver.checkpoint_period=1"});
  std::string message;
  try {
    run.train();
  } catch (const DivergedError& error) {
    message = error.what();
  }
  CHECK_MESSAGE(
      std::regex_match(message, std::regex("training diverged at iteration 0: \\S+ is not finite")),
      message);
  CHECK(list_checkpoints(run.out() + "/checkpoints").empty());
}

TEST_CASE("trainer: defects of the annotations are told before the first step") {
  SmallRun run({"solver.max_iter=1", "solver.steps=1", "data.val_annotations="});
  const std::string file = run.own_data() + "/annotations/instances_train.json";
  const std::string text = read_file(file);
  std::smatch box;
  const std::regex instance_box(R"re("iscrowd": 0[^\]]*"bbox": (\[[^\]]*\]))re");
  REQUIRE(std::regex_search(text, box, instance_box));
  FileWriter(file, FileWriter::Mode::kReplace)
      .write(std::string(text.cbegin(), box[1].first) + "[1,1,0,5]" +
             std::string(box[1].second, text.cend()));
  run.train();
  const std::string shown = run.shown();
  CHECK(shown.starts_with("warning: 12 images with "));
  CHECK(shown.find(" 1 degenerate instances; annotation ") < shown.find("train: 1 in"));

  fs::remove_all(run.out());
  run.config.data.max_bad_fraction = 0;
  std::string message;
  try {
    run.train();
  } catch (const IoError& error) {
    message = error.what();
  }
  CHECK_MESSAGE(message.starts_with("instances_train.json: at most 0 % of the instances may be "
                                    "degenerate, got 1 of "),
                message);
  CHECK(!fs::exists(run.out()));
}

TEST_CASE("trainer: a failed evaluation keeps what was learned") {
  SmallRun whole, run;
  whole.train();
  const std::string folder = run.own_data();
  const std::string image = fs::directory_iterator(folder + "/val")->path().string();
  const std::string sound = read_file(image);
  const auto write = [&](std::string_view bytes) {
    FileWriter(image, FileWriter::Mode::kReplace).write(bytes);
  };
  std::string message;
  try {
    run.train(false, [&](int64_t iteration) {
      if (iteration == 3) write(std::string_view(sound).substr(0, 200));
    });
  } catch (const IoError& error) {
    message = error.what();
  }
  CHECK_MESSAGE(message.starts_with(image + ": "), message);
  CHECK_MESSAGE(
      message.ends_with("; stopped after iteration 12 with a checkpoint, --resume continues"),
      message);
  write(sound);
  run.train(true);
  CHECK(run.model_bytes() == whole.model_bytes());
  CHECK(run.metrics() == whole.metrics());
}
