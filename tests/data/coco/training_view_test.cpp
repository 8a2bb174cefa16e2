#include "data/coco/training_view.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/error.h"
#include "data/coco/annotation_checks.h"
#include "tests/data/coco/json_text_file.h"

using namespace denovo;
using namespace denovo::data;
using denovo::testing::JsonTextFile;

namespace {

std::string annotation(int id, int image, const std::string& bbox, const std::string& rest) {
  return "{\"id\": " + std::to_string(id) + ", \"image_id\": " + std::to_string(image) +
         ", \"category_id\": 1, \"bbox\": " + bbox + ", " + rest + "}";
}

std::string file_with(const std::string& annotations) {
  return R"({"images": [{"id": 1, "file_name": "a", "width": 20, "height": 10},
                        {"id": 2, "file_name": "b", "width": 20, "height": 10},
                        {"id": 3, "file_name": "c", "width": 20, "height": 10}],
             "categories": [{"id": 1, "name": "x"}], "annotations": [)" +
         annotations + "]}";
}

const char* const kTriangle = R"("segmentation": [[1, 1, 5, 1, 5, 5]])";

std::string defects_of(const std::string& one_annotation) {
  const JsonTextFile file(file_with(one_annotation));
  const CocoDataset dataset = read_coco(file.path());
  std::vector<Defect> defects;
  find_annotation_defects(dataset, dataset.annotations()[0], {}, defects);
  std::string text;
  for (const Defect& defect : defects) text += describe(defect) + "\n";
  return text;
}

}  // namespace

TEST_CASE("training_view: crowds and degenerate instances are left out and counted") {
  const JsonTextFile file(file_with(
      annotation(1, 1, "[1, 1, 4, 4]", kTriangle) + "," +
      annotation(2, 1, "[1, 1, 4, 0]", kTriangle) + "," +
      annotation(
          3, 1, "[1, 1, 4, 4]",
          R"("segmentation": [[1, 1, 5, 1], [1, 1, 5, 1, 5, 5, 2, 6], [1, 1, 5, 5, 6, 6]])") +
      "," +
      annotation(4, 2, "[0, 0, 2, 1]",
                 R"("iscrowd": 1, "segmentation": {"size": [10, 20], "counts": [0, 200]})")));
  const CocoDataset dataset = read_coco(file.path());
  const TrainingView view = training_view(dataset, {.max_bad_fraction = 0.5});
  CHECK(view.images == std::vector<int>{0});
  CHECK(view.instances == std::vector<int>{0, 2});
  CHECK(view.limits.instances_per_image == 2);
  CHECK(view.limits.polygons_per_image == 3);
  CHECK(view.limits.vertices_per_image == 10);
  CHECK(view.limits.vertices_per_instance == 7);
  CHECK(view.summary() ==
        "1 images with 2 instances; left out 2 images without instances, 1 crowds, 1 degenerate "
        "instances; annotation 2: bbox width and height must be positive, got [1, 1, 4, 0]");
  CHECK_THROWS_WITH_AS(
      training_view(dataset),
      "file.json: at most 1 % of the instances may be degenerate, got 1 of 3; annotation 2: bbox "
      "width and height must be positive, got [1, 1, 4, 0]",
      IoError);
}

TEST_CASE("training_view: boxes without masks train a model that needs none") {
  const JsonTextFile file(file_with(annotation(1, 3, "[1, 1, 4, 4]", R"("segmentation": [])")));
  const CocoDataset dataset = read_coco(file.path());
  CHECK_FALSE(has_segmentations(dataset));
  CHECK(training_view(dataset, {.masks = false}).images == std::vector<int>{2});
  CHECK(training_view(dataset, {.masks = false, .keep_empty_images = true}).images.size() == 3);
  CHECK_THROWS_AS(training_view(dataset), IoError);
}

TEST_CASE("training_view: a file without instances is refused") {
  const JsonTextFile file(file_with(""));
  CHECK_THROWS_WITH_AS(training_view(read_coco(file.path())),
                       "file.json: training needs at least one instance, got none", IoError);
}

TEST_CASE("training_view: a file of crowds only is refused as such") {
  const std::string crowd = R"("iscrowd": 1, )" + std::string(kTriangle);
  const JsonTextFile file(file_with(annotation(1, 1, "[1, 1, 4, 4]", crowd) + "," +
                                    annotation(2, 2, "[1, 1, 4, 4]", crowd)));
  CHECK_THROWS_WITH_AS(training_view(read_coco(file.path())),
                       "file.json: training needs at least one instance, got none: all 2 "
                       "annotations are crowds (iscrowd 1)",
                       IoError);
}

TEST_CASE("find_annotation_defects: every class names file, id, rule and value") {
  const std::string good = R"("area": 6, )" + std::string(kTriangle);
  CHECK(defects_of(annotation(1, 1, "[1, 1, 4, 4]", good)) == "");
  CHECK(defects_of(annotation(1, 1, "[1, 1, -4, 4]", good)) ==
        "file.json: annotation 1: bbox width and height must be positive, got [1, 1, -4, 4]\n");
  CHECK(defects_of(annotation(1, 1, "[20, 1, 4, 4]", good)) ==
        "file.json: annotation 1: bbox must meet the image, got [20, 1, 4, 4] on 20 x 10\n");
  CHECK(
      defects_of(annotation(1, 1, "[18, 1, 4, 4]", good)) ==
      "file.json: annotation 1: bbox should lie inside the image, got [18, 1, 4, 4] on 20 x 10\n");
  CHECK(defects_of(annotation(1, 1, "[1, 1, 4, 4]", R"("segmentation": [[1, 2, 3, 4]])")) ==
        "file.json: annotation 1: a polygon must have at least 6 numbers, got 4 numbers\n"
        "file.json: annotation 1: segmentation must cover a pixel, got no usable polygon\n");
  CHECK(defects_of(annotation(
            1, 1, "[1, 1, 4, 4]",
            R"("area": 6, "segmentation": [[1, 1, 5, 1, 5, 5, 3], [1, 1, 5, 1, 5, 5]])")) ==
        "file.json: annotation 1: a polygon must have an even count of numbers, got 7 numbers\n");
  CHECK(defects_of(annotation(1, 1, "[1, 1, 4, 4]", R"("segmentation": [])")) ==
        "file.json: annotation 1: segmentation must cover a pixel, got none\n");
  CHECK(defects_of(annotation(1, 1, "[1, 1, 4, 4]",
                              R"("segmentation": [[1.2, 1.2, 1.3, 1.2, 1.3, 1.3]])")) ==
        "file.json: annotation 1: segmentation must cover a pixel, got a mask without pixels\n");
  CHECK(defects_of(annotation(1, 1, "[1, 1, 4, 4]",
                              R"("segmentation": {"size": [20, 10], "counts": [0, 200]})")) ==
        "file.json: annotation 1: segmentation must fit the image, got a mask of 20 x 10 on an "
        "image of 10 x 20 (height x width)\n");
  CHECK(defects_of(annotation(1, 1, "[1, 1, 4, 4]",
                              R"("segmentation": {"size": [10, 20], "counts": [0, 201]})")) ==
        "file.json: annotation 1: segmentation must fit the image, got broken run lengths "
        "(rle: counts must sum to height * width = 200, got 201)\n");
  CHECK(
      defects_of(annotation(1, 1, "[1, 1, 4, 4]", R"("area": 12, )" + std::string(kTriangle))) ==
      "file.json: annotation 1: area should be that of the mask within 10 %, got 12 for a mask of "
      "6 pixels\n");
  CHECK(defects_of(annotation(0, 1, "[1, 1, 4, 4]", R"("iscrowd": 1, )" + good)) ==
        "file.json: annotation 0: id should not be 0, which the reference evaluation counts as "
        "unmatched, got 0\n"
        "file.json: annotation 0: a crowd should have run lengths, got polygons\n");
}
