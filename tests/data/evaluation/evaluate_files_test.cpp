#include "data/evaluation/evaluate_files.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "tests/data/coco/json_text_file.h"

using namespace denovo;
using namespace denovo::data;
using denovo::testing::JsonTextFile;

TEST_CASE("evaluate_files: without a choice, what every detection carries is evaluated") {
  const JsonTextFile truth(
      R"({"images": [{"id": 1}], "categories": [{"id": 3, "name": "dog"}], "annotations": []})",
      "truth.json");
  const auto types = [&](const std::string& results, std::vector<IouType> asked = {}) {
    const JsonTextFile file(results, "found.json");
    std::string names;
    const EvaluationOptions options{.sigmas = {0.1}};
    const EvaluationReport report = evaluate_files(truth.path(), file.path(), asked, options);
    for (const EvaluationResult& result : report.coco)
      names += std::string(iou_type_name(result.iou_type)) + " ";
    return names;
  };
  const std::string box = R"({"image_id": 1, "category_id": 3, "score": 1, "bbox": [1, 2, 3, 4]})";
  const std::string both = R"({"image_id": 1, "category_id": 3, "score": 1, "bbox": [1, 2, 3, 4],
                               "segmentation": {"size": [4, 5], "counts": "325O4"}})";
  const std::string bare = R"({"image_id": 1, "category_id": 3, "score": 1})";
  CHECK(types("[" + both + "]") == "bbox segm ");
  CHECK(types("[" + both + "," + box + "]") == "bbox ");
  CHECK(types("[]") == "bbox ");
  CHECK(types("[]", {IouType::kSegm}) == "segm ");
  const std::string mask = R"({"image_id": 1, "category_id": 3, "score": 1,
                               "segmentation": {"size": [4, 5], "counts": "325O4"}})";
  CHECK(types("[" + both + "," + mask + "]") == "segm ");
  CHECK_THROWS_WITH_AS(types("[" + box + "," + bare + "," + bare + "]"),
                       "found.json: result[1]: bbox is missing", IoError);
  CHECK_THROWS_WITH_AS(types("[" + bare + "," + mask + "]"),
                       "found.json: result[0]: segmentation is missing", IoError);
  CHECK_THROWS_WITH_AS(
      types("[" + both + "," + mask + "," + box + "]"),
      "found.json: result[1]: bbox is missing, result[2]: segmentation is missing; "
      "every result must have a bbox, or every one a segmentation, or every one keypoints",
      IoError);
  CHECK_THROWS_WITH_AS(
      types("[" + bare + "]"),
      "found.json: result[0]: bbox is missing, result[0]: segmentation is missing; "
      "every result must have a bbox, or every one a segmentation, or every one keypoints",
      IoError);
  const std::string pose =
      R"({"image_id": 1, "category_id": 3, "score": 1, "keypoints": [1, 2, 3]})";
  const std::string posed = R"({"image_id": 1, "category_id": 3, "score": 1, "bbox": [1, 2, 3, 4],
                                "keypoints": [1, 2, 3]})";
  CHECK(types("[" + posed + "]") == "bbox keypoints ");
  CHECK(types("[" + posed + "," + pose + "]") == "keypoints ");
  CHECK(types("[" + posed + "," + both + "]") == "bbox ");
  CHECK(types("[]", {IouType::kKeypoints}) == "keypoints ");
  CHECK_THROWS_WITH_AS(types("[" + pose + "," + bare + "]"),
                       "found.json: result[1]: keypoints is missing", IoError);
  CHECK_THROWS_WITH_AS(types("[" + box + "]", {IouType::kKeypoints}),
                       "found.json: result[0]: keypoints is missing", IoError);
  CHECK_THROWS_WITH_AS(types("[" + box + "]", {IouType::kSegm}),
                       "found.json: result[0]: segmentation is missing", IoError);
}

TEST_CASE("evaluate_files: what only some detections carry is not scored, which is said") {
  const JsonTextFile truth(
      R"({"images": [{"id": 1}], "categories": [{"id": 3, "name": "dog"}], "annotations": []})",
      "truth.json");
  const std::string box = R"({"image_id": 1, "category_id": 3, "score": 1, "bbox": [1, 2, 3, 4])",
                    mask = R"(, "segmentation": {"size": [4, 5], "counts": "325O4"}})",
                    only_mask = R"({"image_id": 1, "category_id": 3, "score": 1)" + mask;
  const auto warnings = [&](const std::string& results, std::vector<IouType> asked) {
    const JsonTextFile file(results, "found.json");
    const auto scored = evaluate_files(truth.path(), file.path(), asked).coco;
    REQUIRE(scored.size() == 1);
    return scored[0].warnings;
  };
  CHECK(warnings("[" + box + mask + "," + box + "}]", {}) ==
        std::vector<std::string>{"found.json: result[1]: segmentation is missing, 1 of 2 have one; "
                                 "boxes are scored alone"});
  CHECK(warnings("[" + only_mask + "," + box + mask + "]", {}) ==
        std::vector<std::string>{
            "found.json: result[0]: bbox is missing, 1 of 2 have one; masks are scored alone"});
  CHECK(warnings("[" + box + mask + "," + box + "}]", {IouType::kBbox}).empty());
  CHECK(warnings("[" + box + "}]", {}).empty());
  CHECK(warnings("[]", {}).empty());
}

TEST_CASE("evaluate_files: of boxes alone no mask of the ground truth is judged") {
  const JsonTextFile truth(
      R"({"images": [{"id": 1}], "categories": [{"id": 3, "name": "dog"}], "annotations": [
          {"id": 4, "image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 4], "segmentation": [1, 2]}]})",
      "truth.json");
  const JsonTextFile found(
      R"([{"image_id": 1, "category_id": 3, "score": 1, "bbox": [1, 2, 3, 4]}])", "found.json");
  for (const std::vector<IouType>& types : {std::vector<IouType>{}, {IouType::kBbox}})
    CHECK(evaluate_files(truth.path(), found.path(), types).coco.at(0).stats.AP ==
          doctest::Approx(1));
  const JsonTextFile masks(R"([{"image_id": 1, "category_id": 3, "score": 1,
                                "segmentation": {"size": [4, 5], "counts": "325O4"}}])");
  CHECK_THROWS_WITH_AS(
      evaluate_files(truth.path(), masks.path(), {}),
      "truth.json: annotation 4: segmentation must be a list of polygons, got a flat list of "
      "numbers; write [[x, y, …]]; check_data lists all defects",
      IoError);
}
