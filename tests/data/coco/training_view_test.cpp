#include "data/coco/training_view.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/error.h"
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
  const TrainingView view = training_view(dataset);
  CHECK(view.images == std::vector<int>{0});
  CHECK(view.instances == std::vector<int>{0, 2});
  CHECK(view.limits.instances_per_image == 2);
  CHECK(view.limits.polygons_per_image == 3);
  CHECK(view.limits.vertices_per_image == 10);
  CHECK(view.summary() ==
        "1 images with 2 instances; left out 2 images without instances, 1 crowds, 1 degenerate "
        "instances; annotation 2: bbox width and height must be positive, got [1, 1, 4, 0]");
  CHECK(view.num_unusable_images == 1);
  CHECK(view.num_empty_images == 1);
  CHECK(view.reasons[static_cast<size_t>(DefectKind::kEmptyBox)] == 1);
}

TEST_CASE("training_view: difficult objects are left out, images of no others are no negatives") {
  const JsonTextFile file(
      file_with(annotation(1, 1, "[1, 1, 4, 4]", R"("difficult": 0)") + "," +
                annotation(2, 1, "[1, 1, 4, 4]", R"("difficult": 1)") + "," +
                annotation(3, 2, "[1, 1, 4, 0]", R"("difficult": true, "area": 1)")));
  const CocoDataset dataset = read_coco(file.path());
  CHECK(dataset.annotations()[1].difficult);
  const TrainingView view = training_view(dataset, {.masks = false, .keep_empty_images = true});
  CHECK(view.images == std::vector<int>{0, 2});
  CHECK(view.instances == std::vector<int>{0});
  CHECK(view.num_difficult == 2);
  CHECK(view.num_instances() == 1);
  CHECK(view.summary() ==
        "2 images with 1 instances, 1 of the images as negatives; left out 1 images without "
        "instances, 0 crowds, 2 difficult objects, 0 degenerate instances");
  const JsonTextFile none(file_with(annotation(2, 1, "[1, 1, 4, 4]", R"("difficult": 1)")));
  CHECK_THROWS_WITH_AS(training_view(read_coco(none.path()), {.masks = false}),
                       "file.json: training needs at least one instance, got none: all 1 "
                       "annotations are crowds or difficult",
                       IoError);
  const JsonTextFile word(file_with(annotation(2, 1, "[1, 1, 4, 4]", R"("difficult": "very")")));
  CHECK_THROWS_WITH_AS(read_coco(word.path()),
                       "file.json: annotation 2: difficult must be 0 or 1, got \"very\"; "
                       "check_data lists all defects",
                       IoError);
}

TEST_CASE("training_view: an instance without a segmentation trains its box alone") {
  const JsonTextFile file(file_with(annotation(1, 1, "[1, 1, 4, 4]", kTriangle) + "," +
                                    annotation(2, 1, "[1, 1, 4, 4]", R"("segmentation": [])") +
                                    "," + annotation(3, 2, "[1, 1, 4, 4]", R"("area": 1)")));
  const CocoDataset dataset = read_coco(file.path());
  const TrainingView view = training_view(dataset);
  CHECK(view.instances == std::vector<int>{0, 1, 2});
  CHECK(view.num_box_only == 2);
  CHECK(view.num_dropped == 0);
  CHECK(view.summary() ==
        "2 images with 3 instances, 2 of the instances without a mask, for their box alone; left "
        "out 1 images without instances, 0 crowds, 0 degenerate instances");
  CHECK(training_view(dataset, {.masks = false}).num_box_only == 0);
}

TEST_CASE("training_view: images without annotations are negatives if asked for, no others") {
  const JsonTextFile file(file_with(
      annotation(1, 1, "[1, 1, 4, 4]", kTriangle) + "," +
      annotation(2, 2, "[0, 0, 2, 1]",
                 R"("iscrowd": 1, "segmentation": {"size": [10, 20], "counts": [0, 200]})")));
  const CocoDataset dataset = read_coco(file.path());
  CHECK(training_view(dataset).images == std::vector<int>{0});
  const TrainingView view = training_view(dataset, {.keep_empty_images = true});
  CHECK(view.images == std::vector<int>{0, 2});
  CHECK(view.instances_of(1).empty());
  CHECK(view.summary() ==
        "2 images with 1 instances, 1 of the images as negatives; left out 1 images without "
        "instances, 1 crowds, 0 degenerate instances");
}

TEST_CASE("training_view: boxes without masks train a model that needs none") {
  const JsonTextFile file(file_with(annotation(1, 3, "[1, 1, 4, 4]", R"("segmentation": [])")));
  const CocoDataset dataset = read_coco(file.path());
  CHECK(training_view(dataset, {.masks = false}).images == std::vector<int>{2});
  CHECK(training_view(dataset, {.masks = false, .keep_empty_images = true}).images.size() == 3);
  CHECK_THROWS_WITH_AS(training_view(dataset),
                       "file.json: no instance has a segmentation; set model.mask.enabled=false to "
                       "train boxes only",
                       IoError);
}
