#include "data/evaluation/confusion.h"

#include <doctest/doctest.h>

#include "data/evaluation/coco_evaluation.h"
#include "tests/data/coco/json_text_file.h"

using namespace denovo;
using namespace denovo::data;
using denovo::testing::JsonTextFile;

namespace {

// Two dogs beside each other, a cat over most of the second, a crowd of dogs; in another image a
// cat. Classes: 0 dog, 1 cat, 2 cow.
const char* const kTruth = R"({
  "images": [{"id": 1, "file_name": "a", "width": 100, "height": 100},
             {"id": 2, "file_name": "b", "width": 100, "height": 100}],
  "categories": [{"id": 3, "name": "dog"}, {"id": 5, "name": "cat"}, {"id": 9, "name": "cow"}],
  "annotations": [
    {"id": 1, "image_id": 1, "category_id": 3, "area": 400, "bbox": [0, 0, 20, 20]},
    {"id": 2, "image_id": 1, "category_id": 3, "area": 400, "bbox": [40, 0, 20, 20]},
    {"id": 3, "image_id": 1, "category_id": 5, "area": 320, "bbox": [40, 0, 20, 16]},
    {"id": 4, "image_id": 1, "category_id": 3, "area": 1600, "iscrowd": 1, "bbox": [0, 60, 40, 40],
     "segmentation": {"size": [100, 100], "counts": [10000]}},
    {"id": 5, "image_id": 2, "category_id": 5, "area": 400, "bbox": [0, 0, 20, 20]}]})";

enum { kDog = 3, kCat = 5, kCow = 9 };

Detection at(int64_t category, std::array<double, 4> bbox, double score = 0.9, int64_t image = 1) {
  return {.image_id = image, .category_id = category, .bbox = bbox, .score = score};
}

Confusion confuse_all(const std::vector<Detection>& detections,
                      const std::optional<std::vector<int>>& images = {}) {
  const JsonTextFile file(kTruth);
  return confuse(read_coco(file.path()), detections, images);
}

/// [4, 4]: dog, cat, cow, nothing.
using Table = std::vector<int64_t>;

}  // namespace

TEST_CASE("confuse: objects of no detection are missed, detections on no object are too many") {
  CHECK(confuse_all({}).counts == Table{0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0});
  const Confusion found = confuse_all({at(kDog, {0, 0, 20, 20}), at(kCow, {70, 70, 20, 20})});
  CHECK(found.counts == Table{1, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 1, 0});
  CHECK(found.objects(0) == 2);
  CHECK(found.detections(2) == 1);
}

TEST_CASE("confuse: own classes come first, then the overlap, then another class") {
  // Lies better on the cat (IoU 1) than on the dog (0.8), and is right all the same.
  CHECK(confuse_all({at(kDog, {40, 0, 20, 16})}).counts ==
        Table{1, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0});
  // A cow takes what is left: of dog and cat the one of the higher overlap.
  CHECK(confuse_all({at(kCow, {40, 0, 20, 16})}).counts ==
        Table{0, 0, 0, 2, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0});
  // The second on a dog finds it taken, and takes the cat for one.
  CHECK(confuse_all({at(kDog, {40, 0, 20, 20}, 0.8), at(kDog, {40, 0, 20, 20}, 0.9)}).counts ==
        Table{1, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0});
}

TEST_CASE(
    "confuse: low scores, small overlaps, crowds of the class and unknown images say nothing") {
  CHECK(confuse_all({at(kDog, {0, 0, 20, 20}, 0.49), at(kDog, {10, 70, 10, 10}),
                     at(77, {0, 0, 20, 20}), at(kDog, {0, 0, 20, 20}, 0.9, 8)})
            .counts == confuse_all({}).counts);
  // IoU 1/3; in the crowd, but of another class.
  CHECK(confuse_all({at(kDog, {10, 0, 20, 20}), at(kCat, {10, 70, 10, 10})}).counts ==
        Table{0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 0, 1, 1, 0, 0});
}

TEST_CASE("confuse: only the images that count do; evaluate_coco counts them if asked to") {
  const std::vector<Detection> detections{at(kDog, {0, 0, 20, 20}),
                                          at(kCat, {0, 0, 20, 20}, 0.7, 2)};
  CHECK(confuse_all(detections, std::vector<int>{1}).counts ==
        Table{0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  const JsonTextFile file(kTruth);
  const CocoDataset truth = read_coco(file.path());
  CHECK(!evaluate_coco(truth, detections, IouType::kBbox).confusion);
  CHECK(evaluate_coco(truth, detections, IouType::kBbox, {.confusion = true}).confusion->counts ==
        Table{1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0});
}

TEST_CASE("EvaluationCurves: means of cells are the reference's numbers") {
  const JsonTextFile file(kTruth);
  const EvaluationResult result =
      evaluate_coco(read_coco(file.path()),
                    std::vector{at(kDog, {0, 0, 20, 17}), at(kCat, {1, 0, 20, 20}, 0.7, 2),
                                at(kCat, {0, 50, 9, 9})},
                    IouType::kBbox);
  const EvaluationCurves& curves = result.curves;
  CHECK(curves.mean_precision({}) == result.stats.AP);
  CHECK(curves.mean_precision({.threshold = 0}) == result.stats.AP50);
  CHECK(curves.mean_precision({.threshold = 5}) == result.stats.AP75);
  CHECK(curves.mean_precision({.area = 1}) == result.stats.APs);
  CHECK(curves.mean_recall({}) == result.stats.AR100);
  CHECK(curves.mean_precision({.category = 1}) == result.per_category[1].AP);
  CHECK(curves.mean_precision({.category = 2}) == -1);
  CHECK(result.per_category[0].objects == std::array<int64_t, 4>{2, 2, 0, 0});
  double sum = 0;
  for (const double precision : curves.precision_at_recalls({.threshold = 0})) sum += precision;
  CHECK(sum / kNumRecallPoints == doctest::Approx(result.stats.AP50).epsilon(1e-12));
}
