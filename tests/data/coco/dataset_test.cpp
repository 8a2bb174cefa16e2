#include "data/coco/dataset.h"

#include <doctest/doctest.h>

#include <array>

#include "core/error.h"
#include "core/raster/polygon.h"
#include "tests/data/coco/json_text_file.h"

using namespace denovo;
using namespace denovo::data;
using denovo::testing::JsonTextFile;

namespace {

const char* const kImages =
    R"("images": [{"id": 7, "file_name": "b.jpg", "width": 5, "height": 4},
                  {"height": 20, "id": 3, "width": 30, "file_name": "a.jpg", "license": 1}])";
const char* const kCategories =
    R"("categories": [{"id": 18, "name": "dog"}, {"id": 0, "name": "cat", "supercategory": "x"}])";

std::string with_annotations(const std::string& annotations) {
  return std::string("{\"info\": {\"a\": [1, {}]}, \"annotations\": [") + annotations + "], " +
         kImages + ", " + kCategories + "}";
}

std::string annotation(const std::string& members) {
  return "{\"id\": 5, \"image_id\": 7, \"category_id\": 18, \"bbox\": [0, 1, 2.5, 3], " + members +
         "}";
}

constexpr std::string_view kHint = "; check_data lists all defects";

/// The sentence of an error, without the hint that ends those of faulty items.
std::string message(const std::string& text) {
  const JsonTextFile file(text);
  try {
    read_coco(file.path());
  } catch (const IoError& error) {
    std::string sentence = error.what();
    if (sentence.ends_with(kHint)) sentence.resize(sentence.size() - kHint.size());
    return sentence;
  }
  return "accepted";
}

}  // namespace

TEST_CASE("read_coco: images, categories and annotations in the order that the contract promises") {
  const JsonTextFile file(with_annotations(
      R"({"id": 2, "image_id": 7, "category_id": 0, "iscrowd": 1, "area": 2, "bbox": [1, 1, 2, 1],
          "segmentation": {"size": [4, 5], "counts": [3, 2, 5, 1, 9]}},
         {"id": 1, "image_id": 3, "category_id": 18, "iscrowd": 0, "area": 9.5, "bbox": [0, 0, 3, 3],
          "segmentation": [[0, 0, 3, 0, 3, 3], [4, 4, 8, 4, 8, 8, 4, 8.25]], "keypoints": [1, 2, 2]},
         {"id": 9, "image_id": 7, "category_id": 18, "bbox": [0, 0, 1, 1],
          "segmentation": {"counts": "325O4", "size": [4, 5]}})"));
  const CocoDataset dataset = read_coco(file.path());
  REQUIRE(dataset.images().size() == 2);
  CHECK(dataset.images()[0].id == 3);
  CHECK(dataset.images()[0].file_name == "a.jpg");
  CHECK(dataset.images()[0].width == 30);
  CHECK(dataset.images()[0].height == 20);
  CHECK(dataset.categories()[0].name == "cat");
  CHECK(dataset.find_category(18) == 1);
  CHECK(dataset.find_category(5) == -1);
  CHECK(dataset.find_image(7) == 1);
  CHECK(dataset.find_image(8) == -1);

  REQUIRE(dataset.annotations_of(0).size() == 1);
  REQUIRE(dataset.annotations_of(1).size() == 2);
  const CocoAnnotation& polygons = dataset.annotations_of(0)[0];
  CHECK(polygons.id == 1);
  CHECK(polygons.category == 1);
  CHECK(polygons.area == 9.5);
  REQUIRE(dataset.polygons(polygons).sizes.size() == 2);
  CHECK(dataset.polygons(polygons).sizes[1] == 8);
  CHECK(dataset.polygons(polygons).xy[13] == 8.25);
  CHECK(rle_area(dataset.mask(polygons)) > 16);

  const CocoAnnotation& crowd = dataset.annotations_of(1)[0];
  CHECK(crowd.id == 2);
  CHECK(crowd.crowd);
  CHECK(dataset.mask(crowd) == Rle{4, 5, {3, 2, 5, 1, 9}});
  const CocoAnnotation& compressed = dataset.annotations_of(1)[1];
  CHECK(dataset.mask(compressed) == dataset.mask(crowd));
  CHECK(compressed.area == 3);  // counted from the mask
  CHECK(dataset.num_computed_areas() == 1);
}

TEST_CASE("read_coco: empty lists are a data set without content") {
  const JsonTextFile file(R"( {"images": [], "annotations":[ ] ,"categories": []} )");
  const CocoDataset dataset = read_coco(file.path());
  CHECK(dataset.images().empty());
  CHECK(dataset.annotations().empty());
}

TEST_CASE("read_coco: a value of the wrong type names file, item, rule and value") {
  CHECK(message(with_annotations(annotation("\"area\": \"big\""))) ==
        "file.json: annotation 5: area must be a finite number, got \"big\"");
  CHECK(message(with_annotations(annotation("\"iscrowd\": []"))) ==
        "file.json: annotation 5: iscrowd must be 0 or 1, got [");
  CHECK(message(with_annotations(R"({"bbox": [1, 2, 3]})")) ==
        "file.json: annotations[0]: bbox must be a list of 4 numbers, got 3");
  CHECK(message(with_annotations(R"({"id": 1.5})")) ==
        "file.json: annotations[0]: id must be a whole number of at most 2^53, got 1.5");
  CHECK(
      message(with_annotations(R"({"id": 9007199254740993})")) ==
      "file.json: annotations[0]: id must be a whole number of at most 2^53, got 9007199254740993");
  CHECK(message(with_annotations(R"({"id": 6})")) ==
        "file.json: annotation 6: image_id is missing");
  CHECK(message(with_annotations("3")) ==
        "file.json: annotations[0]: an element must be an object, got 3");
  CHECK(message(with_annotations(annotation("\"id\": 5"))) ==
        "file.json: annotation 5: id must stand once");
  CHECK(message(with_annotations(annotation("\"segmentation\": [[1, 2, null]]"))) ==
        "file.json: annotation 5: segmentation must be a finite number, got null");
  CHECK(message(with_annotations(annotation("\"segmentation\": [1, 2]"))) ==
        "file.json: annotation 5: segmentation must be a list of polygons, got a flat list of "
        "numbers; "
        "write [[x, y, …]]");
  CHECK(message(with_annotations(annotation("\"segmentation\": {\"size\": [4, 5]}"))) ==
        "file.json: annotation 5: segmentation.counts is missing");
  CHECK(message(R"({"images": [{"id": 1, "file_name": "x", "width": 3}], "annotations": [],
                    "categories": []})") == "file.json: image 1: height is missing");
  CHECK(message(R"({"images": 3, "annotations": [], "categories": []})") ==
        "file.json: images must be a list, got 3");
  CHECK(message(R"({"images": [], "categories": []})") ==
        "file.json: the list annotations is missing");
}

TEST_CASE("read_coco: text that is not JSON is refused with its place") {
  CHECK(message("") ==
        "file.json: the top level must be an object, got the end of the file at byte 0");
  CHECK(message("[]") == "file.json: the top level must be an object, got \"[]\" at byte 0");
  CHECK(message(R"({"images": [{"id": 1)") ==
        "file.json: a value must be complete, got the end of the file at byte 20");
  CHECK(message(R"({"images": [], "images": []})") ==
        "file.json: the key \"images\" must stand once, got \"\\\"images\\\": []}\" at byte 15");
  CHECK(message(R"({"images": [1, ]})") ==
        "file.json: an element must follow, got \"]}\" at byte 15");
  CHECK(message(R"({"images": []} x)") ==
        "file.json: nothing may follow the top level, got \"x\" at byte 15");
  CHECK(message(with_annotations(annotation("\"score\": nan"))) ==
        "file.json: annotation 5: score must be valid JSON, got nan");
  CHECK(
      message(with_annotations(annotation("\"score\": \"\xff\"")))
          .starts_with("file.json: annotations[0]: must be valid JSON of the expected form, got:"));
  CHECK(
      message(with_annotations(annotation("\"x\": " + std::string(70, '[') + std::string(70, ']'))))
          .starts_with("file.json: values must nest at most 64 deep, got "));
  CHECK(message(R"({"info": {"a": tru}, "images": [], "annotations": [], "categories": []})") ==
        "file.json: info: a must be valid JSON, got tru");
}

TEST_CASE("read_coco: structural defects stop training and are listed for the evaluation") {
  const std::string text =
      with_annotations(annotation("\"area\": 1") + "," +
                       R"({"id": 6, "image_id": 99, "category_id": 18, "bbox": [0, 0, 1, 1]},
         {"id": 8, "image_id": 3, "category_id": 99, "bbox": [0, 0, 1, 1]},
         {"id": 5, "image_id": 3, "category_id": 0, "bbox": [0, 0, 1, 1]})");
  CHECK(message(text) == "file.json: annotation 5: ids must be unique, got 5 again");
  const JsonTextFile file(text);
  const CocoDataset dataset = read_coco(file.path(), StructuralDefects::kCollect);
  CHECK(dataset.annotations().size() == 2);
  REQUIRE(dataset.replaced().size() == 1);
  CHECK(dataset.replaced()[0].index == 1);
  CHECK(dataset.replaced()[0].last_index == 0);
  REQUIRE(dataset.defects().size() == 3);
  CHECK(describe(dataset.defects()[1]) ==
        "file.json: annotation 6: image_id must be in images, got 99");
  CHECK(describe(dataset.defects()[2]) ==
        "file.json: annotation 8: category_id must be in categories, got 99");
}

TEST_CASE(
    "read_coco: the first faulty item ends reading and the sentence says who lists them all") {
  const auto throws = [](const std::string& text) {
    const JsonTextFile file(text);
    CHECK_THROWS_WITH_AS(
        read_coco(file.path()),
        "file.json: annotation 5: image_id must be a whole number of at most 2^53, "
        "got \"7\"; check_data lists all defects",
        IoError);
  };
  throws(with_annotations(R"({"id": 5, "image_id": "7"}, {"id": "6"})"));
  const JsonTextFile repeated(
      with_annotations(annotation("\"area\": 1") + "," + annotation("\"area\": 1")));
  CHECK_THROWS_WITH_AS(
      read_coco(repeated.path()),
      "file.json: annotation 5: ids must be unique, got 5 again; check_data lists all defects",
      IoError);
}

TEST_CASE("read_coco: a missing bbox is that of the segmentation, or is missing") {
  const auto box = [](const std::string& segmentation) {
    const JsonTextFile file(with_annotations(
        R"({"id": 5, "image_id": 7, "category_id": 18, "bbox": null, "segmentation": )" +
        segmentation + "}"));
    const CocoDataset dataset = read_coco(file.path());
    CHECK(dataset.num_computed_boxes() == 1);
    return dataset.annotations()[0].bbox;
  };
  // The short polygon is not drawn, so it does not count.
  CHECK(box("[[1, 0.5, 3, 0.5, 3, 4.25], [0, 0, 5, 5], [2, 1, 4.5, 1, 4, 2]]") ==
        std::array{1., 0.5, 3.5, 3.75});
  CHECK(box(R"({"size": [4, 5], "counts": [5, 2, 2, 1, 10]})") == std::array{1., 1., 2., 2.});
  for (const char* nothing : {"[]", "{}", "[[1, 2, 3, 4]]", R"({"size": [4, 5], "counts": [21]})"})
    CHECK(message(with_annotations(
              R"({"id": 5, "image_id": 7, "category_id": 18, "segmentation": )" +
              std::string(nothing) + "}")) == "file.json: annotation 5: bbox is missing");
  const JsonTextFile given(with_annotations(annotation("\"segmentation\": [[1, 1, 3, 1, 3, 3]]")));
  CHECK(read_coco(given.path()).annotations()[0].bbox == std::array{0., 1., 2.5, 3.});
  CHECK(read_coco(given.path()).num_computed_boxes() == 0);
}

TEST_CASE(
    "read_coco: null, [], {} and an empty string are no segmentation, [[]] is a bad polygon") {
  for (const char* nothing : {"null", "[]", "{}", "\"\""}) {
    const JsonTextFile file(
        with_annotations(annotation("\"segmentation\": " + std::string(nothing))));
    CHECK(read_coco(file.path()).annotations()[0].segmentation == SegmentationKind::kNone);
  }
  const JsonTextFile file(with_annotations(annotation("\"segmentation\": [[]]")));
  const CocoDataset dataset = read_coco(file.path());
  REQUIRE(dataset.polygons(dataset.annotations()[0]).sizes.size() == 1);
  CHECK(dataset.polygons(dataset.annotations()[0]).sizes[0] == 0);
}

TEST_CASE("read_coco: run lengths that contradict their size are kept apart") {
  const JsonTextFile file(with_annotations(
      annotation(R"("area": 1, "segmentation": {"size": [4, 5], "counts": [21]})")));
  const CocoDataset dataset = read_coco(file.path());
  CHECK(dataset.annotations()[0].segmentation == SegmentationKind::kBrokenRle);
  CHECK_THROWS_WITH_AS(
      dataset.mask(dataset.annotations()[0]),
      "file.json: annotation 5: segmentation: rle: counts must sum to height * width = 20, got 21",
      IoError);
}

TEST_CASE("read_coco: a file of many chunks keeps its order on any number of threads") {
  std::string annotations;
  for (int i = 0; i < 60000; ++i)
    annotations += (i ? ", " : "") + std::string("{\"id\": ") + std::to_string(100000 - i) +
                   ", \"image_id\": " + (i % 3 ? "7" : "3") +
                   ", \"category_id\": 18, \"area\": 1, \"bbox\": [0.5, 1, 2, " +
                   std::to_string(i) + "], \"caption\": \"{[\\\\\\\"]\", \"segmentation\": [[" +
                   std::to_string(i) + ", 1, 2, 3.25, 4, 5]]}";
  const JsonTextFile file(with_annotations(annotations));
  const CocoDataset dataset = read_coco(file.path());
  REQUIRE(dataset.annotations().size() == 60000);
  int wrong = 0;
  for (int image = 0; image < 2; ++image) {
    int i = image == 0 ? 0 : 1;
    for (const CocoAnnotation& a : dataset.annotations_of(image)) {
      wrong += a.bbox[3] != i || a.id != 100000 - i || dataset.polygons(a).xy[0] != i;
      i += image == 0 ? 3 : (i % 3 == 1 ? 1 : 2);
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("read_coco: a path that cannot be read says why") {
  CHECK_THROWS_WITH_AS(read_coco("/nowhere/x.json"),
                       "/nowhere/x.json: cannot be opened: No such file or directory", IoError);
  CHECK_THROWS_WITH_AS(read_coco("/"), "/: cannot be read: Is a directory", IoError);
}
