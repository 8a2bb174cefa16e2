// A training run with a keypoint head, from annotation files to scores.
#include <fmt/format.h>

#include <filesystem>

#include "core/error.h"
#include "data/coco/results.h"
#include "data/evaluation/evaluate_files.h"
#include "detection/training/evaluate_run.h"
#include "detection/weights/detector_file.h"
#include "tests/detection/training/small_run.h"

using namespace denovo;
using namespace denovo::detection;
using denovo::detection::testing::small_keypoint_data;
using denovo::detection::testing::SmallRun;

namespace {

struct KeypointRun : SmallRun {
  explicit KeypointRun(std::vector<std::string> overrides = {}) : SmallRun(with(overrides)) {
    config.data.root = small_keypoint_data();
  }

  static std::vector<std::string> with(std::vector<std::string> more) {
    std::vector<std::string> all = {
        "model.mask.enabled=false",       "model.keypoint.enabled=true",
        "model.keypoint.num_keypoints=8", "model.keypoint.convs=1",
        "model.keypoint.channels=8",      "eval.keypoint_sigmas=[0.1,0.1,0.1,0.1,0.1,0.1,0.1,0.1]"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
};

}  // namespace

TEST_CASE("keypoint run: trains, scores and writes keypoints; its results score the same again") {
  KeypointRun run({"eval.loss=true", "eval.train_images=2"});
  run.train();
  for (const char* name : {"loss_keypoint", "val_loss_keypoint"}) {
    const auto values = run.metric(name);
    REQUIRE_MESSAGE(!values.empty(), name);
    for (const double value : values) CHECK(value > 0);
  }
  CHECK(run.metrics().find("\"loss_mask\"") == std::string::npos);
  CHECK(run.metrics().find("\"keypoints/AP\"") != std::string::npos);
  CHECK(run.metrics().find("\"train_keypoints/AP\"") != std::string::npos);
  CHECK(run.shown().find(", keypoint AP ") != std::string::npos);

  std::string last;
  for (const auto& entry : std::filesystem::directory_iterator(run.out() + "/eval"))
    last = std::max(last, entry.path().string());
  CHECK(std::filesystem::exists(last + "/keypoints.json"));
  const auto scores =
      data::evaluate_files(small_keypoint_data() + "/annotations/instances_val.json",
                           last + "/coco_instances_results.json", {data::IouType::kKeypoints},
                           {.sigmas = run.config.eval.keypoint_sigmas})
          .coco;
  const auto percent = run.metric("keypoints/AP");
  CHECK(percent.back() == doctest::Approx(100 * scores.at(0).stats.AP));

  Logger logger(true);
  EvaluateRunOptions options;
  options.run = run.out();
  const auto again = evaluate_run(options, logger).coco;
  REQUIRE(again.size() == 2);
  CHECK(again[1].iou_type == data::IouType::kKeypoints);
  CHECK(again[1].stats.AP == scores.at(0).stats.AP);

  const DetectorFile file(run.checkpoint() + "/model.safetensors");
  CHECK(file.categories.at(2).keypoints.size() == 8);
  CHECK(file.categories.at(2).skeleton.size() == 4);
}

TEST_CASE("keypoint run: what cannot be trained or scored is refused before the first step") {
  const auto refusal = [](std::vector<std::string> overrides) {
    KeypointRun run(std::move(overrides));
    try {
      run.train();
    } catch (const IoError& error) {
      CHECK_FALSE(std::filesystem::exists(run.out() + "/checkpoints/last"));
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(refusal({"model.keypoint.num_keypoints=17"}) ==
        "instances_train.json: categories must have the model's 17 keypoints, got 8; "
        "model.keypoint.num_keypoints=8 takes them");
  CHECK(refusal({"eval.keypoint_sigmas=[0.1]"}) ==
        "instances_val.json: OKS needs a sigma for each of its 8 keypoints, got 1; --sigmas or "
        "eval.keypoint_sigmas give them");
}

TEST_CASE("keypoint run: the same seed gives the same bytes") {
  KeypointRun run, again;
  run.train();
  again.train();
  CHECK(run.model_bytes() == again.model_bytes());
}
