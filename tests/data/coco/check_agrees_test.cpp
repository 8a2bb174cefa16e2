// check_data and training decide alike, on random damaged files.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/error.h"
#include "data/coco/annotation_checks.h"
#include "data/coco/check_dataset.h"
#include "data/image/image_file.h"
#include "testing/temporary_directory.h"
#include "tests/data/coco/damaged_file.h"
#include "tests/data/coco/json_text_file.h"

using namespace denovo;
using namespace denovo::data;
using denovo::data::testing::DamagedFile;
using denovo::data::testing::kPictures;
using denovo::testing::Draw;
using denovo::testing::JsonTextFile;

namespace {

constexpr int kFiles = 400;
constexpr DefectKind kReasons[] = {DefectKind::kEmptyBox, DefectKind::kBoxOutside,
                                   DefectKind::kEmptySegmentation, DefectKind::kMaskSize};

std::string message_of(const auto& body) {
  try {
    body();
  } catch (const IoError& error) {
    return error.what();
  }
  return "";
}

/// The lines of check_data are as many as training drops, and of the same reasons.
void check_lines(const CocoDataset& dataset, const CheckReport& report, const TrainingView& view) {
  std::set<int64_t> crowds, dropped;
  for (const CocoAnnotation& annotation : dataset.annotations())
    if (annotation.crowd) crowds.insert(annotation.id);
  std::map<DefectKind, int64_t> lines;
  for (const Defect& defect : report.defects) {
    if (defect_item(defect.kind) != "annotation" || crowds.contains(defect.id)) continue;
    ++lines[defect.kind];
    const bool drops =
        std::find(std::begin(kReasons), std::end(kReasons), defect.kind) != std::end(kReasons);
    if (drops) dropped.insert(defect.id);
  }
  CHECK(std::ssize(dropped) == view.num_dropped);
  for (const DefectKind kind : kReasons)
    CHECK(lines[kind] == view.reasons[static_cast<size_t>(kind)]);
  // A box may be dropped that has no segmentation either.
  if (report.has_masks) CHECK(lines[DefectKind::kNoSegmentation] >= view.num_box_only);
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (size_t at = 0; (at = text.find(what, at)) != text.npos; at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

/// Returns what training says: a refusal, or nothing.
std::string check_agreement(const JsonTextFile& file, const std::string& images,
                            const TrainingFilter& filter) {
  TrainingView view;
  const std::string training = message_of([&] {
    view = training_view(read_coco(file.path(), StructuralDefects::kThrow, part_for(filter.masks)),
                         filter);
  });
  CheckReport report;
  const std::string unreadable = message_of([&] {
    const CocoDataset dataset =
        read_coco(file.path(), StructuralDefects::kCollect, part_for(filter.masks));
    report = check_dataset({dataset, images}, {.training = filter});
    if (training.empty()) check_lines(dataset, report, view);
    check_lines(dataset, report, report.view);
  });
  if (!unreadable.empty()) {
    CHECK(unreadable == training);
    return training;
  }
  CHECK(report.refusal == training);
  const std::string summary = summary_lines(report);
  CHECK(summary.find(training.empty() ? "training would start"
                                      : "training would refuse these data: " + training + "\n") !=
        std::string::npos);
  if (!training.empty()) return training;
  CHECK(report.view.instances == view.instances);
  CHECK(report.view.images == view.images);
  CHECK(report.view.num_dropped == view.num_dropped);
  CHECK(report.view.num_box_only == view.num_box_only);
  CHECK(report.view.num_crowds == view.num_crowds);
  return "";
}

}  // namespace

TEST_CASE("check_dataset: of a training without masks it judges none, broken ones neither") {
  const denovo::testing::TemporaryDirectory images;
  for (size_t i = 0; i < std::size(kPictures); ++i)
    write_image(images / fmt::format("{}.png", i), Image(kPictures[i].height, kPictures[i].width));
  int flat = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    INFO("file ", seed);
    const std::string text = DamagedFile(seed).text();
    // A flat list, as some exporters write polygons, with a NaN; and no run lengths at all.
    const std::string broken =
        replaced(replaced(text, "\"segmentation\": [[", "\"segmentation\": [7, NaN], \"x\": [["),
                 "\"segmentation\": {\"size\"", "\"segmentation\": {\"counts\": null, \"sizes\"");
    flat += broken != text;
    const TrainingFilter boxes{.masks = false, .max_bad_fraction = 0.2};
    CHECK(check_agreement(JsonTextFile(broken), images / "", boxes) ==
          check_agreement(JsonTextFile(text), images / "", boxes));
    if (broken == text) continue;
    const JsonTextFile file(broken);
    CHECK(message_of([&] { read_coco(file.path()); }).find(": segmentation") != std::string::npos);
  }
  CHECK(flat > 50);
}

TEST_CASE("check_dataset: on damaged files it says what training does, in its words") {
  const denovo::testing::TemporaryDirectory images;
  for (size_t i = 0; i < std::size(kPictures); ++i)
    write_image(images / fmt::format("{}.png", i), Image(kPictures[i].height, kPictures[i].width));
  static constexpr const char* kRefusals[] = {
      "; data.max_bad_fraction=", "of the instances may be degenerate",
      "look normalised",          "no instance has a segmentation",
      "annotations are crowds",   "got none of "};
  std::map<std::string, int> seen;
  for (uint64_t seed = 0; seed < kFiles; ++seed) {
    const JsonTextFile file(DamagedFile(seed).text());
    Draw draw(1000 + seed);
    static constexpr double kFractions[] = {0, 0.01, 0.01, 0.2, 1};
    for (const bool masks : {true, false}) {
      INFO("file ", seed, ", masks: ", masks);
      const std::string training = check_agreement(file, images / "",
                                                   {.masks = masks,
                                                    .max_bad_fraction = kFractions[draw.below(5)],
                                                    .keep_empty_images = draw.below(2) == 1});
      ++seen[training.empty() ? "start" : "refuse"];
      for (const char* const part : kRefusals) seen[part] += training.find(part) != training.npos;
    }
  }
  // Of everything some, or the test says little.
  CHECK(seen["start"] >= 200);
  CHECK(seen["refuse"] >= 100);
  for (const char* const part : kRefusals) CHECK_MESSAGE(seen[part] >= 4, part, " ", seen[part]);
}
