// What of an annotation file has to be sound: DatasetPart.
#include "data/coco/read_rules.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "data/coco/dataset.h"
#include "tests/data/coco/json_text_file.h"

using namespace denovo;
using namespace denovo::data;
using denovo::testing::JsonTextFile;

namespace {

constexpr StructuralDefects kBoth[] = {StructuralDefects::kThrow, StructuralDefects::kCollect};

CocoDataset read(const std::string& text, DatasetPart part,
                 StructuralDefects structural = StructuralDefects::kThrow) {
  const JsonTextFile file(text);
  return read_coco(file.path(), structural, part);
}

/// The message, or the first defect.
std::string message(const std::string& text, DatasetPart part, StructuralDefects structural) {
  try {
    const CocoDataset dataset = read(text, part, structural);
    if (dataset.defects().empty()) return "accepted";
    return describe(dataset.defects().front()) + "; check_data lists all defects";
  } catch (const IoError& error) {
    return error.what();
  }
}

std::string with_annotation(const std::string& members) {
  return R"({"images": [{"id": 1, "file_name": "x.png", "width": 8, "height": 6}],)"
         R"("categories": [{"id": 2, "name": "cup"}], "annotations": [)"
         R"({"id": 3, "image_id": 1, "category_id": 2, "bbox": [0, 0, 1, 1]}, )"
         R"({"id": 4, "image_id": 1, "category_id": 2, )" +
         members + "}]}";
}

}  // namespace

TEST_CASE("read_coco: of boxes alone no segmentation is judged, wherever it stands") {
  for (const char* broken : {"[1, 2, 3, 4, 5, 6]", "[[1, 2, NaN]]", "NaN", "7", "\"325O4\"",
                             "[[1, \"2\"]]", "{\"size\": [6]}", "{\"counts\": 3}"}) {
    CAPTURE(broken);
    for (const std::string& text :
         {with_annotation(R"("bbox": [1, 2, 3, 4], "segmentation": )" + std::string(broken)),
          with_annotation(R"("segmentation": )" + std::string(broken) +
                          R"(, "bbox": [1, 2, 3, 4])")})
      for (const StructuralDefects structural : kBoth) {
        CHECK(message(text, DatasetPart::kMasks, structural)
                  .starts_with("file.json: annotation 4: segmentation"));
        const CocoDataset dataset = read(text, DatasetPart::kBoxes, structural);
        REQUIRE(dataset.annotations().size() == 2);
        CHECK(dataset.annotations()[1].bbox == std::array{1., 2., 3., 4.});
        CHECK(dataset.annotations()[1].area == 12);
        CHECK(dataset.annotations()[1].segmentation == SegmentationKind::kNone);
      }
  }
}

TEST_CASE("read_coco: of boxes alone, other faults are those that they are with masks") {
  for (const char* members :
       {R"("segmentation": [1, 2], "bbox": [1, 2])", R"("bbox": [1, 2], "segmentation": [1, 2])",
        R"("segmentation": [1, 2], "bbox": [1, 2, 3, NaN])"})
    for (const StructuralDefects structural : kBoth)
      CHECK(message(with_annotation(members), DatasetPart::kBoxes, structural)
                .starts_with("file.json: annotation 4: bbox must be a "));
  for (const StructuralDefects structural : kBoth) {
    CHECK(message(with_annotation(R"("segmentation": [1, 2])"), DatasetPart::kBoxes, structural) ==
          "file.json: annotation 4: bbox is missing; check_data lists all defects");
    CHECK(message(with_annotation(R"("segmentation": [[1, nan]])"), DatasetPart::kBoxes,
                  structural) ==
          "file.json: annotation 4: segmentation must be valid JSON, got nan");
  }
}

TEST_CASE("read_coco: of boxes alone, masks give the boxes and areas that are missing") {
  const std::string text =
      with_annotation(R"("segmentation": {"size": [6, 8], "counts": [0, 2, 46]})");
  const CocoDataset masks = read(text, DatasetPart::kMasks),
                    boxes = read(text, DatasetPart::kBoxes);
  REQUIRE(masks.annotations()[1].area == 2);
  CHECK(boxes.annotations()[1].area == 2);
  CHECK(boxes.annotations()[1].bbox == masks.annotations()[1].bbox);
  CHECK(boxes.annotations()[1].segmentation == SegmentationKind::kNone);
}

TEST_CASE("read_coco: a list of images needs neither annotations nor sizes nor categories") {
  const std::string images = R"({"images": [{"id": 1, "file_name": "x.png", "height": 6}])";
  for (const char* rest :
       {"", R"(, "annotations": null, "categories": null)", R"(, "annotations": [])",
        R"(, "annotations": {}, "categories": [])", R"(, "annotations": [{"id": "x"}, 7])"})
    for (const StructuralDefects structural : kBoth) {
      CAPTURE(rest);
      const CocoDataset dataset = read(images + rest + "}", DatasetPart::kImages, structural);
      CHECK(dataset.defects().empty());
      CHECK(dataset.annotations().empty());
      CHECK(dataset.num_classes() == 0);
      REQUIRE(dataset.images().size() == 1);
      CHECK(dataset.images()[0].file_name == "x.png");
      CHECK_FALSE(dataset.images()[0].has_size);
    }
  const auto refusal = [](const std::string& text) {
    return message(text, DatasetPart::kImages, StructuralDefects::kThrow);
  };
  CHECK(refusal("{}") == "file.json: the list images is missing");
  CHECK(refusal(R"({"images": null})") == "file.json: images must be a list, got null");
  CHECK(refusal(images + R"(, "categories": {}})") ==
        "file.json: categories must be a list, got {}");
  CHECK(refusal(images + R"(, "annotations": [{"id": nan}]})") ==
        "file.json: annotations[0]: id must be valid JSON, got nan");
  CHECK(refusal(R"({"images": [{"id": 1, "width": 8, "height": 6}]})") ==
        "file.json: image 1: file_name is missing; check_data lists all defects");
}

TEST_CASE("read_coco: with annotations, a list that is missing or null is said") {
  const std::string images = R"({"images": [])";
  for (const DatasetPart part : {DatasetPart::kMasks, DatasetPart::kBoxes})
    for (const StructuralDefects structural : kBoth) {
      CHECK(message(images + R"(, "categories": []})", part, structural) ==
            "file.json: the list annotations is missing");
      CHECK(message(images + R"(, "categories": [], "annotations": null})", part, structural) ==
            "file.json: annotations must be a list, got null");
    }
}
