// JSON as people write it, seen through the readers of annotation and results files.
#include "data/coco/json_items.h"

#include <doctest/doctest.h>

#include "data/coco/dataset.h"
#include "data/coco/results.h"
#include "tests/data/coco/json_text_file.h"

using namespace denovo;
using namespace denovo::data;
using denovo::testing::JsonTextFile;

namespace {

template <typename Read>
std::string message_of(const Read& read) {
  try {
    read();
  } catch (const IoError& error) {
    return error.what();
  }
  return "accepted";
}

std::string result_with_image_id(const std::string& id) {
  return R"([{"image_id": )" + id + R"(, "category_id": 2, "score": 1, "bbox": [1, 2, 3, 4]}])";
}

/// The image_id of a result with this text, or the message.
std::string read_as(const std::string& id) {
  const JsonTextFile file(result_with_image_id(id));
  int64_t read = 0;
  const std::string message = message_of(
      [&] { read = read_results(file.path(), {.masks = false}).detections()[0].image_id; });
  return message == "accepted" ? std::to_string(read) : message;
}

/// A small data set with `members` in its annotation and `extra` at the top level.
std::string dataset_text(const std::string& members, const std::string& extra = "") {
  return R"({"images": [{"id": 1, "file_name": "x.png", "width": 8, "height": 6}],)" + extra +
         R"("categories": [{"id": 2, "name": "cup"}], "annotations": [{"id": 4, "image_id": 1,)" +
         R"("category_id": 2, "bbox": [1, 1, 2, 2])" + members + "}]}";
}

std::string message_of_dataset(const std::string& text) {
  const JsonTextFile file(text);
  return message_of([&] { read_coco(file.path(), StructuralDefects::kCollect); });
}

}  // namespace

TEST_CASE("json: a whole number is one however it is written, to the last digit") {
  CHECK(read_as("1.0") == "1");
  CHECK(read_as("9.6e1") == "96");
  CHECK(read_as("1E2") == "100");
  CHECK(read_as("-0.0") == "0");
  CHECK(read_as("0e5") == "0");
  CHECK(read_as("12300e-2") == "123");
  CHECK(read_as("-0.0012E+3") ==
        "file.json: result[0]: image_id must be a whole number of at most "
        "2^53, got -0.0012E+3");
  CHECK(read_as("-1.200e1") == "-12");
  CHECK(read_as("9007199254740992.0") == "9007199254740992");
  CHECK(read_as("-9007199254740992") == "-9007199254740992");
  for (const std::string refused :
       {"1.5", "1e300", "9007199254740993.0", "9007199254740991.5", "1e-1", "1e-300", "NaN",
        "-Infinity", "9007199254740993", "99999999999999999999", "true", "[1]", "\"1\""})
    CHECK(read_as(refused) ==
          "file.json: result[0]: image_id must be a whole number of at most "
          "2^53, got " +
              refused.substr(0, refused[0] == '[' ? 1 : 40));
}

TEST_CASE("json: every integer of an annotation file may be written as a float") {
  const JsonTextFile file(
      R"({"images": [{"id": 1e0, "file_name": "x.png", "width": 8.0, "height": 0.6e1}],
          "categories": [{"id": 2.0, "name": "cup"}],
          "annotations": [{"id": 4.0, "image_id": 1.0, "category_id": 20e-1, "iscrowd": 1.0,
                           "bbox": [1, 1, 2, 2], "area": 2,
                           "segmentation": {"size": [6.0, 8e0], "counts": [1.0, 2.0, 45]}}]})");
  const CocoDataset dataset = read_coco(file.path());
  CHECK(dataset.images()[0].width == 8);
  CHECK(dataset.images()[0].height == 6);
  REQUIRE(dataset.annotations().size() == 1);
  CHECK(dataset.annotations()[0].id == 4);
  CHECK(dataset.annotations()[0].crowd);
  CHECK(dataset.mask(dataset.annotations()[0]) == Rle{6, 8, {1, 2, 45}});
  for (const char* zero : {"0", "0.0", "-0.0", "false"}) {
    const JsonTextFile other(dataset_text(R"(, "iscrowd": )" + std::string(zero)));
    CHECK_FALSE(read_coco(other.path()).annotations()[0].crowd);
  }
}

TEST_CASE("json: NaN and infinities are read over where nobody reads them") {
  const std::string unread =
      R"(, "score": NaN, "more": {"a": [Infinity, {"b": -Infinity}, 1e999], "c": NaN})";
  CHECK(message_of_dataset(dataset_text(unread, R"("info": NaN, "x": [NaN, -Infinity],)")) ==
        "accepted");
  const JsonTextFile results(
      R"([{"image_id": 1, "category_id": 2, "score": 1, "bbox": [NaN, 1, 1, 1], "x": NaN,)"
      R"("segmentation": {"size": [4, 5], "counts": "325O4", "y": Infinity}}])");
  CHECK(message_of([&] { read_results(results.path(), {.boxes = false}); }) == "accepted");
  CHECK(message_of([&] { read_results(results.path()); }) ==
        "file.json: result[0]: bbox must be a finite number, got NaN");
}

TEST_CASE("json: what is no JSON, nan and inf too, is said with its item and key, read or not") {
  for (const std::string text : {"nan", "NaNs", "inf", "+Infinity", "--Infinity", "01", "1.",
                                 "1.e9", "tru", "nul", "None", "-nan"}) {
    const auto of_member = [&](const std::string& key, const std::string& value) {
      return message_of_dataset(dataset_text(", \"" + key + "\": " + value));
    };
    const std::string got = " must be valid JSON, got " + text;
    CHECK(of_member("score", text) == "file.json: annotation 4: score" + got);
    CHECK(of_member("more", "[1, {\"a\": " + text + "}]") == "file.json: annotation 4: more" + got);
    for (const char* read : {"area", "iscrowd", "segmentation"})
      CHECK(of_member(read, text) == "file.json: annotation 4: " + std::string(read) + got);
    CHECK(of_member("segmentation", "[[1, 2, 3, 4, 5, " + text + "]]") ==
          "file.json: annotation 4: segmentation" + got);
    CHECK(message_of_dataset(dataset_text("", "\"info\": {\"year\": " + text + "},")) ==
          "file.json: info: year" + got);
    const JsonTextFile results("[{}, {\"x\": " + text + "}]");
    CHECK(message_of([&] { read_results(results.path(), {.required = false}); }) ==
          "file.json: result[0]: image_id is missing");
    const JsonTextFile scores("[{\"score\": " + text + "}]");
    CHECK(message_of([&] { read_results(scores.path()); }) == "file.json: result[0]: score" + got);
  }
}

TEST_CASE("json: what is no JSON is said with its own item where an earlier one has a fault") {
  CHECK(message_of_dataset(
            dataset_text("}, {\"area\": \"big\"}, {\"id\": 9, \"area\": 1, \"x\": nan")) ==
        "file.json: annotations[2]: x must be valid JSON, got nan");
}

TEST_CASE("json: NaN in a key that is read names key and item") {
  for (const char* member : {"area", "iscrowd", "segmentation"}) {
    const JsonTextFile file(dataset_text(", \"" + std::string(member) + "\": NaN"));
    const CocoDataset dataset = read_coco(file.path(), StructuralDefects::kCollect);
    REQUIRE(dataset.defects().size() == 1);
    const std::string sentence = describe(dataset.defects()[0]);
    CHECK(sentence.starts_with("file.json: annotation 4: " + std::string(member) + " must be "));
    CHECK(sentence.ends_with(", got NaN"));
  }
}

TEST_CASE("json: a byte order mark is skipped, UTF-16 is said") {
  const std::string text = dataset_text("");
  CHECK(message_of_dataset("\xef\xbb\xbf" + text) == "accepted");
  CHECK(message_of_dataset("\xef\xbb\xbf[]") ==
        "file.json: the top level must be an object, got \"[]\" at byte 3");
  const JsonTextFile results("\xef\xbb\xbf" + result_with_image_id("1"));
  CHECK(read_results(results.path(), {.masks = false}).detections().size() == 1);
  std::string little, big;
  for (const char c : text) {
    little += {c, '\0'};
    big += {'\0', c};
  }
  for (const std::string& wide : {little, big, "\xff\xfe" + little, "\xfe\xff" + big})
    CHECK(message_of_dataset(wide) == "file.json: is UTF-16; save it as UTF-8");
}
