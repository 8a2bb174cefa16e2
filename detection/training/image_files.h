// Are the image files of a data set there? Found before the first step, by listing folders: asking
// for each file of a large data set on a network disk takes minutes.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "data/coco/dataset.h"

namespace denovo::detection {

/// Those of `images` (indices into dataset.images()) without a file below image_root, in their
/// order.
std::vector<int> missing_image_files(const data::CocoDataset& dataset, std::span<const int> images,
                                     const std::string& image_root);

/// `train/000000000009.jpg: image 9 of instances.json must exist; 3 of 8 image files are missing`.
std::string missing_images_text(const data::CocoDataset& dataset, std::span<const int> missing,
                                size_t num_images, const std::string& image_root);

}  // namespace denovo::detection
