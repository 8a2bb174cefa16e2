// The 80 classes of COCO, for files that hold rows for them but no names.
#pragma once

#include <vector>

#include "data/coco/dataset.h"

namespace denovo::detection {

/// In ascending order of their ids, which are 1 to 90 with gaps.
const std::vector<data::CocoCategory>& coco_classes();

/// The first of them as COCO's keypoint files have it, with its 17 keypoints.
const data::CocoCategory& coco_person();

}  // namespace denovo::detection
