// What a reader of annotation files asks of them.
#pragma once

#include <string_view>

namespace denovo::data {

/// What to do about elements of the wrong form, unknown ids, repeated ids and images without name
/// or size.
enum class StructuralDefects {
  kThrow,   // for training: the first one is an IoError
  kCollect  // for evaluation and checking: listed in defects(), malformed annotations and those of
            // unknown images or categories left out, the last image or category of an id counts as
            // in the reference
};

/// What of a file is read, and therefore has to be sound. The rest need only be JSON.
struct DatasetPart {
  bool annotations = true;  // false: widths, heights, categories and annotations may be missing
  bool masks = true;        // false: segmentations give the boxes and areas that are missing and
                            // are forgotten then; one that cannot be read is none
  bool keypoints = false;   // of annotations, and the names of their categories

  static const DatasetPart kMasks;   // all but keypoints
  static const DatasetPart kBoxes;   // no masks
  static const DatasetPart kImages;  // images and categories
};
inline constexpr DatasetPart DatasetPart::kMasks{};
inline constexpr DatasetPart DatasetPart::kBoxes{.masks = false};
inline constexpr DatasetPart DatasetPart::kImages{.annotations = false, .masks = false};

/// For a model with or without a mask head and a keypoint head.
constexpr DatasetPart part_for(bool masks, bool keypoints = false) {
  return {.masks = masks, .keypoints = keypoints};
}

struct ReadRules {
  StructuralDefects structural = StructuralDefects::kThrow;
  DatasetPart part;

  /// A file without this list is not one.
  bool needs(std::string_view list) const { return part.annotations || list == "images"; }
};

}  // namespace denovo::data
