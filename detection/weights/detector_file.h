// A detector on disk: weights, and in the file's metadata all that is needed to use them.
//
//   config      TOML of TrainConfig; keys that are absent keep their defaults
//   categories  the classes (class_list.h)
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/files/safetensors.h"
#include "data/coco/match_categories.h"
#include "data/loading/input_rule.h"
#include "detection/config/model_file_config.h"
#include "detection/mask_rcnn/mask_rcnn.h"
#include "detection/structures/image_detections.h"

namespace denovo::detection {

/// What the file says stands in the members, read at construction; rules of test time may be
/// changed there before load().
class DetectorFile {
 public:
  /// Throws IoError naming the file: not safetensors, no configuration or categories in it, or
  /// such that this program does not understand.
  explicit DetectorFile(const std::string& path);

  /// The model as config says, in evaluation mode. Throws IoError when weights do not fit it.
  std::unique_ptr<MaskRcnn> load(Device device) const;
  const std::string& path() const { return file_.path(); }
  data::CategoryList class_list() const { return {categories, path()}; }
  /// The names of the model's keypoints; empty where it has none, or the file does not name them.
  std::span<const std::string> keypoint_names() const;
  /// The ids that the classes were trained with.
  CategoryIds category_ids() const;
  /// Classes of these names. Throws ConfigError "<where>: …" for a name that the model lacks.
  std::vector<int> classes_named(const std::vector<std::string>& names,
                                 const std::string& where) const;

  ModelFileConfig config;
  std::vector<data::CocoCategory> categories;  // of class 0, 1, …

 private:
  SafetensorsFile file_;
};

/// The model file of a checkpoint of a run directory: "last", "best" or a name such as
/// "iter_0005000". Throws IoError when there is no run or no such checkpoint, naming those there.
std::string model_file_of_run(const std::string& run, const std::string& checkpoint);

}  // namespace denovo::detection
