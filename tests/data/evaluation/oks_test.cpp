#include "data/evaluation/oks.h"

#include <doctest/doctest.h>

#include <cmath>

#include "core/error.h"
#include "data/evaluation/coco_evaluation.h"
#include "tests/data/coco/json_text_file.h"

using namespace denovo;
using namespace denovo::data;
using denovo::testing::JsonTextFile;

namespace {

const std::array<double, 4> kBox = {10, 10, 20, 20};

EvaluationResult evaluate(const std::string& annotation, const std::vector<double>& keypoints,
                          std::vector<double> sigmas) {
  const JsonTextFile file(
      R"({"images": [{"id": 1, "file_name": "a", "width": 100, "height": 100}],
          "categories": [{"id": 3, "name": "x", "keypoints": ["a", "b"]}], "annotations": [
          {"id": 7, "image_id": 1, "category_id": 3, "area": 400, "bbox": [10, 10, 20, 20], )" +
      annotation + "}]}");
  const Detection detection{.image_id = 1, .category_id = 3, .score = 1, .keypoints = keypoints};
  return evaluate_coco(read_coco(file.path(), StructuralDefects::kCollect, part_for(false, true)),
                       std::span(&detection, 1), IouType::kKeypoints,
                       {.sigmas = std::move(sigmas)});
}

}  // namespace

TEST_CASE("Oks: 1 on the spot; e^-1/2 at a distance of two sigmas of the object's size") {
  Oks oks(std::vector<double>{0.1, 0.05});
  const std::vector<double> truth = {12, 12, 2, 20, 20, 1};
  CHECK(oks.similarity(truth, truth, kBox, 400) == 1);
  // sqrt(400) * 2 * 0.1 = 4 pixels for the first, 2 for the second.
  const std::vector<double> off = {16, 12, 0.5, 20, 20, 0.5};
  CHECK(oks.similarity(off, truth, kBox, 400) == doctest::Approx((std::exp(-0.5) + 1) / 2));
  const std::vector<double> second = {12, 12, 0, 20, 22, 0};
  CHECK(oks.similarity(second, truth, kBox, 400) == doctest::Approx((1 + std::exp(-0.5)) / 2));
}

TEST_CASE("Oks: what is not labelled does not count; without any label nearness to the box does") {
  Oks oks(std::vector<double>{0.1, 0.05});
  const std::vector<double> found = {12, 12, 1, 90, 90, 1};
  CHECK(oks.similarity(found, std::vector<double>{12, 12, 2, 0, 0, 0}, kBox, 400) == 1);
  // The box enlarged by itself is [-10, 50]: the second is 40 pixels off in both directions.
  const double far = std::exp(-(2 * 40. * 40) / 4 / 2);
  for (const std::vector<double>& none : {std::vector<double>{}, {3, 4, 0, 0, 0, 0}})
    CHECK(oks.similarity(found, none, kBox, 400) == doctest::Approx((1 + far) / 2));
}

TEST_CASE("coco_sigmas: one for each of COCO's keypoints") {
  CHECK(coco_sigmas().size() == 17);
  CHECK(coco_sigmas()[0] == .26 / 10);
  CHECK(coco_sigmas()[16] == .89 / 10);
}

TEST_CASE("keypoint_area: of the box around all of them") {
  CHECK(keypoint_area(std::vector<double>{3, 9, 1, 5, 4, 0, 4, 5, 1}) == 10);
}

TEST_CASE("evaluate_coco: sigmas, detections and ground truth must have the same keypoints") {
  const std::string pair = R"("keypoints": [12, 12, 2, 20, 20, 1])";
  CHECK(evaluate(pair, {12, 12, 1, 20, 20, 1}, {0.1, 0.1}).stats.AP == doctest::Approx(1));
  CHECK(evaluate("\"iscrowd\": 0", {12, 12, 1, 20, 20, 1}, {0.1, 0.1}).stats.AP == -1);
  CHECK_THROWS_WITH_AS(evaluate(pair, {12, 12, 1, 20, 20, 1}, {}),
                       "file.json: OKS needs a sigma for each of its 2 keypoints, got COCO's 17; "
                       "--sigmas or eval.keypoint_sigmas give them",
                       IoError);
  CHECK_THROWS_WITH_AS(evaluate(pair, {12, 12, 1}, {0.1, 0.1}),
                       "results[0]: keypoints must be 2 triples, one for each sigma, got 1",
                       IoError);
  CHECK_THROWS_WITH_AS(
      evaluate(R"("keypoints": [12, 12, 2])", {12, 12, 1, 20, 20, 1}, {0.1, 0.1}),
      "file.json: annotation 7: keypoints must be 2 triples, one for each sigma, got 1", IoError);
}
