// What can be wrong with a data set: the classes that check_data reports, each with its severity.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace denovo::data {

enum class DefectKind {
  // Structure: training refuses the file.
  kMalformed,        // an element that has a member of a wrong type, or lacks one
  kMissingMember,    // an image without file_name, width or height, which the evaluation takes
  kUnknownImage,     // an annotation's image_id is not in images
  kUnknownCategory,  // an annotation's category_id is not in categories
  kDuplicateImageId,
  kDuplicateAnnotationId,
  kDuplicateCategoryId,
  kMissingFile,
  kBadFileName,      // leaves the folder by "..", or holds a NUL
  kUnreadableImage,  // no JPEG or PNG, or cannot be decoded
  kSizeMismatch,     // width and height differ from the decoded and turned image
  kKeypointCount,    // keypoints that are not three numbers for each of the category's
  // Degenerate instances: dropped from training and counted; kept by the evaluation.
  kEmptyBox,            // width or height zero or negative, or next to nothing
  kBoxOutside,          // no part of the box is on the image, or next to nothing
  kShortPolygon,        // fewer than 6 numbers
  kOddPolygon,          // an odd number of numbers
  kEmptySegmentation,   // no usable polygon on the image, or run lengths without pixels
  kMaskSize,            // run lengths or coordinates that do not fit the image
  kKeypointVisibility,  // v is not 0, 1 or 2
  // Warnings.
  kIdZero,             // annotation id 0: the reference evaluation counts it as unmatched
  kCrowdPolygon,       // iscrowd with polygons
  kAreaDisagrees,      // area differs from the mask's by more than 10 %
  kNoSegmentation,     // trains its box alone
  kThinMask,           // polygons that cover no pixel
  kBoxOffMask,         // bbox and the box of the mask overlap by less than half (IoU)
  kTinyBox,            // a width or height of one pixel or less
  kBoxClipped,         // a part of the box is outside the image
  kUnusedImage,        // a file that cannot be used, of an image that training does not use
  kNoAnnotations,      // an image without annotations
  kDuplicateFileName,  // two images with one file_name
  kDuplicateCategoryName,
  kNamelessCategory,  // trains; other files know it by its id alone
  kKeypointOutside,   // labelled, but not on the image: trains as missing
  kNumKeypoints,      // num_keypoints is not the number of those with v > 0
  kUnpairedKeypoint,  // a left one without its right one, or the other way round
  kSkeleton,          // joins a keypoint that there is not: such lines are not drawn
};

inline constexpr int kNumDefectKinds = static_cast<int>(DefectKind::kSkeleton) + 1;

enum class Severity { kFatal, kDropped, kWarning };

struct Defect {
  DefectKind kind;
  std::string file;         // base name: the image's, or the JSON's for an annotation
  int64_t id = 0;           // of the image, annotation or category; 0 where it could not be read
  std::string value;        // kMalformed, kMissingMember: "<item> <id>: <rule>, got <value>"
  std::string member = {};  // the JSON key of those two
};

/// "empty_box", "unknown_image", …: the first word of check_data's line.
std::string_view defect_name(DefectKind kind);
/// What the id belongs to: "image", "annotation" or "category".
std::string_view defect_item(DefectKind kind);
/// The rule that is broken, as the sentence of an error: "bbox width and height must be positive".
/// Empty for kUnreadableImage and kUnusedImage, whose values say it all.
std::string_view defect_rule(DefectKind kind);
Severity severity(DefectKind kind);
/// Of an image's file: where bad images are skipped, training goes on without it.
bool is_of_image_file(DefectKind kind);

/// "<file>: <item> <id>: <rule>, got <value>", the text of an IoError for this defect.
std::string describe(const Defect& defect);

}  // namespace denovo::data
