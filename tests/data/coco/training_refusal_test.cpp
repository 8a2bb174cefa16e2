#include "data/coco/training_refusal.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/error.h"
#include "tests/data/coco/json_text_file.h"

using namespace denovo;
using namespace denovo::data;
using denovo::testing::JsonTextFile;

namespace {

const char* const kGood = R"("bbox": [1, 1, 4, 4], "segmentation": [[1, 1, 5, 1, 5, 5]])";
const char* const kBad = R"("bbox": [1, 1, 0, 4], "segmentation": [[1, 1, 5, 1, 5, 5]])";
const char* const kCrowd =
    R"("bbox": [0, 0, 2, 1], "iscrowd": 1, "segmentation": {"size": [10, 20], "counts": [0, 200]})";

/// The refusal of a file with so many annotations of these members, on images 20 wide, 10 high.
std::string refusal(const std::vector<std::pair<int, std::string>>& members,
                    const TrainingFilter& filter = {}, int width = 20) {
  std::string annotations;
  int id = 0;
  for (const auto& [count, text] : members)
    for (int i = 0; i < count; ++i)
      annotations += fmt::format(R"({}{{"id": {}, "image_id": 1, "category_id": 1, {}}})",
                                 id++ ? "," : "", id, text);
  const JsonTextFile file(
      fmt::format(R"({{"images": [{{"id": 1, "file_name": "a", "width": {}, "height": {}}}],
                       "categories": [{{"id": 1, "name": "x"}}], "annotations": [{}]}})",
                  width, width / 2, annotations));
  const CocoDataset dataset = read_coco(file.path());
  const std::string sentence = judge_dataset(dataset, filter).refusal;
  if (sentence.empty()) {
    CHECK_NOTHROW(training_view(dataset, filter));
  } else {
    CHECK_THROWS_WITH_AS(training_view(dataset, filter), sentence.c_str(), IoError);
  }
  return sentence;
}

}  // namespace

TEST_CASE("reason_to_refuse: a file without instances, or with crowds alone") {
  CHECK(refusal({}) == "file.json: training needs at least one instance, got none");
  CHECK(refusal({{12, kCrowd}}) ==
        "file.json: training needs at least one instance, got none: all 12 annotations are crowds");
}

TEST_CASE(
    "reason_to_refuse: a handful of degenerate instances is a warning, most of them are not") {
  CHECK(refusal({{99, kGood}, {1, kBad}}) == "");
  CHECK(refusal({{10, kGood}, {10, kBad}}) == "");
  CHECK(refusal({{1000, kGood}, {11, kBad}})
            .starts_with("file.json: at most 1 % of the instances may be degenerate or 10 where "
                         "that is at most half, got 11 of 1011; data.max_bad_fraction=0.011 allows "
                         "it; annotation 1001: bbox width and height must be positive, got "));
  CHECK(refusal({{1, kGood}, {2, kBad}})
            .find(", got 2 of 3; data.max_bad_fraction=0.667 allows it; ") != std::string::npos);
  CHECK(refusal({{3, kBad}}).find(", got 3 of 3; annotation 1: ") != std::string::npos);
  CHECK(refusal({{3, kBad}}, {.max_bad_fraction = 1})
            .starts_with("file.json: training needs at least one instance, got none of 3; "));
}

TEST_CASE("reason_to_refuse: the fraction it names lets training start; 0 allows none at all") {
  CHECK(refusal({{1000, kGood}, {11, kBad}}, {.max_bad_fraction = 0.011}) == "");
  CHECK(refusal({{1, kGood}, {2, kBad}}, {.max_bad_fraction = 0.667}) == "");
  CHECK(refusal({{999, kGood}, {1, kBad}}, {.max_bad_fraction = 0})
            .starts_with("file.json: at most 0 % of the instances may be degenerate, got 1 of "
                         "1000; data.max_bad_fraction=0.001 allows it"));
}

TEST_CASE("reason_to_refuse: a model with masks needs one; the sentence names the key for boxes") {
  const char* const empty = R"("bbox": [1, 1, 4, 4], "segmentation": [])";
  const char* const null = R"("bbox": [1, 1, 4, 4], "segmentation": null)";
  const char* const sentence =
      "file.json: no instance has a segmentation; set model.mask.enabled=false to train boxes only";
  CHECK(refusal({{36, empty}}) == sentence);
  CHECK(refusal({{36, null}}) == sentence);
  CHECK(refusal({{36, null}}, {.masks = false}) == "");
  CHECK(refusal({{36, null}, {1, kGood}}) == "");
}

TEST_CASE("reason_to_refuse: coordinates in 0..1 are named as such") {
  const char* const both =
      R"("bbox": [0.1, 0.2, 0.5, 1], "segmentation": [[0.1, 0.2, 0.6, 0.2, 0.6, 1]])";
  const char* const box = R"("bbox": [0.1, 0.2, 0.5, 1], "segmentation": [[1, 1, 5, 1, 5, 5]])";
  const char* const polygon =
      R"("bbox": [1, 1, 4, 4], "segmentation": [[0.1, 0.2, 0.6, 0.2, 0.6, 1]])";
  CHECK(
      refusal({{3, both}}) ==
      "file.json: bbox and segmentation must be in pixels, got no number beyond 1 in 3 instances; "
      "coordinates look normalised to 0..1");
  CHECK(refusal({{3, box}}).starts_with("file.json: bbox must be in pixels, "));
  CHECK(refusal({{3, polygon}}).starts_with("file.json: segmentation must be in pixels, "));
  CHECK(refusal({{3, polygon}}, {.masks = false}) == "");
  CHECK(refusal({{3, both}, {1, kGood}}) == "");
  // Pixels of a corner, and images that are no larger.
  CHECK(refusal({{2, R"("bbox": [0, 0, 1, 1], "segmentation": [[0, 0, 1, 0, 1, 1]])"}}) == "");
  const char* const corner =
      R"("bbox": [0.5, 0, 1, 1], "segmentation": [[0.1, 0.2, 0.6, 0.2, 0.6, 1]])";
  CHECK(refusal({{2, corner}}) != "");
  CHECK(refusal({{2, corner}}, {}, 2) == "");
}

TEST_CASE("reason_to_refuse: boxes of which none covers a pixel show nothing to learn") {
  const char* const triangle = R"("segmentation": [[1, 1, 5, 1, 5, 5]])";
  const auto box = [&](const char* numbers) {
    return fmt::format(R"("bbox": [{}], {})", numbers, triangle);
  };
  CHECK(refusal({{30, box("5, 5, 0.5, 0.5")}, {1, box("5, 6, 0.5, 1.5")}, {5, kCrowd}}) ==
        "file.json: training needs at least one bbox that covers a pixel of its image, got none in "
        "31 instances; the largest is annotation 31, [5, 6, 0.5, 1.5]");
  // What lies off the image is not seen.
  CHECK(refusal({{3, box("19.5, 5, 8, 1")}}).ends_with("annotation 1, [19.5, 5, 8, 1]"));
  // One is enough, and a thin one is no speck.
  CHECK(refusal({{30, box("5, 5, 0.5, 0.5")}, {1, box("5, 5, 1, 1")}}) == "");
  CHECK(refusal({{30, box("5, 5, 0.25, 4")}}) == "");
}
