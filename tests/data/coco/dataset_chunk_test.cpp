// All faults of a file at once: StructuralDefects::kCollect.
#include "data/coco/dataset_chunk.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "data/coco/annotation_checks.h"
#include "tests/data/coco/json_text_file.h"

using namespace denovo;
using namespace denovo::data;
using denovo::testing::JsonTextFile;

namespace {

const std::string kImages =
    R"("images": [{"id": 1, "file_name": "x.png", "width": 8, "height": 6}])";
const std::string kCategories = R"("categories": [{"id": 2, "name": "cup"}])";
const std::string kSound = R"({"id": 4, "image_id": 1, "category_id": 2, "bbox": [1, 1, 2, 2]})";

std::string text_of(const std::string& annotations, const std::string& images = kImages,
                    const std::string& categories = kCategories) {
  return "{" + images + ", " + categories + ", \"annotations\": [" + annotations + "]}";
}

CocoDataset collect(const std::string& text) {
  const JsonTextFile file(text);
  return read_coco(file.path(), StructuralDefects::kCollect);
}

std::vector<std::string> sentences(const CocoDataset& dataset) {
  std::vector<std::string> list;
  for (const Defect& defect : dataset.defects()) list.push_back(describe(defect));
  return list;
}

}  // namespace

TEST_CASE("read_coco: every fault of every element is collected, the sound elements are read") {
  const CocoDataset dataset = collect(text_of(
      kSound + R"(, {"segmentation": [1, 2, 3, 4, 5, 6], "id": 5, "image_id": "1", "bbox": [1, 2]},
      7, {"id": 8, "id": 9, "image_id": 1, "category_id": 2, "bbox": [1, 1, 2, 2], "area": "big"},
      {"id": 6, "image_id": 1, "category_id": 2, "bbox": [0, 0, 3, 3],
       "segmentation": [[0, 0, 3, 0, 3, 3]]})"));
  const std::vector<std::string> expected = {
      "file.json: annotations[1]: segmentation must be a list of polygons, got a flat list of "
      "numbers; write [[x, y, …]]",
      "file.json: annotation 5: image_id must be a whole number of at most 2^53, got \"1\"",
      "file.json: annotation 5: bbox must be a list of 4 numbers, got 2",
      "file.json: annotation 5: category_id is missing",
      "file.json: annotations[2]: an element must be an object, got 7",
      "file.json: annotation 8: id must stand once",
      "file.json: annotations[3]: area must be a finite number, got \"big\""};
  CHECK(sentences(dataset) == expected);
  for (const Defect& defect : dataset.defects()) CHECK(defect.kind == DefectKind::kMalformed);
  CHECK(dataset.defects()[1].id == 5);
  CHECK(dataset.defects()[1].member == "image_id");
  REQUIRE(dataset.annotations().size() == 2);
  CHECK(dataset.annotations()[0].id == 4);
  CHECK(dataset.polygons(dataset.annotations()[1]).xy[4] == 3);
  CHECK_THROWS_WITH_AS(dataset.require_well_formed(),
                       (expected[0] + "; check_data lists all defects").c_str(), IoError);
}

TEST_CASE("read_coco: an image or category with a bad member still has its id") {
  const CocoDataset dataset =
      collect(text_of(kSound, R"("images": [{"id": 1, "file_name": 3, "width": "8", "height": 6}])",
                      R"("categories": [{"id": 2, "name": 5}, {"id": "3", "name": "x"}])"));
  CHECK(sentences(dataset) ==
        std::vector<std::string>{
            "file.json: image 1: file_name must be a string, got 3",
            "file.json: image 1: width must be a whole number from 0 to 2147483647, got \"8\"",
            "file.json: category 2: name must be a string, got 5",
            "file.json: categories[1]: id must be a whole number of at most 2^53, got \"3\""});
  CHECK(dataset.annotations().size() == 1);
  CHECK_FALSE(dataset.images()[0].complete);
}

TEST_CASE("read_coco: a category without a name is one with an empty name") {
  for (const char* name : {"", R"(, "name": null)", R"(, "name": "")"}) {
    const CocoDataset dataset =
        collect(text_of(kSound, kImages, R"("categories": [{"id": 2)" + std::string(name) + "}]"));
    CHECK(dataset.defects().empty());
    REQUIRE(dataset.num_classes() == 1);
    CHECK(dataset.categories()[0].name.empty());
    CHECK(dataset.annotations().size() == 1);
  }
}

TEST_CASE(
    "read_coco: a missing width is missing, a width of 0 is 0, and the evaluation takes both") {
  const CocoDataset dataset =
      collect(text_of(kSound, R"("images": [{"id": 1, "file_name": "x.png", "width": null},
                                            {"id": 2, "file_name": "y.png", "width": 0, "height": 0}])"));
  CHECK(sentences(dataset) == std::vector<std::string>{"file.json: image 1: width is missing",
                                                       "file.json: image 1: height is missing"});
  CHECK(dataset.defects()[0].kind == DefectKind::kMissingMember);
  CHECK_FALSE(dataset.images()[0].complete);
  CHECK(dataset.images()[1].complete);
  CHECK_NOTHROW(dataset.require_well_formed());
}

TEST_CASE("read_coco: a mask on an image without a size says what is missing, not a size of 0") {
  const auto check = [](const std::string& size, const std::string& missing) {
    const CocoDataset dataset = collect(text_of(
        R"({"id": 4, "image_id": 1, "category_id": 2, "segmentation": [[1, 1, 5, 1, 5, 5]]},
           {"id": 5, "image_id": 1, "category_id": 2,
            "segmentation": {"size": [6, 8], "counts": [0, 24, 24]}})",
        R"("images": [{"id": 1, "file_name": "x.png")" + size + "}]"));
    REQUIRE(dataset.annotations().size() == 2);
    CHECK_THROWS_WITH_AS(
        dataset.mask(dataset.annotations()[0]),
        ("file.json: annotation 4: segmentation: polygons are drawn on image 1, whose " + missing +
         " missing")
            .c_str(),
        IoError);
    CHECK(dataset.mask(dataset.annotations()[1]).width == 8);
    for (const CocoAnnotation& annotation : dataset.annotations()) {
      std::vector<Defect> defects;
      judge_instance(dataset, annotation, true, defects);
      find_remarks(dataset, annotation, true, defects);
      CHECK(defects.empty());
    }
  };
  check("", "width and height are");
  check(R"(, "height": 6)", "width is");
  check(R"(, "width": 8, "height": null)", "height is");
  check(R"(, "width": "8", "height": 6)", "width is");
}

TEST_CASE("read_coco: text that is not JSON is refused when faults are collected too") {
  for (const char* bad : {R"({"id": "5", "x": tru})", R"({"id": "5", "x": [1 2]})",
                          R"({"id": "5", "x": "\q"})", R"({"id": "5", "x" 3})", R"([1, nul])"}) {
    const JsonTextFile file(text_of(kSound + ", " + bad + ", " + kSound));
    std::string message = "accepted";
    try {
      read_coco(file.path(), StructuralDefects::kCollect);
    } catch (const IoError& error) {
      message = error.what();
    }
    CHECK(message.find("must be valid JSON") != std::string::npos);
  }
}

TEST_CASE("read_coco: faults are found in every chunk, in the order of the file") {
  std::string annotations;
  for (int i = 0; i < 30000; ++i) {
    const std::string id = std::to_string(i + 1);
    annotations += (i ? ", " : "") + std::string("{\"id\": ") + id +
                   ", \"image_id\": " + (i % 1000 == 17 ? "\"1\"" : "1") +
                   ", \"category_id\": 2, \"bbox\": [1, 1, 2, " + id +
                   "], \"note\": \"{[\\\"]\", \"segmentation\": [[1, 1, 2, 2, 3, " + id + "]]}";
  }
  const CocoDataset dataset = collect(text_of(annotations));
  REQUIRE(dataset.defects().size() == 30);
  for (int i = 0; i < 30; ++i) CHECK(dataset.defects()[i].id == 1000 * i + 18);
  REQUIRE(dataset.annotations().size() == 30000 - 30);
  int wrong = 0;
  for (const CocoAnnotation& a : dataset.annotations())
    wrong += a.bbox[3] != static_cast<double>(a.id) || dataset.polygons(a).xy[5] != a.bbox[3] ||
             a.id % 1000 == 18;
  CHECK(wrong == 0);
}
