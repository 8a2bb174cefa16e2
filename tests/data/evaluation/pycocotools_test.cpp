// Digests and full cases come from tests/oracles/coco_eval.py.
#include <doctest/doctest.h>
#include <simdjson.h>

#include <array>

#include "data/coco/results.h"
#include "data/evaluation/coco_evaluation.h"
#include "tests/data/coco/json_text_file.h"
#include "tests/data/evaluation/digest_file.h"
#include "tests/data/evaluation/random_case.h"

using namespace denovo;
using namespace denovo::data;
using denovo::testing::JsonTextFile;

namespace {

constexpr int kCasesPerBlock = 100;
constexpr IouType kTypes[] = {IouType::kBbox, IouType::kSegm};
const std::string kFolder = DENOVO_TEST_DATA "/data_files/coco_evaluation/";

/// The rules of the reference that a case can exercise, as tests/oracles/coco_eval.py counts them.
/// Those that are errors there (an unknown image, a missing area, no results) have tests of their
/// own in coco_evaluation_test.cpp and tests/apps/evaluate_coco_test.sh.
constexpr const char* kRules[] = {"area_at_range_end",
                                  "category_all_crowd",
                                  "category_without_truth",
                                  "crowd_absorbs_several",
                                  "duplicate_ids",
                                  "envelope_lifts_precision",
                                  "equal_iou",
                                  "id_zero_matched",
                                  "ignore_overwritten",
                                  "iou_exactly_half",
                                  "iou_exactly_nine_tenths",
                                  "more_than_100_detections",
                                  "nan_score",
                                  "pairwise_mean",
                                  "precision_with_spacing",
                                  "real_match_before_a_better_crowd",
                                  "recall_point_off_by_an_ulp",
                                  "tied_scores_across_images",
                                  "tied_scores_in_an_image",
                                  "truths_sorted_ignored_last",
                                  "unknown_category",
                                  "unmatched_outside_range",
                                  "zero_area_box"};

/// Combined digests of precision, recall, scores and the 12 numbers, boxes then masks.
using BlockDigests = std::array<uint64_t, 8>;

uint64_t digest(const std::vector<double>& values) {
  return denovo::testing::digest(values.data(), values.size());
}

std::vector<double> stats_of(const EvaluationResult& result) {
  std::vector<double> stats;
  for (const auto& [name, value] : result.numbers()) stats.push_back(value);
  return stats;
}

BlockDigests evaluate_block(int block) {
  BlockDigests digests{};
  for (int i = 0; i < kCasesPerBlock; ++i) {
    const denovo::testing::RandomCase drawn =
        denovo::testing::draw_case(block * kCasesPerBlock + i);
    const JsonTextFile file(drawn.ground_truth);
    const CocoDataset truth = read_coco(file.path(), StructuralDefects::kCollect);
    size_t slot = 0;
    for (const IouType type : kTypes) {
      const EvaluationResult result = evaluate_coco(truth, drawn.detections, type);
      for (const uint64_t d : {digest(result.curves.precision), digest(result.curves.recall),
                               digest(result.curves.scores), digest(stats_of(result))}) {
        digests[slot] = digests[slot] * 1000003 + d;
        ++slot;
      }
    }
  }
  return digests;
}

std::vector<double> doubles(simdjson::dom::element list) {
  std::vector<double> values;
  for (const double value : list.get_array()) values.push_back(value);
  return values;
}

}  // namespace

TEST_CASE("evaluate_coco: every rule of the reference is hit by at least ten random cases") {
  testing::check_rules_hit(kFolder + "digests.txt", "quirk", kRules);
}

TEST_CASE("evaluate_coco: 10,000 random cases, or a share, give pycocotools' bits") {
  testing::check_blocks<8>(kFolder + "digests.txt", evaluate_block);
}

TEST_CASE("evaluate_coco: 30 cases in full, through files") {
  simdjson::dom::parser parser;
  int num_cases = 0;
  for (const simdjson::dom::element drawn : parser.load(kFolder + "full_cases.json").get_array()) {
    ++num_cases;
    const JsonTextFile truth_file(simdjson::minify(drawn["ground_truth"]));
    const JsonTextFile results_file(simdjson::minify(drawn["detections"]));
    const CocoDataset truth = read_coco(truth_file.path(), StructuralDefects::kCollect);
    for (const IouType type : kTypes) {
      const bool boxes = type == IouType::kBbox;
      const CocoResults found =
          read_results(results_file.path(), {.boxes = boxes, .masks = !boxes});
      const EvaluationResult result = evaluate_coco(truth, found.detections(), type);
      const simdjson::dom::element reference = drawn[iou_type_name(type)];
      CHECK(stats_of(result) == doubles(reference["stats"]));
      CHECK(result.curves.recall == doubles(reference["recall"]));
      const auto number = [&](const char* key) {
        return std::stoull(std::string(std::string_view(reference[key])), nullptr, 16);
      };
      CHECK(digest(result.curves.precision) == number("precision_digest"));
      CHECK(digest(result.curves.scores) == number("scores_digest"));
    }
  }
  CHECK(num_cases == 30);
}
