// Digests and full cases come from tests/oracles/keypoint_eval.py.
#include <doctest/doctest.h>
#include <simdjson.h>

#include <algorithm>
#include <array>

#include "data/coco/results.h"
#include "data/evaluation/coco_evaluation.h"
#include "data/evaluation/oks.h"
#include "tests/data/coco/json_text_file.h"
#include "tests/data/evaluation/digest_file.h"
#include "tests/data/evaluation/keypoint_case.h"
#include "tests/data/evaluation/random_case.h"

using namespace denovo;
using namespace denovo::data;
using denovo::testing::JsonTextFile;

namespace {

constexpr int kCasesPerBlock = 100;
const std::string kFolder = DENOVO_TEST_DATA "/data_files/coco_evaluation/";

/// The rules of the reference that keypoints add, as tests/oracles/keypoint_eval.py counts them.
constexpr const char* kRules[] = {
    "crowd_absorbs_several",   "crowd_with_keypoints",    "equal_similarity",
    "inside_the_doubled_box",  "labelled_but_ignored",    "more_than_20_detections",
    "num_keypoints_disagrees", "outside_the_doubled_box", "own_sigmas",
    "similarity_one",          "unlabelled_absorbs_one",  "unlabelled_but_counted",
    "unmatched_outside_range"};

/// Combined digests of precision, recall, scores and the 10 numbers.
using BlockDigests = std::array<uint64_t, 4>;

uint64_t digest(const std::vector<double>& values) {
  return denovo::testing::digest(values.data(), values.size());
}

std::vector<double> stats_of(const EvaluationResult& result) {
  std::vector<double> stats;
  for (const auto& [name, value] : result.numbers()) stats.push_back(value);
  return stats;
}

CocoDataset read_truth(const std::string& path) {
  return read_coco(path, StructuralDefects::kCollect, part_for(false, true));
}

BlockDigests evaluate_block(int block) {
  BlockDigests digests{};
  for (int i = 0; i < kCasesPerBlock; ++i) {
    const denovo::testing::KeypointCase drawn =
        denovo::testing::draw_keypoint_case(block * kCasesPerBlock + i);
    const JsonTextFile file(drawn.ground_truth);
    const EvaluationResult result = evaluate_coco(read_truth(file.path()), drawn.detections,
                                                  IouType::kKeypoints, {.sigmas = drawn.sigmas});
    size_t slot = 0;
    for (const uint64_t d : {digest(result.curves.precision), digest(result.curves.recall),
                             digest(result.curves.scores), digest(stats_of(result))}) {
      digests[slot] = digests[slot] * 1000003 + d;
      ++slot;
    }
  }
  return digests;
}

std::vector<double> doubles(simdjson::dom::element list) {
  std::vector<double> values;
  for (const double value : list.get_array()) values.push_back(value);
  return values;
}

/// Of the detections of an image and category by descending score, to its objects in file order.
void check_similarities(const CocoDataset& truth, std::span<const Detection> detections,
                        std::span<const double> sigmas, simdjson::dom::element expected) {
  Oks oks(sigmas.empty() ? coco_sigmas() : sigmas);
  const int64_t image_id = expected["image_id"], category_id = expected["category_id"];
  std::vector<const Detection*> found;
  for (const Detection& detection : detections)
    if (detection.image_id == image_id && detection.category_id == category_id)
      found.push_back(&detection);
  std::stable_sort(found.begin(), found.end(),
                   [](const auto* a, const auto* b) { return a->score > b->score; });
  size_t row = 0;
  for (const simdjson::dom::element line : expected["oks"].get_array()) {
    std::vector<double> ours;
    for (const CocoAnnotation& a : truth.annotations_of(truth.find_image(image_id)))
      if (a.category == truth.find_category(category_id))
        ours.push_back(
            oks.similarity(found.at(row)->keypoints, truth.keypoints(a), a.bbox, a.area));
    CHECK(ours == doubles(line));
    ++row;
  }
}

}  // namespace

TEST_CASE("evaluate_coco: every rule of keypoints is hit by at least ten random cases") {
  testing::check_rules_hit(kFolder + "keypoint_digests.txt", "rule", kRules);
}

TEST_CASE("evaluate_coco: 10,000 random cases of keypoints, or a share, give pycocotools' bits") {
  testing::check_blocks<4>(kFolder + "keypoint_digests.txt", evaluate_block);
}

TEST_CASE("evaluate_coco: 30 cases of keypoints in full, through files, with each similarity") {
  simdjson::dom::parser parser;
  int num_cases = 0;
  for (const simdjson::dom::element drawn :
       parser.load(kFolder + "keypoint_cases.json").get_array()) {
    ++num_cases;
    const JsonTextFile truth_file(simdjson::minify(drawn["ground_truth"]));
    const JsonTextFile results_file(simdjson::minify(drawn["detections"]));
    const CocoDataset truth = read_truth(truth_file.path());
    const CocoResults found =
        read_results(results_file.path(), {.boxes = false, .masks = false, .keypoints = true});
    const std::vector<double> sigmas = doubles(drawn["sigmas"]);
    const EvaluationResult result =
        evaluate_coco(truth, found.detections(), IouType::kKeypoints, {.sigmas = sigmas});
    CHECK(stats_of(result) == doubles(drawn["stats"]));
    CHECK(result.curves.recall == doubles(drawn["recall"]));
    const auto number = [&](const char* key) {
      return std::stoull(std::string(std::string_view(drawn[key])), nullptr, 16);
    };
    CHECK(digest(result.curves.precision) == number("precision_digest"));
    CHECK(digest(result.curves.scores) == number("scores_digest"));
    if (truth.replaced().empty())  // else the reference has the last annotation of an id twice
      for (const simdjson::dom::element expected : drawn["similarities"].get_array())
        check_similarities(truth, found.detections(), sigmas, expected);
  }
  CHECK(num_cases == 30);
}
