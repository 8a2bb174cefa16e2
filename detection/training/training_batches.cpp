#include "detection/training/training_batches.h"

#include "core/error.h"
#include "data/coco/subset.h"
#include "detection/evaluation/usable_images.h"

namespace denovo::detection {

TrainingBatches::TrainingBatches(const TrainConfig& config)
    : config_(config),
      dataset_(data::read_coco(config.data.path(config.data.train_annotations),
                               data::StructuralDefects::kThrow, config.dataset_part())),
      files_(dataset_, config.data.path(config.data.train_images),
             config.data.allow_parent_folders),
      view_(data::training_view(dataset_, config.training_filter())) {}

std::vector<std::string> TrainingBatches::look(Logger& logger, ProcessGroup& group) {
  UsableImages usable = usable_images(files_, view_.images,
                                      {.depth = data::Look::kHeader,
                                       .skip_bad = config_.data.skip_bad_images(),
                                       .consequence = "they are left out of the training"},
                                      logger, group);
  if (usable.images.size() < view_.images.size()) view_ = data::with_images(view_, usable.images);
  return std::move(usable.warnings);
}

void TrainingBatches::seek(int64_t iteration, const ProcessGroup& group) {
  const data::LoaderOptions options{
      .builder = {.rule = config_.input.train_rule(),
                  .masks = config_.model.mask.enabled,
                  .keypoint_offset = config_.model.keypoint.offset(),
                  .skip_bad_images = config_.data.skip_bad_images(),
                  .seed = static_cast<uint64_t>(config_.seed),
                  .cache_bytes = int64_t{config_.data.cache_mb} << 20},
      .images_per_batch = config_.solver.images_per_batch,
      .num_parts = config_.solver.accumulate * group.size(),
      .threads = config_.data.workers};
  loader_.emplace(files_, view_, options, iteration, group.rank(), group.size());
}

const std::vector<data::Batch>& TrainingBatches::next() {
  batches_.clear();
  for (int i = 0; i < config_.solver.accumulate; ++i) batches_.push_back(loader_->next());
  return batches_;
}

std::vector<std::string> TrainingBatches::new_substitutions() {
  std::vector<std::string> lines;
  const int64_t substitutions = loader_->builder().images().num_substitutions();
  if (substitutions == num_substitutions_) return lines;
  num_substitutions_ = substitutions;
  for (const std::string& line : loader_->builder().images().bad_images()) {
    if (told_.insert(line).second) lines.push_back(line);
  }
  return lines;
}

}  // namespace denovo::detection
