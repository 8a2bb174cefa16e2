// The images of a training run, from the annotation file to the micro-batches of an update.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/dist/process_group.h"
#include "core/log/logger.h"
#include "data/coco/image_files.h"
#include "data/coco/training_view.h"
#include "data/loading/loader.h"
#include "detection/training/train_config.h"

namespace denovo::detection {

class TrainingBatches {
 public:
  /// Reads the annotations. config must outlive this. Throws
  /// IoError.
  explicit TrainingBatches(const TrainConfig& config);

  const data::CocoDataset& dataset() const { return dataset_; }
  const data::ImageFiles& files() const { return files_; }
  const data::TrainingView& view() const { return view_; }

  /// Looks whether every image is there, of a kind that is read, and of the right size. Where
  /// data.on_bad_image stops throws IoError; else bad images are left out and warnings returned.
  /// Others will take the place of those whose pixels turn out to be damaged. Collective.
  std::vector<std::string> look(Logger& logger, ProcessGroup& group);

  /// Makes this iteration the next one, of which the group's other ranks load their parts.
  void seek(int64_t iteration, const ProcessGroup& group);
  /// This rank's micro-batches of the next update, valid until the next call. Throws what building
  /// them threw.
  const std::vector<data::Batch>& next();
  /// A line for each bad image that has been replaced since the last call.
  std::vector<std::string> new_substitutions();

 private:
  const TrainConfig& config_;
  data::CocoDataset dataset_;
  const data::ImageFiles files_;
  data::TrainingView view_;
  std::optional<data::TrainLoader> loader_;
  std::vector<data::Batch> batches_;
  int64_t num_substitutions_ = 0;
  std::set<std::string> told_;
};

}  // namespace denovo::detection
