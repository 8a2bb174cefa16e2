// Evaluation of a model in training on the validation set of its configuration.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/dist/process_group.h"
#include "core/log/logger.h"
#include "data/coco/training_view.h"
#include "detection/evaluation/evaluate_model.h"
#include "detection/evaluation/evaluation_set.h"
#include "detection/training/train_config.h"
#include "nn/training/task.h"

namespace denovo::detection {

/// What is scored of a model of this configuration.
ScoredHeads scored_heads(const TrainConfig& config);

/// Ranks detect on their parts of the images; rank 0 scores and writes.
class Validation {
 public:
  /// Reads the annotations (evaluation_set.h). config and group must outlive this.
  Validation(const TrainConfig& config, const data::CocoDataset& train_set, Device device,
             ProcessGroup& group = ProcessGroup::alone());

  const EvaluationSet& set() const { return set_; }
  /// EvaluationSet::look.
  std::vector<std::string> look(Logger& logger);

  /// Evaluates, writes run/eval/ITERATION and pictures to run/vis, and logs one line. nullopt when
  /// a signal came meanwhile: nothing was written. The value is the box AP, a fraction; only rank 0
  /// gets more: the metrics in percent, val_* if asked for, and the reference's lines. Collective.
  std::optional<nn::Score> run(MaskRcnn& model, const std::string& run, int64_t iteration,
                               Logger& logger) const;

  /// The losses of training on the validation images, named val_loss_rpn_cls ... val_total_loss:
  /// means over the images, each normalised alone, without augmentation, gradients or updated
  /// statistics. RPN and RoI samples are the same ones at every call. Nothing on other ranks than
  /// 0. Collective.
  std::vector<Metric> losses(MaskRcnn& model) const;

 private:
  /// Adds the losses of this rank's images to sums and returns their names; rank 0 has images.
  std::vector<std::string> add_losses(MaskRcnn& model, double* sums) const;
  void choose_loss_images();

  const TrainConfig& config_;
  const Device device_;
  ProcessGroup& group_;
  EvaluationSet set_;
  data::TrainingView view_;       // of the losses,
  std::vector<int> loss_images_;  // and their images
};

}  // namespace denovo::detection
