// AP on images that the model has trained on: how much of what it knows it knows by heart.
#pragma once

#include <optional>
#include <vector>

#include "core/dist/process_group.h"
#include "core/log/logger.h"
#include "core/log/metrics.h"
#include "detection/mask_rcnn/mask_rcnn.h"
#include "detection/training/training_batches.h"

namespace denovo::detection {

/// eval.train_images of the training images, drawn once by the seed, evaluated as validation images
/// are: resized as those, unaugmented, against all annotations. Of two runs of one seed that train
/// on nested subsets, the samples are nested too.
class TrainingSample {
 public:
  /// All three must outlive this. Throws IoError for masks that cannot be drawn and for keypoints
  /// without sigmas.
  TrainingSample(const TrainConfig& config, const TrainingBatches& train_set, Device device,
                 ProcessGroup& group);

  /// Decodes the images of the sample; those that cannot be leave it, or are an IoError, as
  /// data.on_bad_image says. Returns warnings. Collective.
  std::vector<std::string> look(Logger& logger);

  /// train_bbox/AP, AP50, AP75 in percent, train_segm/... with a mask head and train_keypoints/...
  /// with a keypoint head; on rank 0. nullopt when a signal came meanwhile. Collective.
  std::optional<std::vector<Metric>> run(MaskRcnn& model, Logger& logger) const;

 private:
  const TrainConfig& config_;
  const TrainingBatches& train_set_;
  const Device device_;
  ProcessGroup& group_;
  std::vector<int> images_;  // ascending
};

}  // namespace denovo::detection
