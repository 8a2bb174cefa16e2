#include "data/coco/fingerprint.h"

#include <doctest/doctest.h>

#include <regex>
#include <set>

#include "tests/data/coco/json_text_file.h"

using namespace denovo::data;
using denovo::testing::JsonTextFile;

namespace {

const std::string kCategories = R"([{"id": 3, "name": "cup"}, {"id": 5, "name": "plate"}])";
const std::string kImages = R"([{"id": 1, "file_name": "a.jpg", "width": 10, "height": 20},
                                {"id": 2, "file_name": "b.jpg", "width": 10, "height": 20}])";
const std::string kAnnotations =
    R"([{"id": 7, "image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 4], "area": 6, "iscrowd": 0,
         "segmentation": [[1, 2, 4, 2, 4, 6], [1, 2, 3, 4, 5.5, 6]]},
        {"id": 8, "image_id": 2, "category_id": 5, "bbox": [1, 2, 3, 4], "area": 6, "iscrowd": 1,
         "segmentation": {"size": [20, 10], "counts": [3, 4, 193]}}])";

Fingerprint of(const std::string& categories, const std::string& images,
               const std::string& annotations) {
  const JsonTextFile file(R"({"categories": )" + categories + R"(, "images": )" + images +
                          R"(, "annotations": )" + annotations + "}");
  return fingerprint(read_coco(file.path()));
}

/// `text` with the first match of `pattern` replaced.
std::string with(const std::string& text, const std::string& pattern, const std::string& by) {
  const std::string changed =
      std::regex_replace(text, std::regex(pattern), by, std::regex_constants::format_first_only);
  REQUIRE(changed != text);
  return changed;
}

}  // namespace

TEST_CASE("fingerprint: layout, other members and the order of lists do not matter") {
  const Fingerprint before = of(kCategories, kImages, kAnnotations);
  CHECK(before.categories.count == 2);
  CHECK(before.images.count == 2);
  CHECK(before.annotations.count == 2);
  CHECK(std::regex_match(before.annotations.hash, std::regex("[0-9a-f]{16}")));
  CHECK(of(R"([{"name": "plate", "supercategory": "x", "id": 5}, {"name": "cup", "id": 3}])",
           R"([{"id": 2, "file_name": "b.jpg", "width": 10, "height": 20, "licence": 1},
               {"id": 1, "file_name": "a.jpg", "width": 10, "height": 20}])",
           R"([{"id": 8, "image_id": 2, "category_id": 5, "bbox": [1.0, 2, 3, 4e0], "area": 6,
                "iscrowd": 1, "segmentation": {"counts": [3, 4, 193], "size": [20, 10]}},
               {"id": 7, "image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 4], "area": 6.0,
                "segmentation": [[1, 2, 4, 2, 4, 6], [1, 2, 3, 4, 5.5, 6]]}])") == before);
}

TEST_CASE("fingerprint: every value that is read changes the hash of its list and of no other") {
  const Fingerprint before = of(kCategories, kImages, kAnnotations);
  std::set<std::string> seen{before.images.hash, before.annotations.hash};
  const auto fresh = [&](const std::string& hash) { return seen.insert(hash).second; };
  const char* const image_edits[][2] = {{"a\\.jpg", "c.jpg"},
                                        {"\"width\": 10", "\"width\": 11"},
                                        {"\"height\": 20", "\"height\": 21"}};
  for (const auto& [pattern, by] : image_edits) {
    CAPTURE(by);
    const Fingerprint now = of(kCategories, with(kImages, pattern, by), kAnnotations);
    CHECK(now.categories == before.categories);
    CHECK(now.annotations == before.annotations);
    CHECK(fresh(now.images.hash));
  }
  const char* const annotation_edits[][2] = {{"\"id\": 7", "\"id\": 9"},
                                             {"\"image_id\": 1", "\"image_id\": 2"},
                                             {"\"category_id\": 3", "\"category_id\": 5"},
                                             {"1, 2, 3, 4\\]", "1, 2, 3, 4.0000001]"},
                                             {"\"area\": 6", "\"area\": 7"},
                                             {"\"iscrowd\": 0", "\"iscrowd\": 1"},
                                             {"\"iscrowd\": 0", "\"difficult\": 1"},
                                             {"5.5", "5.25"},
                                             {"\\], \\[1, 2, 3", ", 1, 2, 3"},
                                             {"3, 4, 193", "4, 3, 193"},
                                             {"20, 10", "10, 20"}};
  for (const auto& [pattern, by] : annotation_edits) {
    CAPTURE(by);
    const Fingerprint now = of(kCategories, kImages, with(kAnnotations, pattern, by));
    CHECK(now.categories == before.categories);
    CHECK(now.images == before.images);
    CHECK(fresh(now.annotations.hash));
  }
  const Fingerprint renamed = of(with(kCategories, "cup", "mug"), kImages, kAnnotations);
  CHECK(renamed.categories != before.categories);
  CHECK(renamed.images == before.images);
  CHECK(renamed.annotations == before.annotations);
}
