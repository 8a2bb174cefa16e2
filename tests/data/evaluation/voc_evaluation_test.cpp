// Digests come from tests/oracles/voc_eval.py.
#include "data/evaluation/voc_evaluation.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>

#include "core/error.h"
#include "testing/draw.h"
#include "tests/data/coco/json_text_file.h"
#include "tests/data/evaluation/digest_file.h"
#include "tests/data/evaluation/random_case.h"

using namespace denovo;
using namespace denovo::data;
using denovo::testing::Draw;
using denovo::testing::JsonTextFile;

namespace {

using Box = std::array<double, 4>;

constexpr int kCasesPerBlock = 100, kUnknownCategory = 9;
const std::string kDigests = DENOVO_TEST_DATA "/data_files/coco_evaluation/voc_digests.txt";

/// The rules of the kits, as the oracle counts them.
constexpr const char* kRules[] = {"crowd",
                                  "difficult_alone",
                                  "difficult_found",
                                  "difficult_found_again",
                                  "duplicate",
                                  "equal_overlaps",
                                  "equal_scores",
                                  "exactly_half",
                                  "nan_score",
                                  "never_a_precision",
                                  "no_detection",
                                  "no_object",
                                  "no_precision_yet",
                                  "three_of_ten",
                                  "unknown_category"};

struct Truth {
  int image, category;
  Box box;
};

Box truth_box(Draw& draw, int width, int height) {
  if (draw.below(4) > 0) {
    const double x = draw.below(width), y = draw.below(height);
    const double w = 10. * (1 + draw.below(4)), h = 10. * (1 + draw.below(4));
    return {x, y, w, h};
  }
  const double x = draw.below(4 * width) / 4., y = draw.below(4 * height) / 4.;
  const double w = draw.below(160) / 4., h = draw.below(160) / 4.;
  return {x, y, w, h};
}

Box near_box(Draw& draw, const Box& box) {
  const auto [x, y, w, h] = box;
  const int kind = draw.below(8);
  if (kind < 3) return box;
  if (kind == 3) return {x, y, 2 * w, h};
  if (kind == 4) return {x, y, w, h / 2};
  const double dx = (draw.below(9) - 4) / 16. * w, dy = (draw.below(9) - 4) / 16. * h;
  return {x + dx, y + dy, w, h};
}

/// Draws the parts in the oracle's order.
struct Case {
  std::string ground_truth;
  std::vector<Detection> detections;

  explicit Case(int index) : draw_(1000003ull * index + 41) {
    const bool ten = draw_.below(6) == 0, hard = draw_.below(8) == 0, silent = draw_.below(25) == 0;
    const int num_images = 1 + draw_.below(4);
    num_categories_ = 1 + draw_.below(3);
    std::vector<std::array<int, 2>> sizes;
    for (int i = 0; i < num_images; ++i) {
      const int width = 24 + draw_.below(100), height = 24 + draw_.below(100);
      sizes.push_back({width, height});
    }
    for (int i = 0; i < num_images; ++i) {
      const int count = ten ? 10 / num_images : draw_.below(6);
      for (int k = 0; k < count; ++k) add_truth(i, sizes[i], ten, hard);
    }
    for (int i = 0; i < num_images; ++i) add_detections(i, sizes[i], silent);
    std::string images, categories;
    for (int i = 0; i < num_images; ++i) images += fmt::format("{}{{\"id\":{}}}", i ? "," : "", i);
    for (int k = 0; k < num_categories_; ++k)
      categories += fmt::format("{}{{\"id\":{},\"name\":\"c{}\"}}", k ? "," : "", k, k);
    ground_truth = fmt::format("{{\"images\":[{}],\"annotations\":[{}],\"categories\":[{}]}}",
                               images, annotations_, categories);
  }

 private:
  void add_truth(int image, std::array<int, 2> size, bool ten, bool hard) {
    Truth truth{image, 0, {}};
    const bool twin = !truths_.empty() && truths_.back().image == image && draw_.below(8) == 0;
    truth.box = twin ? truths_.back().box : truth_box(draw_, size[0], size[1]);
    if (!ten) truth.category = draw_.below(num_categories_);
    const bool difficult = draw_.below(hard ? 2 : 5) == 0 && !ten;
    const bool crowd = draw_.below(20) == 0 && !ten;
    annotations_ += fmt::format(
        "{}{{\"id\":{},\"image_id\":{},\"category_id\":{},\"bbox\":[{}],\"iscrowd\":{},"
        "\"difficult\":{}}}",
        truths_.empty() ? "" : ",", truths_.size() + 1, image, truth.category,
        fmt::join(truth.box, ","), crowd ? 1 : 0, difficult ? 1 : 0);
    truths_.push_back(truth);
  }

  void add_detections(int image, std::array<int, 2> size, bool silent) {
    std::vector<Truth> own;
    for (const Truth& truth : truths_)
      if (truth.image == image) own.push_back(truth);
    const size_t count = silent ? 0 : draw_.below(5) + own.size();
    for (size_t i = 0; i < count; ++i) {
      const Truth* like =
          !own.empty() && draw_.below(5) > 0 ? &own[draw_.below(own.size())] : nullptr;
      Detection detection{.image_id = image};
      detection.bbox = like ? near_box(draw_, like->box) : truth_box(draw_, size[0], size[1]);
      detection.category_id =
          like && draw_.below(8) > 0 ? like->category : draw_.below(num_categories_);
      if (draw_.below(40) == 0) detection.category_id = kUnknownCategory;
      if (draw_.below(200) == 0)
        detection.score = std::numeric_limits<double>::quiet_NaN();
      else
        detection.score = draw_.below(2) ? draw_.below(12) / 8. : draw_.below(1 << 30) * 0x1p-30;
      detections.push_back(detection);
    }
  }

  Draw draw_;
  int num_categories_;
  std::vector<Truth> truths_;
  std::string annotations_;
};

CocoDataset read(const std::string& text) {
  return read_coco(JsonTextFile(text).path(), StructuralDefects::kCollect, DatasetPart::kBoxes);
}

/// Digests of the AP of every class and their mean, of both rules.
std::array<uint64_t, 2> evaluate_block(int block) {
  std::array<uint64_t, 2> digests{};
  for (int index = block * kCasesPerBlock; index < (block + 1) * kCasesPerBlock; ++index) {
    const Case drawn(index);
    const CocoDataset truth = read(drawn.ground_truth);
    for (size_t rule = 0; rule < 2; ++rule) {
      const VocResult result =
          evaluate_voc(truth, drawn.detections, rule == 0 ? VocRule::k07 : VocRule::k10);
      std::vector<double> table;
      for (const CategoryPrecision& category : result.per_category) table.push_back(category.AP);
      table.push_back(result.mAP);
      digests[rule] = digests[rule] * 1000003 + denovo::testing::digest(table.data(), table.size());
    }
  }
  return digests;
}

/// One image, one class; difficult[i] of truths in a row of squares of 10 pixels.
CocoDataset squares(const std::vector<int>& difficult) {
  std::string annotations;
  for (size_t i = 0; i < difficult.size(); ++i)
    annotations += fmt::format(
        R"({}{{"id":{},"image_id":1,"category_id":3,"bbox":[{},0,10,10],"difficult":{}}})",
        i ? "," : "", i + 1, 20 * i, difficult[i]);
  return read(R"({"images":[{"id":1}],"categories":[{"id":3,"name":"a"},{"id":4,"name":"b"}],
                  "annotations":[)" +
              annotations + "]}");
}

Detection at(double x, double score, double width = 10) {
  return {.image_id = 1, .category_id = 3, .bbox = {x, 0, width, 10}, .score = score};
}

double ap(const CocoDataset& truth, const std::vector<Detection>& detections, VocRule rule) {
  const VocResult result = evaluate_voc(truth, detections, rule);
  REQUIRE(result.per_category.size() == 2);
  CHECK(result.per_category[1].AP == -1);
  CHECK(result.mAP == result.per_category[0].AP);
  return result.mAP;
}

}  // namespace

TEST_CASE("evaluate_voc: every rule is hit by at least ten random cases") {
  testing::check_rules_hit(kDigests, "rule", kRules);
}

TEST_CASE("evaluate_voc: 10,000 random cases, or a share, give the bits of the kits' steps") {
  testing::check_blocks<2>(kDigests, evaluate_block);
}

TEST_CASE("evaluate_voc: one of two found is AP 6/11 of eleven points and half the area") {
  const CocoDataset truth = squares({0, 0});
  CHECK(ap(truth, {at(0, 0.9)}, VocRule::k07) == doctest::Approx(6. / 11));
  CHECK(ap(truth, {at(0, 0.9)}, VocRule::k10) == 0.5);
  // A duplicate is wrong, and so is what half of whose pixels, but a third of both's, are shared.
  CHECK(ap(truth, {at(0, 0.9), at(0, 0.8), at(20, 0.7)}, VocRule::k10) ==
        doctest::Approx(0.5 + 0.5 * 2 / 3));
  CHECK(ap(truth, {at(5, 0.9)}, VocRule::k10) == 0);
  // An overlap of a half is enough.
  CHECK(ap(truth, {at(0, 0.9, 20)}, VocRule::k10) == 0.5);
}

TEST_CASE("evaluate_voc: difficult objects count neither for nor against a detector") {
  const CocoDataset truth = squares({0, 1});
  for (const VocRule rule : {VocRule::k07, VocRule::k10}) {
    CHECK(ap(truth, {at(0, 0.5)}, rule) == doctest::Approx(1));
    CHECK(ap(truth, {at(20, 0.9), at(20, 0.8), at(0, 0.5)}, rule) == doctest::Approx(1));
    CHECK(ap(truth, {at(20, 0.9)}, rule) == 0);
    CHECK(ap(squares({1, 1}), {at(20, 0.9)}, rule) == -1);
  }
  // COCO's rules do not know them.
  const Detection one = at(0, 0.5);
  CHECK(evaluate_coco(truth, std::span(&one, 1), IouType::kBbox).stats.AR100 ==
        doctest::Approx(0.5));
}

TEST_CASE("evaluate_voc: three objects of ten do not reach MATLAB's fourth point") {
  const CocoDataset truth = squares(std::vector<int>(10, 0));
  CHECK(ap(truth, {at(0, 0.9), at(20, 0.8), at(40, 0.7)}, VocRule::k07) ==
        doctest::Approx(3. / 11));
  CHECK(ap(truth, {at(0, 0.9), at(20, 0.8), at(40, 0.7)}, VocRule::k10) == doctest::Approx(0.3));
}

TEST_CASE("evaluate_voc: only the images asked for count; an unknown image is refused") {
  const CocoDataset truth = squares({0});
  const Detection right = at(0, 0.9);
  CHECK(
      evaluate_voc(truth, std::span(&right, 1), VocRule::k07, {.images = std::vector<int>{}}).mAP ==
      -1);
  Detection stray = right;
  stray.image_id = 8;
  CHECK_THROWS_WITH_AS(
      evaluate_voc(truth, std::span(&stray, 1), VocRule::k07, {.results_file = "found.json"}),
      "found.json: result[0]: image_id must be in file.json, got 8", IoError);
  Detection unknown = right;
  unknown.category_id = 77;
  CHECK(evaluate_voc(truth, std::span(&unknown, 1), VocRule::k07).warnings.size() == 1);
}

TEST_CASE("evaluate_voc: has a name and a line") {
  const VocResult result{.rule = VocRule::k10, .mAP = 0.8274};
  CHECK(result.name() == "voc10");
  CHECK(summary_text(result) ==
        " Mean Average Precision     @[ IoU=0.50      | PASCAL VOC 2010-2012     ] = 0.827\n");
}
