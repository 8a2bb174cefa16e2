// A batch without a data set: noise for pixels, rectangles for objects.
#pragma once

#include "data/loading/batch.h"

namespace denovo::bench {

struct SyntheticBatchOptions {
  int64_t images = 2;
  int height = 256, width = 256;  // padded to multiples of 32
  int objects = 7;                // of every image
  int num_classes = 80;
  int num_keypoints = 0;  // of every object, anywhere in its box
  uint64_t seed = 1;
};

/// Objects as a torchvision benchmark of random boxes draws them: the upper left corner anywhere in
/// the first 60 % of a side, the length of a side 16 pixels to 16 pixels and 35 % of the image, cut
/// at the border; the mask is the whole box, as a polygon of four vertices.
data::Batch synthetic_batch(const SyntheticBatchOptions& options);

}  // namespace denovo::bench
