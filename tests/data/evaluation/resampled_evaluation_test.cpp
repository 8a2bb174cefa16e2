#include "data/evaluation/resampled_evaluation.h"

#include <doctest/doctest.h>

#include "tests/data/coco/json_text_file.h"
#include "tests/data/evaluation/random_case.h"
#include "tests/data/evaluation/repeated_images.h"

using namespace denovo;
using namespace denovo::data;
using denovo::testing::JsonTextFile;

TEST_CASE("ResampledEvaluation: one copy of each image gives evaluate_coco's AP to the last bit") {
  int defined = 0;
  for (int index = 0; index < 200; ++index) {
    CAPTURE(index);
    const testing::RandomCase drawn = testing::draw_case(index);
    const JsonTextFile file(drawn.ground_truth);
    const CocoDataset truth = read_coco(file.path(), StructuralDefects::kCollect);
    const std::vector<int> once(truth.images().size(), 1);
    for (const IouType type : {IouType::kBbox, IouType::kSegm}) {
      const double ap = evaluate_coco(truth, drawn.detections, type).stats.AP;
      CHECK(ResampledEvaluation(truth, drawn.detections, type).ap(once) == ap);
      defined += ap > 0;
    }
  }
  CHECK(defined > 100);
}

TEST_CASE("ResampledEvaluation: an image drawn twice counts as two images, one not drawn as none") {
  const std::vector<int> once(15, 1);
  testing::Draw draw(3);
  for (int round = 0; round < 40; ++round) {
    CAPTURE(round);
    std::vector<int> copies(once.size());
    for (int& count : copies) count = draw.below(4);
    const testing::RepeatedImages plain = testing::repeat_images(once, round, 8);
    const testing::RepeatedImages repeated = testing::repeat_images(copies, round, 8);
    const JsonTextFile plain_file(plain.ground_truth), repeated_file(repeated.ground_truth);
    const CocoDataset truth = read_coco(plain_file.path());
    const double ap = ResampledEvaluation(truth, plain.detections, IouType::kBbox).ap(copies);
    CHECK(ap > 0.05);
    CHECK(ap < 0.95);
    CHECK(ap == evaluate_coco(read_coco(repeated_file.path()), repeated.detections, IouType::kBbox)
                    .stats.AP);
  }
}

TEST_CASE("ResampledEvaluation: a draw without any object is undefined") {
  const testing::RepeatedImages drawn = testing::repeat_images({1, 1, 1}, 0, 8);
  const JsonTextFile file(drawn.ground_truth);
  const CocoDataset truth = read_coco(file.path());
  const ResampledEvaluation evaluation(truth, drawn.detections, IouType::kBbox);
  CHECK(evaluation.ap(std::vector{0, 0, 0}) == -1);
}
