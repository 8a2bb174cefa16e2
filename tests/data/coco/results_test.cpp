#include "data/coco/results.h"

#include <doctest/doctest.h>

#include <limits>

#include "core/error.h"
#include "tests/data/coco/json_text_file.h"

using namespace denovo;
using namespace denovo::data;
using denovo::testing::JsonTextFile;

namespace {

std::string message(const std::string& text, ResultFields fields = {}) {
  const JsonTextFile file(text);
  try {
    read_results(file.path(), fields);
  } catch (const IoError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("results: what is written reads back equal to the last bit") {
  const Rle first = rle_from_string("325O4", 4, 5);
  const Rle second{8, 8, {44, 1, 19}};  // its text holds a backslash
  REQUIRE(rle_to_string(second).find('\\') != std::string::npos);
  const Detection detections[] = {
      {.image_id = 3,
       .category_id = 90,
       .bbox = {0.1, 1. / 3, 1e-7, 2},
       .score = 0.1f,
       .mask = first},
      {.image_id = -4, .category_id = 0, .bbox = {-1, 0, 5, 6}, .score = 1, .mask = second}};
  const std::string text = results_text(detections);
  CHECK(text.starts_with(
      R"([{"image_id":3,"category_id":90,"bbox":[0.1,0.3333333333333333,1e-07,2],)"
      R"("score":0.10000000149011612,"segmentation":{"size":[4,5],"counts":"325O4"}})"));
  const JsonTextFile file(text);
  const CocoResults read = read_results(file.path());
  REQUIRE(read.detections().size() == 2);
  for (int i = 0; i < 2; ++i) {
    const Detection& d = read.detections()[i];
    CHECK(d.image_id == detections[i].image_id);
    CHECK(d.category_id == detections[i].category_id);
    CHECK(d.bbox == detections[i].bbox);
    CHECK(d.score == detections[i].score);
    CHECK(rle_to_string(d.mask) == rle_to_string(detections[i].mask));
  }
}

TEST_CASE("results: both forms of run lengths are read, an empty list is a result") {
  const JsonTextFile file(R"([{"image_id": 1, "category_id": 2, "score": 1, "file_name": "x.jpg",
                              "segmentation": {"size": [4, 5], "counts": [3, 2, 5, 1, 9]}}])");
  const CocoResults read = read_results(file.path(), {.boxes = false});
  CHECK(rle_to_string(read.detections()[0].mask) == "325O4");
  CHECK(message("[]") == "accepted");
}

TEST_CASE("results: what may be missing is told, not refused") {
  const ResultFields optional{.required = false};
  const JsonTextFile mixed(R"([{"image_id": 1, "category_id": 2, "score": 1, "bbox": [1, 2, 3, 4]},
                              {"image_id": 1, "category_id": 2, "score": 1, "bbox": [1, 2, 3, 4],
                               "segmentation": {"size": [4, 5], "counts": "325O4"}}])");
  const CocoResults read = read_results(mixed.path(), optional);
  CHECK(read.boxes().everywhere());
  CHECK(read.boxes().count == 2);
  CHECK(read.masks().first_without == 0);
  CHECK(read.masks().count == 1);
}

TEST_CASE("results: an empty segmentation is none, in the forms that annotations have it in") {
  for (const char* none : {"{}", "[]", "\"\"", "null", "{ }", "[ ]"}) {
    CAPTURE(none);
    const std::string text =
        R"([{"image_id": 1, "category_id": 2, "score": 1, "bbox": [1, 2, 3, 4],
             "segmentation": {"size": [4, 5], "counts": "325O4"}},
            {"image_id": 1, "category_id": 2, "score": 1, "bbox": [1, 2, 3, 4], "segmentation": )" +
        std::string(none) + "}]";
    const JsonTextFile file(text);
    const CocoResults read = read_results(file.path(), {.required = false});
    CHECK(read.masks().first_without == 1);
    CHECK(read.masks().count == 1);
    CHECK(read.detections()[1].mask.counts.empty());
    CHECK(message(text, {.masks = false}) == "accepted");
    CHECK(message(text) == (none == std::string("null")
                                ? "file.json: result[1]: segmentation is missing"
                                : "file.json: result[1]: segmentation is empty"));
  }
  CHECK(message(R"([{"segmentation": "325O4"}])") ==
        "file.json: result[0]: segmentation must be run lengths, got \"325O4\"");
  CHECK(message(R"([{"segmentation": {"counts": "325O4"}}])") ==
        "file.json: result[0]: segmentation.size is missing");
}

TEST_CASE("results: hostile files name the position, the rule and the value") {
  CHECK(message("{}") == "file.json: the top level must be a list, got \"{}\" at byte 0");
  CHECK(message(R"([{"image_id": 1, "category_id": 2, "score": 1}])") ==
        "file.json: result[0]: bbox is missing");
  CHECK(message(R"([{"image_id": 1, "category_id": 2, "score": 1}])", {.boxes = false}) ==
        "file.json: result[0]: segmentation is missing");
  CHECK(message(R"([{"image_id": 1, "category_id": 2}])") ==
        "file.json: result[0]: score is missing");
  CHECK(message(R"([{"image_id": "1"}])") ==
        "file.json: result[0]: image_id must be a whole number of at most 2^53, got \"1\"");
  CHECK(message(R"([{"score": 1e999}])") ==
        "file.json: result[0]: score must be a finite number, got 1e999");
  CHECK(message(R"([{"segmentation": {"size": [4, 5], "counts": "325O5"}}])") ==
        "file.json: result[0]: segmentation: rle: counts must be 0 or more and sum to height * "
        "width = "
        "20, got 10 at character 4");
  CHECK(message(R"([{"segmentation": {"size": [99999, 5], "counts": "0"}}])") ==
        "file.json: result[0]: segmentation: rle: height and width must be 0 to 65500, got 99999 x "
        "5");
  CHECK(message(R"([{"segmentation": [[1, 2, 3, 4, 5, 6]]}])") ==
        "file.json: result[0]: segmentation must be run lengths, got [");
  const Detection infinite{.score = std::numeric_limits<double>::infinity()};
  CHECK_THROWS_WITH_AS(results_text(std::span(&infinite, 1)),
                       "results[0]: score must be finite, got inf", IoError);
}
