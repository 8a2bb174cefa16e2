// The 80 classes of COCO, for files that hold rows for them but no names.
#pragma once

#include <vector>

#include "data/coco/dataset.h"

namespace denovo::detection {

/// In ascending order of their ids, which are 1 to 90 with gaps.
const std::vector<data::CocoCategory>& coco_classes();

}  // namespace denovo::detection
