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
  CheckReport check(const CheckOptions& options = {}) const {
    const CocoDataset dataset = read_coco(json_.path(), StructuralDefects::kCollect);
    return check_dataset({dataset, path()}, options);
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
const char* const kSound = R"({"id": 5, "image_id": 1, "category_id": 1, "bbox": [1, 1, 2, 2],
                               "segmentation": [[1, 1, 3, 1, 3, 3, 1, 3]]})";

std::string lines(const std::string& json) {
  return defect_lines(Folder(json).check());
}

}  // namespace

TEST_CASE("check_dataset: sound data has no lines, and training would start") {
  const CheckReport report = Folder(file_with(kGood, kSound)).check();
  CHECK(defect_lines(report) == "");
  CHECK(report.refusal == "");
  CHECK(summary_lines(report) ==
        "1 images, 1 annotations, 1 instances that are not crowds\n"
        "training would start and leave out 0 degenerate instances\n");
}

TEST_CASE("check_dataset: boxes without masks start a training of boxes, and no other") {
  const Folder folder(file_with(kGood, kBox));
  const CheckReport masks = folder.check();
  CHECK(defect_lines(masks) == "");
  CHECK(summary_lines(masks) ==
        "1 images, 1 annotations, 1 instances that are not crowds; no segmentation\n"
        "training would refuse these data: train.json: no instance has a segmentation; set "
        "model.mask.enabled=false to train boxes only\n");
  CHECK(summary_lines(folder.check({.training = {.masks = false}})) ==
        "1 images, 1 annotations, 1 instances that are not crowds; boxes only "
        "(model.mask.enabled=false)\n"
        "training would start and leave out 0 degenerate instances\n");
}

TEST_CASE("check_dataset: the summary says what becomes of what is not used whole") {
  const Folder folder(
      file_with(std::string(kGood) +
                    R"(, {"id": 2, "file_name": "other.png", "width": 6, "height": 4},
               {"id": 3, "file_name": "other.png", "width": 6, "height": 4})",
                std::string(kSound) +
                    R"(, {"id": 6, "image_id": 1, "category_id": 1, "bbox": [1, 1, 2, 2]},
               {"id": 7, "image_id": 2, "category_id": 1, "bbox": [1, 1, 0, 2]},
               {"id": 8, "image_id": 1, "category_id": 1, "bbox": [1, 1, 2, 2], "difficult": 1})"));
  const std::string summary = summary_lines(folder.check());
  CHECK(summary.find(
            "1 of 3 instances are degenerate; at most 1 % of the instances may be degenerate or 10 "
            "where that is at most half (data.max_bad_fraction)\n"
            "1 objects are difficult (PASCAL VOC): left out\n"
            "1 instances have no segmentation and train their box alone\n"
            "1 images have no annotations and are left out (data.keep_empty_images=false)\n"
            "1 images have annotations, but no instance to train on: left out\n"
            "training would start and leave out 1 degenerate instances\n") != std::string::npos);
  CHECK(summary_lines(folder.check({.training = {.keep_empty_images = true}}))
            .find("1 images have no annotations and train as negatives "
                  "(data.keep_empty_images=true)\n") != std::string::npos);
}

TEST_CASE("check_dataset: every defect of an image names class, file, id, rule and value") {
  CHECK(
      lines(file_with(R"({"id": 1, "file_name": "good.png", "width": 4, "height": 6})", kBox)) ==
      "size_mismatch: good.png: image 1: width and height must be those of the decoded file, got 4 "
      "x 6 for a file of 6 x 4\n");
  CHECK(lines(file_with(R"({"id": 1, "file_name": "text.png", "width": 6, "height": 4})", kBox)) ==
        "unreadable_image: text.png: image 1: is a text file, not a JPEG or PNG\n");
  CHECK(lines(file_with(R"({"id": 1, "file_name": "a/none.png", "width": 6, "height": 4})", kBox))
            .starts_with("missing_file: none.png: image 1: the file must exist, got "));
  CHECK(lines(file_with(R"({"id": 1, "width": 6, "height": 4})", kBox)) ==
        "missing_member: train.json: image 1: file_name is missing\n");
  CHECK(
      lines(file_with(R"({"id": 1, "file_name": "../x.png", "width": 6, "height": 4})", kBox)) ==
      "bad_file_name: train.json: image 1: file_name must name a file in the folder of images, got "
      "\"../x.png\", which leaves it; data.allow_parent_folders=true allows that\n");
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
  CHECK(report.refusal == "train.json: category 1: ids must be unique, got 1 again, for \"y\"");
}

TEST_CASE("check_dataset: a category without a name is told, training starts") {
  for (const char* name : {"", R"(, "name": "")", R"(, "name": null)"}) {
    const CheckReport report =
        Folder(file_with(kGood, kSound, R"({"id": 1)" + std::string(name) + "}")).check();
    CHECK(defect_lines(report) ==
          "nameless_category: train.json: category 1: a category should have a name, got none, so "
          "that other files know it by its id alone\n");
    CHECK(report.trainable());
  }
}

TEST_CASE("check_dataset: refuses with the sentence of training, the report counts") {
  const CheckReport report =
      Folder(
          file_with(kGood, R"({"id": 6, "image_id": 1, "category_id": 1, "bbox": [1, 1, 0, 2]})"))
          .check();
  CHECK(report.view.num_dropped == 1);
  CHECK(report.refusal ==
        "train.json: at most 1 % of the instances may be degenerate or 10 where that is at most "
        "half, got 1 of 1; annotation 6: bbox width and height must be positive, got [1, 1, 0, 2]");
  CHECK(summary_lines(report).find(" dropped  empty_box                1\n") != std::string::npos);
  CHECK(report_json(report).starts_with(
      R"({"images":1,"annotations":1,"instances":1,"dropped":1,"box_only":0,"unposed_images":0,"empty_images":0,"has_masks":false,"trainable":false,)"));
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

TEST_CASE("check_dataset: where bad images are skipped, one is a defect and no refusal") {
  const Folder folder(file_with(
      std::string(kGood) + R"(, {"id": 2, "file_name": "none.png", "width": 6, "height": 4})",
      kSound));
  const TrainingFilter all{.keep_empty_images = true};
  CHECK(folder.check({.training = all}).refusal.find("none.png") != std::string::npos);
  const CheckReport skipping = folder.check({.training = all, .skip_bad_images = true});
  CHECK(skipping.refusal == "");
  CHECK(skipping.count(DefectKind::kMissingFile) == 1);
  CHECK(summary_lines(skipping).find(" skipped  missing_file") != std::string::npos);
  // Training does not use an image without annotations.
  const CheckReport unused = folder.check();
  CHECK(unused.refusal == "");
  CHECK(unused.count(DefectKind::kUnusedImage) == 1);
}
