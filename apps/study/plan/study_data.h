// The data of a study, read once before its first run, and what makes them unfit for one.
#pragma once

#include <cstdint>
#include <string>

#include "apps/study/plan/grid.h"
#include "data/coco/fingerprint.h"
#include "data/coco/image_files.h"
#include "data/coco/training_view.h"

namespace denovo::study {

class StudyData {
 public:
  /// Reads both annotation files as training does. Throws IoError as training would; ConfigError
  /// when the detector has no validation set, on which a study rests.
  explicit StudyData(const detection::TrainConfig& detector);

  const data::CocoDataset& training() const { return training_; }
  /// Images that training can use, and those that are evaluated.
  int64_t num_images() const { return static_cast<int64_t>(view_.images.size()); }
  int64_t num_validation_images() const { return static_cast<int64_t>(evaluated_.size()); }
  data::Fingerprint training_fingerprint() const { return data::fingerprint(training_); }
  data::Fingerprint validation_fingerprint() const { return data::fingerprint(validation_); }

  /// Throws IoError for a run whose subset leaves a class of the training set without an object,
  /// naming run and class.
  void require_all_classes(const Grid& grid) const;
  /// Throws IoError for a validation image that is a training image too, by the bytes of the file,
  /// naming both.
  void require_separate_images() const;

  /// Of the training images of a run, ascending.
  std::vector<int64_t> image_ids(const StudyRun& run) const;

 private:
  data::CocoDataset training_, validation_;
  data::ImageFiles training_files_, validation_files_;
  data::TrainingView view_;
  std::vector<int> evaluated_;  // indices of validation images
};

/// Throws ConfigError or IoError for pre-training data that cannot be read, for a backbone file
/// that is missing or does not fit the detector, for a pre-training whose trunk would not (another
/// norm, width, depth or pixels), and for configurations that start runs in another way than their
/// arm, or all of an arm with one seed.
void require_fitting_arms(const Grid& grid, const StudyData& data);

}  // namespace denovo::study
