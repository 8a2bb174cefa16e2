// A model of another codebase, in our names: what stands in the file, what becomes of it, and which
// configuration makes it right.
#pragma once

#include <string>
#include <vector>

#include "core/foreign/foreign_file.h"
#include "data/coco/dataset.h"
#include "detection/config/model_file_config.h"
#include "detection/weights/codebases.h"
#include "detection/weights/pick_state.h"
#include "nn/state_dict.h"

namespace denovo::detection {

/// A file and the plan for it; values are read by state().
class ImportedModel {
 public:
  /// Throws IoError naming the file when it cannot be read (core/foreign), its names are nobody's,
  /// a tensor has no place, or no configuration describes it.
  explicit ImportedModel(const std::string& path, const std::string& group = {});

  const std::string& path() const { return file_.path(); }
  const foreign::ForeignFile& file() const { return file_; }
  Codebase codebase() const { return codebase_; }
  /// Whether the names are detectron2's and the file does not say what its pixels were.
  bool pixels_are_known() const { return codebase_ != Codebase::kDetectron2; }
  bool is_detector() const { return num_classes_ > 0; }
  /// Classes of state(); 0 for a trunk alone.
  int num_classes() const { return static_cast<int>(kept_classes_.size()); }
  const PickedState& picked() const { return picked_; }
  /// Our name of each picked tensor; empty for one that is not needed.
  const std::vector<std::string>& names() const { return names_; }

  /// In our names, file layouts, f32, the background last; rows for COCO's 80 classes of 91.
  /// Predictors for all classes at once stay such where the background is last. Frozen batch norm
  /// of Caffe2, which has no statistics, gets those that change nothing. A bias in front of a norm,
  /// which torchvision's VGGs have, becomes a part of its running mean.
  nn::StateDict state() const;

  ModelFileConfig config;                      // of that model; may be changed by who knows better
  std::vector<data::CocoCategory> categories;  // of class 0, 1, …; empty where nothing is known
  std::vector<std::string> told;               // sentences about what was assumed

 private:
  void name_classes();
  bool changes_rows() const {
    return has_background_first(codebase_) || num_classes() != num_classes_;
  }

  foreign::ForeignFile file_;
  PickedState picked_;
  Codebase codebase_;
  std::vector<std::string> names_;
  int num_classes_ = 0;                // rows in the file
  std::vector<int32_t> kept_classes_;  // of those
};

}  // namespace denovo::detection
