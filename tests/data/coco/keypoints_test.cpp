#include "data/coco/keypoints.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/error.h"
#include "data/coco/annotation_checks.h"
#include "data/coco/check_dataset.h"
#include "data/coco/training_view.h"
#include "data/image/image_file.h"
#include "testing/temporary_directory.h"
#include "tests/data/coco/json_text_file.h"

using namespace denovo;
using namespace denovo::data;
using denovo::testing::JsonTextFile;

namespace {

using Strings = std::vector<std::string>;

const char* const kFace =
    R"({"id": 1, "name": "face", "keypoints": ["nose", "left_eye", "right_eye"],
        "skeleton": [[1, 2], [1, 3]]})";

/// Two images of 20 x 10; annotations of category 1 on image 1 unless their members say otherwise.
std::string file_with(const Strings& annotations, const std::string& categories = kFace) {
  std::string list;
  for (size_t i = 0; i < annotations.size(); ++i) {
    const bool placed = annotations[i].find("image_id") != std::string::npos;
    list +=
        fmt::format(R"({}{{"id": {}, "category_id": 1, "bbox": [1, 1, 8, 8], "area": 64, {}{}}})",
                    i ? ", " : "", i + 1, placed ? "" : R"("image_id": 1, )", annotations[i]);
  }
  return fmt::format(R"({{"images": [{{"id": 1, "file_name": "a.png", "width": 20, "height": 10}},
                                     {{"id": 2, "file_name": "b.png", "width": 20, "height": 10}}],
                         "categories": [{}], "annotations": [{}]}})",
                     categories, list);
}

constexpr DatasetPart kKeypoints = part_for(false, true);

CocoDataset read(const JsonTextFile& file,
                 StructuralDefects structural = StructuralDefects::kThrow) {
  return read_coco(file.path(), structural, kKeypoints);
}

std::vector<double> numbers(const CocoDataset& dataset, size_t annotation) {
  const auto keypoints = dataset.keypoints(dataset.annotations()[annotation]);
  return {keypoints.begin(), keypoints.end()};
}

/// What reading says of the keypoints of one annotation, or of categories.
std::string refusal(const std::string& keypoints, const std::string& categories = kFace) {
  const JsonTextFile file(file_with({keypoints}, categories));
  try {
    read(file);
  } catch (const IoError& error) {
    return error.what();
  }
  return "";
}

/// The first sentence about an instance: a reason to drop it, or a remark.
std::string judged(const std::string& keypoints, bool dropped) {
  const JsonTextFile file(file_with({keypoints}));
  const CocoDataset dataset = read(file);
  std::vector<Defect> reasons, remarks;
  judge_instance(dataset, dataset.annotations()[0], false, reasons);
  find_remarks(dataset, dataset.annotations()[0], false, remarks);
  CHECK(reasons.empty() == !dropped);
  if (reasons.empty() && remarks.empty()) return "";
  return describe(reasons.empty() ? remarks.front() : reasons.front());
}

std::string training_refusal(const Strings& annotations, int num_keypoints = 3,
                             const std::string& categories = kFace) {
  const JsonTextFile file(file_with(annotations, categories));
  return judge_dataset(read(file), {.masks = false, .num_keypoints = num_keypoints}).refusal;
}

const std::string kGood = R"("keypoints": [4, 3, 2, 2.5, 2, 1, 0, 0, 0], "num_keypoints": 2)";
const std::string kNone = R"("keypoints": [0, 0, 0, 0, 0, 0, 0, 0, 0], "num_keypoints": 0)";

}  // namespace

TEST_CASE("read_coco: keypoints as the file writes them, in the order of the annotations") {
  const JsonTextFile file(file_with(
      {R"("image_id": 2, "keypoints": [1, 2, 0, 3, 4, 1, 5, 6.25, 2])", R"("image_id": 1)",
       R"("image_id": 1, "keypoints": [])", R"("image_id": 1, )" + kGood,
       R"("image_id": 1, "keypoints": null, "num_keypoints": 7)"}));
  const CocoDataset dataset = read(file);
  CHECK(dataset.categories()[0].keypoints == Strings{"nose", "left_eye", "right_eye"});
  CHECK(dataset.categories()[0].skeleton == std::vector<std::array<int, 2>>{{1, 2}, {1, 3}});
  CHECK(numbers(dataset, 0).empty());
  CHECK(numbers(dataset, 1).empty());
  CHECK(numbers(dataset, 2) == std::vector<double>{4, 3, 2, 2.5, 2, 1, 0, 0, 0});
  CHECK(numbers(dataset, 4) == std::vector<double>{1, 2, 0, 3, 4, 1, 5, 6.25, 2});
  std::vector<int64_t> counts;
  for (const CocoAnnotation& annotation : dataset.annotations())
    counts.push_back(annotation.num_keypoints);
  CHECK(counts == std::vector<int64_t>{0, 0, 2, 7, 2});  // the last is counted
}

TEST_CASE("read_coco: keypoints are read over where nobody asks, whatever they are") {
  const JsonTextFile file(
      file_with({R"("keypoints": [1, NaN, "x"], "num_keypoints": -1)"},
                R"({"id": 1, "name": "face", "keypoints": 5, "skeleton": [[1]]})"));
  for (const DatasetPart part : {DatasetPart::kMasks, DatasetPart::kBoxes}) {
    const CocoDataset dataset = read_coco(file.path(), StructuralDefects::kThrow, part);
    CHECK(dataset.keypoints(dataset.annotations()[0]).empty());
    CHECK(dataset.categories()[0].keypoints.empty());
  }
}

TEST_CASE("read_coco: keypoints that are none are named with the rule and the value") {
  const std::string end = "; check_data lists all defects";
  CHECK(refusal(R"("keypoints": "x")") ==
        "file.json: annotation 1: keypoints must be a list of numbers, got \"x\"" + end);
  CHECK(refusal(R"("keypoints": [1, 2, NaN])") ==
        "file.json: annotation 1: keypoints must be a finite number, got NaN" + end);
  CHECK(refusal(R"("keypoints": [1, 2, 2, 4])") ==
        "file.json: annotation 1: keypoints must be a list of x, y, v triples, got 4" + end);
  CHECK(refusal(R"("keypoints": [1, 2, 2])") ==
        "file.json: annotation 1: keypoints must be x, y, v for each of its category's, got 3 "
        "numbers where category 1 has 3 keypoints" +
            end);
  CHECK(refusal(R"("keypoints": [1, 2, 2])", R"({"id": 1, "name": "face"})") ==
        "file.json: annotation 1: keypoints must be x, y, v for each of its category's, got 3 "
        "numbers where category 1 has 0 keypoints" +
            end);
  CHECK(refusal(R"("num_keypoints": 1.5)") ==
        "file.json: annotation 1: num_keypoints must be a whole number from 0 to 2147483647, got "
        "1.5" +
            end);
  CHECK(refusal(kGood, R"({"id": 1, "keypoints": ["a", 2]})") ==
        "file.json: category 1: keypoints must be a string, got 2" + end);
  CHECK(refusal(kGood, R"({"id": 1, "skeleton": [[1, 2, 3]]})") ==
        "file.json: category 1: skeleton must be a list of pairs, got 3 numbers" + end);
  CHECK(refusal(kGood, R"({"id": 1, "skeleton": [1, 2]})") ==
        "file.json: category 1: skeleton must be a list of pairs, got 1" + end);
}

TEST_CASE("read_coco: where faults are collected, the other annotations keep their keypoints") {
  const JsonTextFile file(file_with(
      {R"("keypoints": [1, 2, 2, 3, 4, 1, 5, "6", 2])", kGood, R"("keypoints": [9, 9, 2])"}));
  const CocoDataset dataset = read(file, StructuralDefects::kCollect);
  REQUIRE(dataset.annotations().size() == 2);
  CHECK(numbers(dataset, 0) == std::vector<double>{4, 3, 2, 2.5, 2, 1, 0, 0, 0});
  CHECK(numbers(dataset, 1) == std::vector<double>{9, 9, 2});
  REQUIRE(dataset.defects().size() == 2);
  CHECK(dataset.defects()[0].kind == DefectKind::kMalformed);
  CHECK(dataset.defects()[1].kind == DefectKind::kKeypointCount);
}

TEST_CASE("mirrored_keypoints: left and right change places, by their names") {
  const Strings coco = {
      "nose",           "left_eye",   "right_eye",   "left_ear",   "right_ear",   "left_shoulder",
      "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip",
      "right_hip",      "left_knee",  "right_knee",  "left_ankle", "right_ankle"};
  CHECK(mirrored_keypoints(coco) ==
        std::vector<int>{0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15});
  CHECK(unpaired_keypoints(coco).empty());
  const auto mirror = [](const Strings& names) { return mirrored_keypoints(names); };
  CHECK(mirror({"Right ankle", "head", "Left ankle"}) == std::vector<int>{2, 1, 0});
  CHECK(mirror({"eyeLeft", "eyeRight"}) == std::vector<int>{1, 0});
  CHECK(mirror({"l_eye", "r_eye", "tail"}) == std::vector<int>{1, 0, 2});
  CHECK(mirror({"ear-R", "ear-L"}) == std::vector<int>{1, 0});
  CHECK(mirror({"upper left", "lower right", "upper right", "lower left"}) ==
        std::vector<int>{2, 3, 0, 1});
  // No word, no partner, and names that stand twice.
  CHECK(mirror({"fur", "ful", "bright", "left_eye"}) == std::vector<int>{0, 1, 2, 3});
  CHECK(mirror({"left", "left", "right"}) == std::vector<int>{2, 1, 0});
  CHECK(unpaired_keypoints(Strings{"left_eye", "nose", "right_ear", "left_ear", "r hand"}) ==
        Strings{"left_eye", "r hand"});
}

TEST_CASE("judge_instance: keypoints are missing, labelled or visible") {
  CHECK(judged(kGood, false) == "");
  CHECK(judged(R"("keypoints": [1, 2, 3, 3, 4, 1, 5, 6, 2])", true) ==
        "file.json: annotation 1: the v of a keypoint must be 0, 1 or 2, got 3 for nose");
  CHECK(judged(R"("keypoints": [1, 2, 2, 3, 4, 0.5, 5, 6, 2])", true) ==
        "file.json: annotation 1: the v of a keypoint must be 0, 1 or 2, got 0.5 for left_eye");
}

TEST_CASE("find_remarks: keypoints off the image, and a count that differs") {
  CHECK(judged(R"("keypoints": [1, 2, 2, 3, 4, 1, 0, 0, 0], "num_keypoints": 3)", false) ==
        "file.json: annotation 1: num_keypoints should count the keypoints with v > 0, got 3 for "
        "2");
  CHECK(judged(R"("keypoints": [19.5, 9.5, 2, 3, 9.75, 1, 0, 0, 0])", false) ==
        "file.json: annotation 1: labelled keypoints should be on the image, got left_eye at (3, "
        "9.75) on 20 x 10");
}

TEST_CASE("training_view: images without a keypoint are left out, other objects train their box") {
  const JsonTextFile file(file_with(
      {R"("image_id": 1, )" + kGood, R"("image_id": 1, )" + kNone, R"("image_id": 2, )" + kNone,
       R"("image_id": 2, "keypoints": [0, 0, 0, 30, 4, 2, 0, 0, 0])"}));
  const CocoDataset dataset = read(file);
  const TrainingView view = training_view(dataset, {.masks = false, .num_keypoints = 3});
  CHECK(view.images == std::vector<int>{0});
  CHECK(view.instances == std::vector<int>{0, 1});
  CHECK(view.limits.keypoints == 3);
  CHECK(view.num_unposed == 2);
  CHECK(view.num_unposed_images == 1);
  CHECK(view.num_instances() == 4);
  CHECK(view.summary() ==
        "1 images with 2 instances; left out 1 images without keypoints, 0 images without "
        "instances, 0 crowds, 0 degenerate instances");
  const TrainingView boxes = training_view(dataset, {.masks = false});
  CHECK(boxes.images == std::vector<int>{0, 1});
  CHECK(boxes.limits.keypoints == 0);
}

TEST_CASE("reason_to_refuse: a model with keypoints needs one list of them, of its length") {
  CHECK(training_refusal({kGood}) == "");
  CHECK(training_refusal({kGood}, 17) ==
        "file.json: categories must have the model's 17 keypoints, got 3; "
        "model.keypoint.num_keypoints=3 takes them");
  CHECK(training_refusal({"\"iscrowd\": 0"}, 3, R"({"id": 1, "name": "face"})") ==
        "file.json: no category has keypoints; set model.keypoint.enabled=false to train without");
  CHECK(training_refusal({kGood}, 3,
                         std::string(kFace) +
                             R"(, {"id": 2, "name": "disc"},
                                {"id": 4, "name": "dog", "keypoints": ["nose", "tail"]})") ==
        "file.json: categories must have the same keypoints or none, got others for 1 (face) and "
        "4 (dog)");
  CHECK(training_refusal({kNone, kNone}) ==
        "file.json: no instance has a labelled keypoint on its image, got 2 instances without; "
        "set model.keypoint.enabled=false to train without");
}

TEST_CASE("check_dataset: says what training says of keypoints, and what else is odd about them") {
  const denovo::testing::TemporaryDirectory images;
  for (const char* name : {"a.png", "b.png"}) write_image(images / name, Image(10, 20));
  const auto check = [&](const Strings& annotations, const std::string& categories) {
    const JsonTextFile file(file_with(annotations, categories));
    const CocoDataset dataset = read(file, StructuralDefects::kCollect);
    return check_dataset({dataset, images / ""},
                         {.training = {.masks = false, .num_keypoints = 3}});
  };
  const CheckReport sound = check({kGood, R"("image_id": 2, )" + kNone}, kFace);
  CHECK(sound.trainable());
  CHECK(summary_lines(sound) ==
        "2 images, 2 annotations, 2 instances that are not crowds; boxes and keypoints\n"
        "1 images have 1 instances, but no labelled keypoint: left out\n"
        "training would start and leave out 0 degenerate instances\n");
  const CheckReport odd =
      check({R"("keypoints": [4, 3, 2, 2, 2, 9, 0, 0, 0])", R"("image_id": 2, )" + kGood},
            R"({"id": 1, "name": "face", "keypoints": ["nose", "left_eye", "r_ear"],
                "skeleton": [[0, 1], [1, 2]]})");
  CHECK(defect_lines(odd) ==
        "keypoint_visibility: file.json: annotation 1: the v of a keypoint must be 0, 1 or 2, got "
        "9 for left_eye\n"
        "unpaired_keypoint: file.json: category 1: keypoints of the left should have one of the "
        "right, with which mirrored images swap them, got left_eye, r_ear alone\n"
        "skeleton: file.json: category 1: skeleton should join the category's keypoints, counted "
        "from 1, got 0 to 1 of 3 keypoints\n");
  const CheckReport wrong = check({R"("keypoints": [4, 3, 2])"}, kFace);
  CHECK(wrong.refusal ==
        "file.json: annotation 1: keypoints must be x, y, v for each of its category's, got 3 "
        "numbers where category 1 has 3 keypoints");
}
