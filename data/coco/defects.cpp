#include "data/coco/defects.h"

#include <fmt/format.h>

#include <iterator>

namespace denovo::data {
namespace {

struct DefectText {
  std::string_view name, item, rule;
  Severity severity;
};

constexpr DefectText kTexts[] = {
    {"malformed", "element", "must have members of the right type", Severity::kFatal},
    {"missing_member", "image", "file_name, width and height must be there", Severity::kFatal},
    {"unknown_image", "annotation", "image_id must be in images", Severity::kFatal},
    {"unknown_category", "annotation", "category_id must be in categories", Severity::kFatal},
    {"duplicate_image_id", "image", "ids must be unique", Severity::kFatal},
    {"duplicate_annotation_id", "annotation", "ids must be unique", Severity::kFatal},
    {"duplicate_category_id", "category", "ids must be unique", Severity::kFatal},
    {"missing_file", "image", "the file must exist", Severity::kFatal},
    {"bad_file_name", "image", "file_name must name a file in the folder of images",
     Severity::kFatal},
    {"unreadable_image", "image", "", Severity::kFatal},
    {"size_mismatch", "image", "width and height must be those of the decoded file",
     Severity::kFatal},
    {"keypoint_count", "annotation", "keypoints must be x, y, v for each of its category's",
     Severity::kFatal},
    {"empty_box", "annotation", "bbox width and height must be positive", Severity::kDropped},
    {"box_outside", "annotation", "bbox must meet the image", Severity::kDropped},
    {"short_polygon", "annotation", "a polygon must have at least 6 numbers", Severity::kDropped},
    {"odd_polygon", "annotation", "a polygon must have an even count of numbers",
     Severity::kDropped},
    {"empty_segmentation", "annotation", "segmentation must cover a pixel", Severity::kDropped},
    {"mask_size", "annotation", "segmentation must fit the image", Severity::kDropped},
    {"keypoint_visibility", "annotation", "the v of a keypoint must be 0, 1 or 2",
     Severity::kDropped},
    {"id_zero", "annotation",
     "id should not be 0, which the reference evaluation counts as unmatched", Severity::kWarning},
    {"crowd_polygon", "annotation", "a crowd should have run lengths", Severity::kWarning},
    {"area_disagrees", "annotation", "area should be that of the mask within 10 %",
     Severity::kWarning},
    {"no_segmentation", "annotation", "an instance without a segmentation trains its box alone",
     Severity::kWarning},
    {"thin_mask", "annotation", "segmentation should cover a pixel", Severity::kWarning},
    {"box_off_mask", "annotation", "bbox should be the box of the mask", Severity::kWarning},
    {"tiny_box", "annotation", "bbox should be larger than a pixel", Severity::kWarning},
    {"box_clipped", "annotation", "bbox should lie inside the image", Severity::kWarning},
    {"unused_image", "image", "", Severity::kWarning},
    {"no_annotations", "image", "an image should have annotations", Severity::kWarning},
    {"duplicate_file_name", "image", "file_name should be unique", Severity::kWarning},
    {"duplicate_category_name", "category", "names should be unique", Severity::kWarning},
    {"nameless_category", "category", "a category should have a name", Severity::kWarning},
    {"keypoint_outside", "annotation", "labelled keypoints should be on the image",
     Severity::kWarning},
    {"num_keypoints", "annotation", "num_keypoints should count the keypoints with v > 0",
     Severity::kWarning},
    {"unpaired_keypoint", "category",
     "keypoints of the left should have one of the right, with which mirrored images swap them",
     Severity::kWarning},
    {"skeleton", "category", "skeleton should join the category's keypoints, counted from 1",
     Severity::kWarning},
};
static_assert(std::size(kTexts) == static_cast<size_t>(kNumDefectKinds));

const DefectText& text_of(DefectKind kind) {
  return kTexts[static_cast<size_t>(kind)];
}

}  // namespace

std::string_view defect_name(DefectKind kind) {
  return text_of(kind).name;
}
std::string_view defect_item(DefectKind kind) {
  return text_of(kind).item;
}
std::string_view defect_rule(DefectKind kind) {
  return text_of(kind).rule;
}
Severity severity(DefectKind kind) {
  return text_of(kind).severity;
}

bool is_of_image_file(DefectKind kind) {
  return kind >= DefectKind::kMissingFile && kind <= DefectKind::kSizeMismatch;
}

std::string describe(const Defect& defect) {
  if (!defect.member.empty()) return fmt::format("{}: {}", defect.file, defect.value);
  const DefectText& text = text_of(defect.kind);
  if (text.rule.empty())
    return fmt::format("{}: {} {}: {}", defect.file, text.item, defect.id, defect.value);
  return fmt::format("{}: {} {}: {}, got {}", defect.file, text.item, defect.id, text.rule,
                     defect.value);
}

}  // namespace denovo::data
