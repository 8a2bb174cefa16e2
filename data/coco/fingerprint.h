// What tells one data set from another: counts and 64-bit hashes of all that training and
// evaluation read of it. Where the file lies, how it is written and the order in which it lists
// categories, images and the annotations of different images do not matter.
#pragma once

#include <cstdint>
#include <string>

#include "data/coco/dataset.h"

namespace denovo::data {

/// One of the lists of a data set.
struct ListFingerprint {
  int64_t count = 0;
  std::string hash;  // 16 hexadecimal digits

  bool operator==(const ListFingerprint&) const = default;
};

struct Fingerprint {
  ListFingerprint categories;  // id, name; names of keypoints where they were read
  ListFingerprint images;      // id, file_name, width, height
  // id, image, category, bbox, area, iscrowd, difficult, segmentation; keypoints
  ListFingerprint annotations;

  bool operator==(const Fingerprint&) const = default;
};

/// Works with all threads; the result depends on the data alone.
Fingerprint fingerprint(const CocoDataset& dataset);

}  // namespace denovo::data
