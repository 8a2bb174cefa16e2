// The rules that a single annotation can break, for training (fast part) and for check_data (all).
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

struct AnnotationChecks {
  bool segmentation = true;  // off for a file or a model without masks
  bool raster = true;        // draw the masks: finds empty ones and areas that disagree; slow
};

/// Appends the defects of one annotation: of its box, its segmentation, its id.
void find_annotation_defects(const CocoDataset& dataset, const CocoAnnotation& annotation,
                             AnnotationChecks checks, std::vector<Defect>& defects);

/// True for the defects that leave nothing to train on (a short polygon beside a good one does
/// not).
bool drops_instance(DefectKind kind);

}  // namespace denovo::data
