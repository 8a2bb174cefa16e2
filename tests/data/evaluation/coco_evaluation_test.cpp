#include "data/evaluation/coco_evaluation.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/error.h"
#include "data/evaluation/numpy_sums.h"
#include "tests/data/coco/json_text_file.h"

using namespace denovo;
using namespace denovo::data;
using denovo::testing::JsonTextFile;

namespace {

std::string truth_file(const std::string& annotations) {
  return R"({"images": [{"id": 1, "file_name": "a", "width": 100, "height": 100}],
             "categories": [{"id": 3, "name": "x"}, {"id": 5, "name": "x"}], "annotations": [)" +
         annotations + "]}";
}

const char* const kOneBox =
    R"({"id": 1, "image_id": 1, "category_id": 3, "iscrowd": 0, "area": 400, "bbox": [10, 10, 20, 20]})";

EvaluationResult evaluate(const std::string& annotations, std::vector<Detection> detections,
                          IouType type = IouType::kBbox, EvaluationOptions options = {}) {
  const JsonTextFile file(truth_file(annotations));
  return evaluate_coco(read_coco(file.path(), StructuralDefects::kCollect), detections, type,
                       options);
}

Detection at(std::array<double, 4> bbox, double score = 1, int64_t category = 3) {
  return {.image_id = 1, .category_id = category, .bbox = bbox, .score = score};
}

}  // namespace

TEST_CASE("evaluate_coco: a perfect detection has AP 1, an empty list AP 0") {
  const EvaluationResult perfect = evaluate(kOneBox, {at({10, 10, 20, 20})});
  CHECK(perfect.stats.AP == doctest::Approx(1).epsilon(1e-12));
  CHECK(perfect.stats.APs == doctest::Approx(1).epsilon(1e-12));
  CHECK(perfect.stats.APm == -1);
  CHECK(perfect.warnings.empty());
  REQUIRE(perfect.per_category.size() == 2);
  CHECK(perfect.per_category[0].name == "x (3)");
  CHECK(perfect.per_category[0].AP == doctest::Approx(1).epsilon(1e-12));
  CHECK(perfect.per_category[1].AP == -1);
  const EvaluationResult nothing = evaluate(kOneBox, {});
  CHECK(nothing.stats.AP == 0);
  CHECK(nothing.stats.AR100 == 0);
}

TEST_CASE("evaluate_coco: the order of equal scores decides, as in the reference") {
  const Detection right = at({10, 10, 20, 20}), wrong = at({60, 60, 20, 20});
  CHECK(evaluate(kOneBox, {right, wrong}).stats.AP == doctest::Approx(1).epsilon(1e-12));
  CHECK(evaluate(kOneBox, {wrong, right}).stats.AP == doctest::Approx(0.5));
}

TEST_CASE("evaluate_coco: of images that do not count neither objects nor detections do") {
  std::string images, annotations;
  for (const int id : {4, 6, 9}) {
    const char* comma = id == 4 ? "" : ",";
    images += fmt::format(R"({}{{"id":{},"file_name":"a","width":99,"height":99}})", comma, id);
    annotations += fmt::format(R"({}{{"id":{},"image_id":{},"category_id":3,"area":400,)"
                               R"("bbox":[10,10,20,20]}})",
                               comma, id, id);
  }
  const JsonTextFile file(R"({"categories":[{"id":3,"name":"x"}],"images":[)" + images +
                          R"(],"annotations":[)" + annotations + "]}");
  const CocoDataset dataset = read_coco(file.path());
  std::vector<Detection> found;
  for (const int id : {4, 6, 9}) {  // on image 6 the best detection of all, in the wrong place
    const double x = id == 6 ? 60 : 10;
    found.push_back(
        {.image_id = id, .category_id = 3, .bbox = {x, x, 20, 20}, .score = 0.1 * (id % 5)});
  }
  found[1].score = 1;
  const auto ap = [&](std::optional<std::vector<int>> counted) {
    return evaluate_coco(dataset, found, IouType::kBbox, {.images = std::move(counted)}).stats.AP;
  };
  CHECK(ap(std::vector{0, 2}) == doctest::Approx(1).epsilon(1e-12));
  CHECK(ap(std::vector{1}) == 0);
  CHECK(ap(std::vector<int>{}) == -1);
  CHECK(ap(std::nullopt) < 0.5);
}

TEST_CASE(
    "evaluate_coco: annotation id 0 counts as unmatched, with a warning, unless told otherwise") {
  std::string annotation = kOneBox;
  annotation.replace(annotation.find("\"id\": 1"), 7, "\"id\": 0");
  const EvaluationResult strict = evaluate(annotation, {at({10, 10, 20, 20})});
  CHECK(strict.stats.AP == 0);
  REQUIRE(strict.warnings.size() == 1);
  CHECK(
      strict.warnings[0] ==
      "file.json: annotation 0: an id of 0 counts as unmatched, as in pycocotools; give it another "
      "id");
  const EvaluationResult lenient =
      evaluate(annotation, {at({10, 10, 20, 20})}, IouType::kBbox, {.strict = false});
  CHECK(lenient.stats.AP == doctest::Approx(1).epsilon(1e-12));
}

TEST_CASE("evaluate_coco: repeated ids are counted as the reference does, with a warning") {
  const std::string both = std::string(kOneBox) + R"(, {"id": 1, "image_id": 1, "category_id": 3,
      "iscrowd": 0, "area": 400, "bbox": [60, 60, 20, 20]})";
  const std::vector<Detection> found = {at({10, 10, 20, 20}), at({60, 60, 20, 20})};
  const EvaluationResult strict = evaluate(both, found);
  CHECK(strict.stats.AP == doctest::Approx(0.2525).epsilon(1e-3));
  CHECK(strict.warnings.size() == 1);
  CHECK(evaluate(both, found, IouType::kBbox, {.strict = false}).stats.AP ==
        doctest::Approx(1).epsilon(1e-12));
}

TEST_CASE("evaluate_coco: unknown categories are dropped with a warning, unknown images refused") {
  const EvaluationResult result =
      evaluate(kOneBox, {at({10, 10, 20, 20}), at({0, 0, 1, 1}, 1, 99)});
  CHECK(result.stats.AP == doctest::Approx(1).epsilon(1e-12));
  REQUIRE(result.warnings.size() == 1);
  CHECK(
      result.warnings[0] ==
      "1 detections of categories that are not in file.json were left out, such as category_id 99");
  Detection stray = at({0, 0, 1, 1});
  stray.image_id = 8;
  CHECK_THROWS_WITH_AS(evaluate(kOneBox, {stray}),
                       "results[0]: image_id must be in file.json, got 8", IoError);
}

TEST_CASE("evaluate_coco: masks are needed where masks are evaluated") {
  CHECK_THROWS_WITH_AS(evaluate(kOneBox, {at({10, 10, 20, 20})}, IouType::kSegm),
                       "results[0]: a mask is needed for segm, got none", IoError);
  const std::string broken = R"({"id": 1, "image_id": 1, "category_id": 3, "area": 1,
      "bbox": [0, 0, 1, 1], "segmentation": {"size": [100, 100], "counts": [1]}})";
  const Rle mask{100, 100, {0, 10000}};
  Detection detection = at({0, 0, 1, 1});
  detection.mask = mask;
  CHECK_THROWS_WITH_AS(evaluate(broken, {detection}, IouType::kSegm),
                       "file.json: annotation 1: segmentation: rle: counts must sum to height * "
                       "width = 10000, got 1",
                       IoError);
}

TEST_CASE("evaluate_coco: masks of another size never match and are reported") {
  const std::string annotation = R"({"id": 1, "image_id": 1, "category_id": 3, "area": 400,
      "bbox": [10, 10, 20, 20], "segmentation": [[10, 10, 30, 10, 30, 30, 10, 30]]})";
  const Rle small{50, 50, {0, 2500}};
  Detection detection = at({0, 0, 1, 1});
  detection.mask = small;
  const EvaluationResult result = evaluate(annotation, {detection}, IouType::kSegm);
  CHECK(result.stats.AP == 0);
  REQUIRE(result.warnings.size() == 1);
  CHECK(result.warnings[0] == "1 pairs of masks have different sizes and were not matched");
}

TEST_CASE("evaluate_coco: a data set without images or categories gives -1 everywhere") {
  const JsonTextFile file(R"({"images": [], "annotations": [], "categories": []})");
  const EvaluationResult result = evaluate_coco(read_coco(file.path()), {}, IouType::kBbox);
  for (const auto& [name, value] : result.numbers()) CHECK(value == -1);
}

TEST_CASE("summary_text: pycocotools' own lines") {
  EvaluationResult result;
  result.stats.AP = 0.41249;
  result.stats.AR1 = 1;
  CHECK(summary_text(result) ==
        " Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.412\n"
        " Average Precision  (AP) @[ IoU=0.50      | area=   all | maxDets=100 ] = -1.000\n"
        " Average Precision  (AP) @[ IoU=0.75      | area=   all | maxDets=100 ] = -1.000\n"
        " Average Precision  (AP) @[ IoU=0.50:0.95 | area= small | maxDets=100 ] = -1.000\n"
        " Average Precision  (AP) @[ IoU=0.50:0.95 | area=medium | maxDets=100 ] = -1.000\n"
        " Average Precision  (AP) @[ IoU=0.50:0.95 | area= large | maxDets=100 ] = -1.000\n"
        " Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets=  1 ] = 1.000\n"
        " Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets= 10 ] = -1.000\n"
        " Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = -1.000\n"
        " Average Recall     (AR) @[ IoU=0.50:0.95 | area= small | maxDets=100 ] = -1.000\n"
        " Average Recall     (AR) @[ IoU=0.50:0.95 | area=medium | maxDets=100 ] = -1.000\n"
        " Average Recall     (AR) @[ IoU=0.50:0.95 | area= large | maxDets=100 ] = -1.000\n");
  result.iou_type = IouType::kKeypoints;
  result.stats.AR75 = 0.5;
  CHECK(summary_text(result) ==
        " Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets= 20 ] = 0.412\n"
        " Average Precision  (AP) @[ IoU=0.50      | area=   all | maxDets= 20 ] = -1.000\n"
        " Average Precision  (AP) @[ IoU=0.75      | area=   all | maxDets= 20 ] = -1.000\n"
        " Average Precision  (AP) @[ IoU=0.50:0.95 | area=medium | maxDets= 20 ] = -1.000\n"
        " Average Precision  (AP) @[ IoU=0.50:0.95 | area= large | maxDets= 20 ] = -1.000\n"
        " Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets= 20 ] = -1.000\n"
        " Average Recall     (AR) @[ IoU=0.50      | area=   all | maxDets= 20 ] = -1.000\n"
        " Average Recall     (AR) @[ IoU=0.75      | area=   all | maxDets= 20 ] = 0.500\n"
        " Average Recall     (AR) @[ IoU=0.50:0.95 | area=medium | maxDets= 20 ] = -1.000\n"
        " Average Recall     (AR) @[ IoU=0.50:0.95 | area= large | maxDets= 20 ] = -1.000\n");
}

TEST_CASE("numpy_linspace: thresholds are numpy's, not decimals") {
  const std::vector<double> iou = numpy_linspace(0.5, 0.95, 10), recall = numpy_linspace(0, 1, 101);
  CHECK(iou[5] == 0.75);
  CHECK(iou[8] == 0.8999999999999999);
  std::vector<int> off;
  for (int i = 0; i <= 100; ++i)
    if (recall[i] != i / 100.0) off.push_back(i);
  CHECK(off == std::vector<int>{35, 41, 47, 57, 69, 70, 82, 83, 94, 95});
}
