#include "data/evaluation/report.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/files/safetensors.h"
#include "tests/data/coco/json_text_file.h"

using namespace denovo;
using namespace denovo::data;

namespace {

EvaluationResult a_result() {
  const denovo::testing::JsonTextFile file(
      R"({"images": [{"id": 1}], "categories": [{"id": 3, "name": "dog"}, {"id": 4, "name": "cat"}],
          "annotations": [{"id": 1, "image_id": 1, "category_id": 3, "area": 400,
                           "bbox": [10, 10, 20, 20]}]})");
  const Detection detection{
      .image_id = 1, .category_id = 3, .bbox = {10, 10, 20, 15}, .score = 0.5};
  return evaluate_coco(read_coco(file.path(), StructuralDefects::kCollect),
                       std::span(&detection, 1), IouType::kBbox);
}

}  // namespace

TEST_CASE("report: JSON has the twelve names and the categories") {
  const EvaluationResult result = a_result();
  const std::string json = report_json({.coco = {result}, .voc = {}});
  CHECK(json.starts_with(R"({"bbox":{"AP":0.)"));
  CHECK(result.numbers().size() == 12);
  for (const auto& [name, value] : result.numbers())
    CHECK(json.find(fmt::format("\"{}\":", name)) != std::string::npos);
  CHECK(json.ends_with(R"(,"cat":-1}}})"));
  CHECK(json == "{\"bbox\":" + result_json(result) + "}");
  const VocResult voc{.rule = VocRule::k10, .mAP = 0.25, .per_category = {{"dog", 0.25}}};
  CHECK(report_json({.coco = {}, .voc = voc}) ==
        R"({"voc10":{"mAP":0.25,"per_category":{"dog":0.25}}})");
}

TEST_CASE("report: the table shows percent, and a dash where nothing is defined") {
  CHECK(per_category_table("bbox", a_result().per_category) ==
        "category  bbox AP\n"
        "dog         60.00\n"
        "cat             -\n");
}

TEST_CASE("report: curves are written with the reference's shapes") {
  const EvaluationResult result = a_result();
  const denovo::testing::JsonTextFile folder("");
  const std::string path = folder.path() + ".safetensors";
  write_curves(path, std::span(&result, 1));
  const SafetensorsFile file(path);
  const Tensor precision = file.read("bbox.precision");
  CHECK(precision.shape() == Shape{10, 101, 2, 4, 3});
  CHECK(precision.dtype() == DType::kF64);
  CHECK(file.read("bbox.recall").shape() == Shape{10, 2, 4, 3});
  CHECK(file.read("bbox.scores").numel() == precision.numel());
}
