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
enum class DatasetPart {
  kMasks,  // all of it
  kBoxes,  // no masks: segmentations give the boxes and areas that are missing and are forgotten
           // then; one that cannot be read is none
  kImages  // images and categories: widths, heights, categories and annotations may be missing
};

/// For a model with or without a mask head.
constexpr DatasetPart part_for(bool masks) {
  return masks ? DatasetPart::kMasks : DatasetPart::kBoxes;
}

struct ReadRules {
  StructuralDefects structural = StructuralDefects::kThrow;
  DatasetPart part = DatasetPart::kMasks;

  /// A file without this list is not one.
  bool needs(std::string_view list) const {
    return part != DatasetPart::kImages || list == "images";
  }
};

}  // namespace denovo::data
