#include "data/coco/check_dataset.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>

#include "core/error.h"
#include "data/image/image_file.h"
#include "tests/data/coco/json_text_file.h"

using namespace denovo;
using namespace denovo::data;
using denovo::testing::JsonTextFile;

namespace {

/// A folder with good.png and other.png of 6 x 4 pixels and a text that is called text.png.
class Folder {
 public:
  explicit Folder(const std::string& json) : json_(json, "train.json") {
    write_image(path() + "/good.png", Image(4, 6));
    write_image(path() + "/other.png", Image(4, 6));
    std::ofstream(path() + "/text.png") << "no picture";
  }
  std::string path() const { return std::filesystem::path(json_.path()).parent_path(); }
  CheckReport check() const {
    const CocoDataset dataset = read_coco(json_.path(), StructuralDefects::kCollect);
    return check_dataset({dataset, path()});
  }

 private:
  JsonTextFile json_;
};

std::string file_with(const std::string& images, const std::string& annotations,
                      const std::string& categories = R"({"id": 1, "name": "x"})") {
  return "{\"images\": [" + images + "], \"annotations\": [" + annotations +
         "], \"categories\": [" + categories + "]}";
}

const char* const kGood = R"({"id": 1, "file_name": "good.png", "width": 6, "height": 4})";
const char* const kBox = R"({"id": 5, "image_id": 1, "category_id": 1, "bbox": [1, 1, 2, 2]})";

std::string lines(const std::string& json) {
  return defect_lines(Folder(json).check());
}

}  // namespace

TEST_CASE("check_dataset: sound data has no lines, and training would start") {
  const CheckReport report = Folder(file_with(kGood, kBox)).check();
  CHECK(defect_lines(report) == "");
  CHECK(report.refusal == "");
  CHECK(summary_lines(report) ==
        "1 images, 1 annotations, 1 instances that are not crowds; no segmentation, boxes only\n"
        "training would start and leave out 0 degenerate instances\n");
}

TEST_CASE("check_dataset: every defect of an image names class, file, id, rule and value") {
  CHECK(
      lines(file_with(R"({"id": 1, "file_name": "good.png", "width": 4, "height": 6})", kBox)) ==
      "size_mismatch: good.png: image 1: width and height must be those of the decoded file, got 4 "
      "x 6 for a file of 6 x 4\n");
  CHECK(lines(file_with(R"({"id": 1, "file_name": "text.png", "width": 6, "height": 4})", kBox))
            .starts_with("unreadable_image: text.png: image 1: the file must be a readable JPEG or "
                         "PNG, got "));
  CHECK(lines(file_with(R"({"id": 1, "file_name": "a/none.png", "width": 6, "height": 4})", kBox))
            .starts_with("missing_file: none.png: image 1: the file must exist, got "));
  CHECK(lines(file_with(R"({"id": 1, "width": 6, "height": 4})", kBox)) ==
        "missing_member: train.json: image 1: file_name is missing\n");
  CHECK(
      lines(file_with(R"({"id": 1, "file_name": "../x.png", "width": 6, "height": 4})", kBox)) ==
      "bad_file_name: train.json: image 1: file_name must name a file in the folder of images, got "
      "\"../x.png\", which leaves it; allow_parent_folders allows that\n");
  CHECK(lines(file_with(kGood, "")) ==
        "no_annotations: good.png: image 1: an image should have annotations, got none\n");
  CHECK(
      lines(file_with(
          std::string(kGood) + R"(, {"id": 2, "file_name": "good.png", "width": 6, "height": 4})",
          std::string(kBox) +
              R"(, {"id": 6, "image_id": 2, "category_id": 1, "bbox": [1, 1, 2, 2]})")) ==
      "duplicate_file_name: good.png: image 2: file_name should be unique, got \"good.png\", which "
      "image 1 has too\n");
}

TEST_CASE("check_dataset: a photograph that EXIF turns has the size that viewers show") {
  const std::string turned = DENOVO_TEST_DATA "/data_files/image/orientation_6.jpg";
  const auto described = [&](int width, int height) {
    return lines(
        file_with(fmt::format(R"({{"id": 1, "file_name": "{}", "width": {}, "height": {}}})",
                              turned, width, height),
                  kBox));
  };
  CHECK(described(13, 18) == "");
  CHECK(described(18, 13) ==
        "size_mismatch: orientation_6.jpg: image 1: width and height must be those of the decoded "
        "file, got 18 x 13 for a file of 13 x 18 (stored as 18 x 13, which EXIF orientation 6 "
        "turns)\n");
}

TEST_CASE("check_dataset: structural defects are all listed and fatal") {
  const CheckReport report =
      Folder(file_with(std::string(kGood) +
                           R"(, {"id": 1, "file_name": "other.png", "width": 6, "height": 4})",
                       std::string(kBox) + "," + kBox +
                           R"(, {"id": 7, "image_id": 9, "category_id": 8, "bbox": [1, 1, 2, 2]})",
                       R"({"id": 1, "name": "x"}, {"id": 1, "name": "y"}, {"id": 2, "name": "y"})"))
          .check();
  CHECK(
      defect_lines(report) ==
      "duplicate_category_id: train.json: category 1: ids must be unique, got 1 again, for \"y\"\n"
      "duplicate_image_id: train.json: image 1: ids must be unique, got 1 again, for "
      "\"other.png\"\n"
      "duplicate_annotation_id: train.json: annotation 5: ids must be unique, got 5 again\n"
      "unknown_image: train.json: annotation 7: image_id must be in images, got 9\n"
      "unknown_category: train.json: annotation 7: category_id must be in categories, got 8\n"
      "duplicate_category_name: train.json: category 2: names should be unique, got \"y\", which "
      "category 1 "
      "has too\n");
  CHECK(report.refusal == "5 fatal defects");
}

TEST_CASE("check_dataset: more than one degenerate instance in a hundred is refused") {
  const CheckReport report =
      Folder(file_with(kGood, std::string(kBox) +
                                  R"(, {"id": 6, "image_id": 1, "category_id": 1,
                                        "bbox": [1, 1, 0, 2]})"))
          .check();
  CHECK(report.num_dropped == 1);
  CHECK(report.refusal == "1 of 2 instances are degenerate, more than 1 %");
  CHECK(summary_lines(report).find(" dropped  empty_box                1\n") != std::string::npos);
  CHECK(report_json(report).starts_with(
      R"({"images":1,"annotations":2,"instances":2,"dropped":1,"has_masks":false,"trainable":false,)"));
}

TEST_CASE("check_dataset: an image of impossible size is a defect, not a crash") {
  const std::string text = lines(
      file_with(R"({"id": 1, "file_name": "good.png", "width": 2000000000, "height": 2000000000})",
                R"({"id": 5, "image_id": 1, "category_id": 1, "bbox": [1, 1, 2, 2], "area": 2,
          "segmentation": [[1, 1, 3, 1, 3, 3]]})"));
  CHECK(text.starts_with(
      "mask_size: train.json: annotation 5: segmentation must fit the image, got "));
}

TEST_CASE("check_dataset: a path that is no folder is refused") {
  const JsonTextFile file(file_with(kGood, kBox));
  const CocoDataset dataset = read_coco(file.path());
  CHECK_THROWS_WITH_AS(check_dataset({dataset, "/nowhere"}), "/nowhere: must be a folder of images",
                       IoError);
}
