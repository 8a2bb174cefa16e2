// Detection on files outside a data set: results and pictures.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "data/coco/dataset.h"
#include "data/loading/input_rule.h"
#include "detection/mask_rcnn/mask_rcnn.h"
#include "detection/prediction/augmented.h"
#include "detection/prediction/input_files.h"
#include "detection/prediction/post_process.h"

namespace denovo::detection {

struct DetectFilesOptions {
  std::string out;                             // directory, created
  std::vector<data::CocoCategory> categories;  // of the model's classes
  CategoryIds category_ids;                    // of the results; classes without are left out
  std::vector<int> classes;                    // those wanted; empty: all
  int max_detections = 100;                    // per image, the best of the classes wanted
  data::InputRule rule;
  AugmentedDetector* augmented = nullptr;  // of the same model: takes the place of one look by rule
  Device device;
  std::function<void(const std::string& line)> on_bad_file;      // file and what is wrong with it
  std::function<void(int64_t done, int64_t total)> on_progress;  // may be empty
};

struct DetectFilesReport {
  int64_t images = 0, bad_files = 0;
  std::vector<int64_t> objects;  // per class
};

/// Writes out/results.json, at the end and whole (a COCO results list with file_name, in pixels of
/// the images after EXIF orientation, images in the order given, detections by descending score),
/// and a PNG for each image with its detections, named by picture_names.h. A file that cannot be
/// read, or is not of the size that its InputFile says, is told to on_bad_file and left out. The
/// score threshold is the model's. Throws ResourceError when writing fails.
DetectFilesReport detect_files(MaskRcnn& model, std::span<const InputFile> files,
                               const DetectFilesOptions& options);

}  // namespace denovo::detection
