#include "detection/evaluation/scored_categories.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "data/evaluation/coco_evaluation.h"
#include "tests/data/coco/json_text_file.h"

using namespace denovo;
using namespace denovo::detection;
using denovo::testing::JsonTextFile;

namespace {

const std::vector<data::CocoCategory> kModel{{3, "cup"}, {5, "plate"}};

const std::string kImages = R"({"images": [{"id": 1, "file_name": "a", "width": 90, "height": 90},
                                           {"id": 2, "file_name": "b", "width": 90, "height": 90}],)";

std::string object(int id, int image, int category, int x) {
  return R"({"id": )" + std::to_string(id) + R"(, "image_id": )" + std::to_string(image) +
         R"(, "category_id": )" + std::to_string(category) + R"(, "iscrowd": 0, "area": 100,)" +
         R"("bbox": [)" + std::to_string(x) + R"(, 10, 10, 10]})";
}

/// cup is 4, plate 3 and fork 9; annotation 2 stands twice, a fork and, before it, a plate.
JsonTextFile with_forks() {
  return JsonTextFile(kImages + R"("categories": [{"id": 3, "name": "plate"},
      {"id": 4, "name": "cup"}, {"id": 9, "name": "fork"}], "annotations": [)" +
                          object(1, 1, 9, 0) + "," + object(2, 1, 3, 20) + "," +
                          object(3, 1, 4, 40) + "," + object(2, 2, 9, 0) + "," +
                          object(4, 2, 4, 60) + "]}",
                      "val.json");
}

JsonTextFile without_forks() {
  return JsonTextFile(kImages + R"("categories": [{"id": 3, "name": "plate"},
      {"id": 4, "name": "cup"}], "annotations": [)" +
                      object(2, 1, 3, 20) + "," + object(3, 1, 4, 40) + "," + object(4, 2, 4, 60) +
                      "]}");
}

data::CocoDataset read(const JsonTextFile& file) {
  return data::read_coco(file.path(), data::StructuralDefects::kCollect);
}

}  // namespace

TEST_CASE("scored categories: by name, with the data set's ids, and an unknown one is refused") {
  const JsonTextFile file = with_forks();
  data::CocoDataset dataset = read(file);
  const std::string message = file.path() +
                              ": category 9 (fork) is not in train.json; the key leaves such "
                              "categories out of the scores";
  CHECK_THROWS_WITH_AS(match_to_model(dataset, {kModel, "train.json"}, false, "the key"),
                       message.c_str(), IoError);
  CHECK(dataset.num_classes() == 3);
  const ScoredCategories scored = match_to_model(dataset, {kModel, "train.json"}, true, "the key");
  CHECK(scored.model_classes == std::vector<int32_t>{1, 0});
  CHECK(scored.category_ids == CategoryIds{4, 3});
  CHECK(scored.ignored == file.path() +
                              ": category 9 (fork) is not in train.json; left out of the scores "
                              "with 2 annotations");
  CHECK(scored.missing.empty());
}

TEST_CASE("scored categories: what is left out was never there, to the last bit of the AP") {
  const JsonTextFile forks = with_forks(), no_forks = without_forks();
  data::CocoDataset ignoring = read(forks);
  match_to_model(ignoring, {kModel, "train.json"}, true, "");
  const data::CocoDataset expected = read(no_forks);
  CHECK(ignoring.replaced().empty());
  REQUIRE(ignoring.annotations().size() == 3);
  CHECK(ignoring.annotations_of(1).size() == 1);
  std::vector<data::Detection> found;
  for (int i = 0; i < 12; ++i)
    found.push_back({.image_id = 1 + i % 2,
                     .category_id = 3 + i % 3 % 2,
                     .bbox = {18.0 + 7 * (i % 7), 11, 10, 9},
                     .score = 1 - 0.07 * i});
  const auto score = [&](const data::CocoDataset& dataset) {
    return data::evaluate_coco(dataset, found, data::IouType::kBbox).curves;
  };
  CHECK(score(ignoring).precision == score(expected).precision);
  CHECK(score(ignoring).recall == score(expected).recall);
  CHECK(score(ignoring).precision != score(read(forks)).precision);
}

TEST_CASE("scored categories: classes that the data set lacks have no id there, and are told") {
  const JsonTextFile file = without_forks();
  data::CocoDataset dataset = read(file);
  const std::vector<data::CocoCategory> model{{1, "fork"}, {2, "cup"}, {3, "plate"}};
  const ScoredCategories scored = match_to_model(dataset, {model, "m.safetensors"}, false, "");
  CHECK(scored.category_ids == CategoryIds{std::nullopt, 4, 3});
  CHECK(scored.missing == file.path() +
                              ": has no category for 1 of 3 classes of m.safetensors (fork); what "
                              "is found of them is not scored");
  CHECK(result_ids(dataset, {model, "m.safetensors"}) == scored.category_ids);
}

TEST_CASE("scored categories: a data set without the model's classes cannot number results") {
  const JsonTextFile file = without_forks(),
                     bare(kImages + R"("categories": [], "annotations": []})");
  const std::vector<data::CocoCategory> model{{3, "Cup"}};
  data::CocoDataset dataset = read(file);
  const std::string message =
      "m: category 3 (Cup) is not in " + file.path() +
      ", did you mean cup, so that no result could carry an id of that file";
  CHECK_THROWS_WITH_AS(result_ids(dataset, {model, "m"}), message.c_str(), IoError);
  const std::string none = file.path() +
                           ": categories 3 (plate), 4 (cup) are not in m; no category is left to "
                           "score";
  CHECK_THROWS_WITH_AS(match_to_model(dataset, {model, "m"}, true, ""),
                       doctest::Contains("no category is left to score"), IoError);
  CHECK(result_ids(read(bare), {model, "m"}) == CategoryIds{3});
}
