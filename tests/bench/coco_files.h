// COCO files of the sizes at which reading and evaluation are timed, drawn by an integer formula.
#pragma once

#include <string>

namespace denovo::testing {

/// 5,000 images of 640 x 480 with 36,000 objects of 80 categories (truth.json), and 500,000
/// detections of them with boxes and masks (results.json, about 170 MB).
void write_evaluation_files(const std::string& folder);

/// As many images and annotations as train2017.json has, one in 85 a crowd with run lengths, the
/// others with polygons: train.json, about 450 MB.
void write_annotation_file(const std::string& folder);

}  // namespace denovo::testing
