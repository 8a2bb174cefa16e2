// The rules that a single annotation can break. judge_instance decides what training makes of it,
// for training and for check_data; find_remarks says what else deserves a look.
#pragma once

#include <vector>

#include "data/coco/dataset.h"

namespace denovo::data {

/// A polygon that training draws: at least three vertices, no odd number.
inline bool usable_polygon(uint32_t size) {
  return size >= 6 && size % 2 == 0;
}

/// True when one of the annotations has a segmentation; a file of boxes only is not faulty.
bool has_segmentations(const CocoDataset& dataset);

/// What training makes of an instance. What lies outside the image is cut off.
enum class InstanceUse : uint8_t {
  kWhole,    // its box and, for a model with masks, its mask
  kBoxOnly,  // its box: it has no segmentation
  kDropped   // nothing: a reason was found
};

/// Appends why an instance is dropped; nothing to one that is not. `masks`: the model has a mask
/// head, otherwise segmentations are not looked at. Dropped are
///   boxes of which less than a hundredth of a pixel is on the image, in width or height;
///   segmentations that are there but not usable: no polygon of three vertices, all polygons off
///   the image or without extent, run lengths without pixels, broken or for another image size;
///   keypoints, where they were read, that are neither missing, labelled nor visible.
/// A mask thinner than a pixel is kept, as masks are drawn on the grid of a RoI. Draws nothing: a
/// look at each number.
InstanceUse judge_instance(const CocoDataset& dataset, const CocoAnnotation& annotation, bool masks,
                           std::vector<Defect>& reasons);

/// Pixels of the image that the box covers, with fractions; of the whole box where the file does
/// not say how large the image is.
double covered_pixels(const CocoDataset& dataset, const CocoAnnotation& annotation);

/// Appends what does not keep an instance from training: of its box, single polygons, its mask, its
/// keypoints, its id. Draws the mask: slow.
void find_remarks(const CocoDataset& dataset, const CocoAnnotation& annotation, bool masks,
                  std::vector<Defect>& remarks);

/// For whoever draws or scores every mask: throws IoError, naming file, annotation and rule, for
/// the first segmentation that does not fit its image.
void require_drawable_masks(const CocoDataset& dataset);

/// "val.json: 3 of 8 objects have no segmentation and count as missed in the mask AP"; empty where
/// all have one, or none.
std::string missing_masks_text(const CocoDataset& dataset);

}  // namespace denovo::data
