#include "data/coco/annotation_checks.h"

#include <doctest/doctest.h>

#include "tests/data/coco/json_text_file.h"

using namespace denovo;
using namespace denovo::data;
using denovo::testing::JsonTextFile;

namespace {

/// Annotation 1, or `id`, with this box and these members on an image 20 wide and 10 high.
std::string file_with(const std::string& bbox, const std::string& rest, int id = 1) {
  return R"({"images": [{"id": 1, "file_name": "a", "width": 20, "height": 10}],
             "categories": [{"id": 1, "name": "x"}], "annotations": [{"id": )" +
         std::to_string(id) + R"(, "image_id": 1, "category_id": 1, "bbox": )" + bbox + ", " +
         rest + "}]}";
}

/// What training makes of it and the lines of check_data, in which "file.json: annotation 1: " is
/// left out.
std::string verdict(const std::string& bbox, const std::string& rest, bool masks = true,
                    int id = 1) {
  const JsonTextFile file(file_with(bbox, rest, id));
  const CocoDataset dataset = read_coco(file.path());
  std::vector<Defect> defects;
  const InstanceUse use = judge_instance(dataset, dataset.annotations()[0], masks, defects);
  CHECK((use == InstanceUse::kDropped) == !defects.empty());
  for (const Defect& reason : defects) CHECK(severity(reason.kind) == Severity::kDropped);
  find_remarks(dataset, dataset.annotations()[0], masks, defects);
  std::string text = use == InstanceUse::kWhole     ? "whole"
                     : use == InstanceUse::kBoxOnly ? "box only"
                                                    : "dropped";
  const std::string prefix = "file.json: annotation " + std::to_string(id) + ": ";
  for (const Defect& defect : defects) {
    CHECK(describe(defect).starts_with(prefix));
    text += "; " + describe(defect).substr(prefix.size());
  }
  return text;
}

std::string mask(const std::string& segmentation, double area = 6) {
  return "\"area\": " + std::to_string(area) + ", \"segmentation\": " + segmentation;
}

const char* const kBox = "[1, 1, 4, 4]";
const std::string kTriangle = "[1, 1, 5, 1, 5, 5]";
const std::string kGood = mask("[" + kTriangle + "]");

}  // namespace

TEST_CASE("judge_instance: a sound instance trains whole, its parts off the image are cut off") {
  CHECK(verdict(kBox, kGood) == "whole");
  CHECK(verdict("[18, 1, 4, 4]", mask("[[18, 1, 22, 1, 22, 5, 18, 5]]", 8)) ==
        "whole; bbox should lie inside the image, got [18, 1, 4, 4] on 20 x 10");
}

TEST_CASE("judge_instance: a box without extent or off the image is dropped") {
  CHECK(verdict("[1, 1, -4, 4]", kGood)
            .starts_with("dropped; bbox width and height must be positive, got [1, 1, -4, 4]"));
  CHECK(verdict("[20, 1, 4, 4]", kGood)
            .starts_with("dropped; bbox must meet the image, got [20, 1, 4, 4] on 20 x 10"));
  // Their part on the image has no extent once it is in f32.
  CHECK(verdict("[19.9999999, 1, 4, 4]", kGood).starts_with("dropped; bbox must meet the image"));
  CHECK(verdict("[5, 1, 1e-7, 4]", kGood)
            .starts_with("dropped; bbox width and height must be positive, got [5, 1, 1e-07, 4], "
                         "less than 0.01"));
}

TEST_CASE("judge_instance: without a segmentation only the box trains") {
  const std::string expected =
      "box only; an instance without a segmentation trains its box alone, got none";
  CHECK(verdict(kBox, R"("area": 16)") == expected);
  for (const char* const none : {"[]", "null", "[[]]"})
    CHECK(verdict(kBox, mask(none)) == expected);
  CHECK(verdict(kBox, mask("[]"), false) == "whole");
}

TEST_CASE("judge_instance: polygons need three vertices, extent, and a part on the image") {
  CHECK(verdict(kBox, mask("[[1, 2, 3, 4]]")) ==
        "dropped; segmentation must cover a pixel, got no usable polygon; a polygon must have at "
        "least 6 numbers, got 4 numbers");
  CHECK(verdict(kBox, mask("[[1, 1, 5, 1, 5, 5, 3], " + kTriangle + "]")) ==
        "whole; a polygon must have an even count of numbers, got 7 numbers");
  for (const char* const nowhere :
       {"[[21, 1, 25, 1, 25, 5]]", "[[-9, 1, -1, 1, -1, 5]]", "[[1, 10, 5, 10, 5, 15]]",
        "[[3, 3, 3, 3, 3, 3]]", "[[1, 3, 4, 3, 8, 3]]"})
    CHECK(verdict(kBox, mask(nowhere)) ==
          "dropped; segmentation must cover a pixel, got polygons without extent on 20 x 10");
  CHECK(verdict(kBox, mask("[[1, 1, 5, 1, 5, 6e7]]")) ==
        "dropped; segmentation must fit the image, got coordinate 60000000");
}

TEST_CASE("judge_instance: a mask thinner than a pixel trains, with a warning") {
  CHECK(verdict("[1, 1, 8, 1.2]", mask("[[1.2, 1.1, 9, 1.1, 9, 1.3]]")) ==
        "whole; segmentation should cover a pixel, got a mask without pixels");
}

TEST_CASE("judge_instance: run lengths must have a pixel and the size of the image") {
  CHECK(verdict(kBox, mask(R"({"size": [20, 10], "counts": [0, 200]})")) ==
        "dropped; segmentation must fit the image, got a mask of 20 x 10 on an image of 10 x 20 "
        "(height x width)");
  CHECK(verdict(kBox, mask(R"({"size": [10, 20], "counts": [0, 201]})")) ==
        "dropped; segmentation must fit the image, got broken run lengths (rle: counts must sum to "
        "height * width = 200, got 201)");
  CHECK(verdict(kBox, mask(R"({"size": [10, 20], "counts": [200]})")) ==
        "dropped; segmentation must cover a pixel, got a mask without pixels");
}

TEST_CASE("judge_instance: a model without masks does not look at segmentations") {
  CHECK(verdict(kBox, mask("[[1, 2, 3, 4]]"), false) == "whole");
  CHECK(verdict(kBox, mask("[[90, 1, 99, 1, 99, 9]]"), false) == "whole");
}

TEST_CASE("find_remarks: a box that overlaps its mask's by less than half is named") {
  CHECK(verdict("[8, 1, 4, 4]", kGood) ==
        "whole; bbox should be the box of the mask, got [8, 1, 4, 4] for a mask in [1, 1, 4, 4]");
  // Corners instead of a corner and a size.
  CHECK(verdict("[10, 2, 14, 6]", mask("[[10, 2, 14, 2, 14, 6, 10, 6]]", 16)) ==
        "whole; bbox should lie inside the image, got [10, 2, 14, 6] on 20 x 10; bbox should be "
        "the box of the mask, got [10, 2, 14, 6] for a mask in [10, 2, 4, 4]");
  CHECK(verdict("[10, 2, 4, 4]", mask(R"({"size": [10, 20], "counts": [0, 5, 195]})", 5))
            .ends_with("got [10, 2, 4, 4] for a mask in [0, 0, 1, 5]"));
  // A pixel of rounding is as large as a small object.
  CHECK(verdict("[2, 1, 2, 2]", mask("[[1, 1, 3, 1, 3, 3, 1, 3]]", 4)) == "whole");
}

TEST_CASE("find_remarks: areas, ids of 0 and crowds in polygons are warnings") {
  CHECK(verdict(kBox, mask("[" + kTriangle + "]", 12)) ==
        "whole; area should be that of the mask within 10 %, got 12 for a mask of 6 pixels");
  CHECK(verdict(kBox, R"("iscrowd": 1, )" + kGood, true, 0) ==
        "whole; id should not be 0, which the reference evaluation counts as unmatched, got 0; a "
        "crowd should have run lengths, got polygons");
}
