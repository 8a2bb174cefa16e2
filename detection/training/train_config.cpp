#include "detection/training/train_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace denovo::detection {

void DataConfig::describe(ConfigFields& v) {
  v("root", root, "folder that the other paths hang on; relative to the working directory")
      .harmless();
  // Paths are harmless: what the files hold is in the fingerprint of a checkpoint.
  v("train_annotations", train_annotations, "COCO JSON of the training images")
      .not_empty()
      .harmless();
  v("train_images", train_images, "folder of the training images").harmless();
  v("val_annotations", val_annotations,
    "COCO JSON of the validation images, its categories matched by name; empty: no evaluation")
      .harmless();
  v("val_images", val_images, "folder of the validation images").harmless();
  v("max_train_images", max_train_images, "train on this many images, chosen by the seed; 0: all")
      .non_negative();
  v("on_bad_image", on_bad_image,
    "an image that is missing, cannot be decoded or has another size than the annotations say: "
    "stop, before the first step where that shows; or skip it: another one takes its place in "
    "training, evaluation leaves it out")
      .one_of({"stop", "skip"})
      .harmless();
  v("allow_parent_folders", allow_parent_folders,
    "a file_name may leave the folder of images by \"..\"; absolute ones always may")
      .harmless();
  v("max_bad_fraction", max_bad_fraction,
    "refuse to start when more of the instances than this are degenerate; 10 in all are a warning, "
    "if at most half are, unless this is 0")
      .range(0, 1);
  v("keep_empty_images", keep_empty_images, "train on images without annotations, as negatives");
  v("allow_changes", allow_changes,
    "resume although images or annotations have changed; a changed class list never resumes")
      .harmless();
  v("workers", workers, "threads that prepare images; any number gives the same batches")
      .positive()
      .harmless();
  v("cache_mb", cache_mb, "memory for decoded images, MiB").non_negative().harmless();
}

std::string DataConfig::path(const std::string& relative) const {
  return root.empty() || relative.starts_with("/") ? relative : root + "/" + relative;
}

void InputConfig::describe(ConfigFields& v) {
  v("min_size_train", min_size_train,
    "short side in training, pixels; several: one is drawn per image")
      .positive()
      .not_empty();
  v("min_size_test", min_size_test, "short side at test time, pixels").positive();
  v("max_size", max_size, "largest long side, pixels").positive();
  v("flip", flip, "mirror every other training image");
  v("padding", padding,
    "bucket: by the image alone (results do not depend on batch mates); batch: to the largest of "
    "the batch")
      .one_of({"bucket", "batch"});
}

data::InputRule InputConfig::train_rule() const {
  return {.short_sides = min_size_train,
          .max_size = max_size,
          .flip = flip,
          .padding = padding == "batch" ? data::Padding::kBatch : data::Padding::kBucket};
}

data::InputRule InputConfig::test_rule() const {
  data::InputRule rule = train_rule();
  rule.short_sides = {min_size_test};
  rule.flip = false;
  return rule;
}

void SolverConfig::describe(ConfigFields& v) {
  v("base_lr", base_lr, "learning rate at reference_batch; scaled linearly with images_per_batch")
      .non_negative();
  v("reference_batch", reference_batch,
    "batch that base_lr and the paper's schedule are stated for")
      .positive();
  v("images_per_batch", images_per_batch, "images per update, over all ranks and accumulation")
      .positive();
  v("accumulate", accumulate, "micro-batches per update; must divide images_per_batch").positive();
  v("images_per_group", images_per_group,
    "images over which losses are normalised together (the paper's batch per GPU)")
      .positive();
  v("max_iter", max_iter, "updates").positive();
  v("lr_schedule", lr_schedule,
    "paper: drops at the last 60k and 20k of batch-16 iterations; steps: as solver.steps says")
      .one_of({"paper", "steps"});
  v("steps", steps,
    "iterations at which the rate is multiplied by gamma, for lr_schedule = \"steps\"")
      .positive();
  v("gamma", gamma, "factor of a drop").range(0, 1);
  v("warmup_iters", warmup_iters, "iterations of linear warm-up").non_negative();
  v("warmup_factor", warmup_factor, "factor at its start").range(0, 1);
  v("momentum", momentum, "momentum of SGD").range(0, 1);
  v("weight_decay", weight_decay, "weight decay of weights").non_negative();
  v("weight_decay_norm", weight_decay_norm, "weight decay of norm parameters").non_negative();
  v("bias_lr_factor", bias_lr_factor, "learning rate factor of biases (Detectron: 2)")
      .non_negative();
  v("weight_decay_bias", weight_decay_bias, "weight decay of biases (Detectron: 0)").non_negative();
  v("clip_gradient_norm", clip_gradient_norm, "largest L2 norm of the gradient; 0: no limit")
      .non_negative();
  v("precision", precision,
    "of activations and products: f32; tf32 rounds the operands of products on GPUs; bf16 keeps "
    "weights, sums, statistics and losses in f32")
      .one_of({"f32", "tf32", "bf16"});
  v("cuda_graph", cuda_graph,
    "on one GPU: record the update of each image shape as a CUDA graph and replay it; same results")
      .harmless();
  v("autotune", autotune,
    "on GPUs: measure cuDNN's engines for each convolution once and keep the fastest, in "
    "RUN/convolutions.txt; other engines, other last bits");
  v("checkpoint_period", checkpoint_period, "iterations between checkpoints").positive().harmless();
}

nn::LrSchedule SolverConfig::schedule() const {
  nn::LrSchedule schedule{.base_lr = base_lr * images_per_batch / reference_batch,
                          .max_iter = max_iter,
                          .warmup_iters = warmup_iters,
                          .warmup_factor = warmup_factor,
                          .gamma = gamma};
  if (lr_schedule == "steps") {
    schedule.drops = {steps.begin(), steps.end()};
    return schedule;
  }
  // In iterations of the reference batch; short schedules keep the proportions of the paper's
  // shortest.
  const double batches = static_cast<double>(images_per_batch) / reference_batch;
  const int64_t reference_iter =
      std::max<int64_t>(180000, std::llround(static_cast<double>(max_iter) * batches));
  schedule.drops.clear();
  for (const int64_t drop : nn::paper_drops(reference_iter)) {
    const auto at =
        static_cast<int64_t>(static_cast<double>(drop) / static_cast<double>(reference_iter) *
                             static_cast<double>(max_iter));
    if (schedule.drops.empty() || at > schedule.drops.back()) schedule.drops.push_back(at);
  }
  return schedule;
}

void EvalConfig::describe(ConfigFields& v) {
  v("period", period, "iterations between evaluations; 0: only at the end")
      .non_negative()
      .harmless();
  v("max_images", max_images, "evaluate on the first images only; 0: all").non_negative();
  v("ignore_unknown_classes", ignore_unknown_classes,
    "leave categories of the validation set that the training set lacks out of the scores")
      .harmless();
  v("loss", loss, "also compute the losses on the validation set").harmless();
  v("pictures", pictures, "pictures of predictions beside the ground truth per evaluation")
      .non_negative()
      .harmless();
}

void CheckpointConfig::describe(ConfigFields& v) {
  v("keep", keep, "newest checkpoints kept, besides the best").positive().harmless();
}

void LogConfig::describe(ConfigFields& v) {
  v("period", period, "iterations between metrics").positive().harmless();
  v("tensorboard", tensorboard, "write TensorBoard events").harmless();
}

void DistConfig::describe(ConfigFields& v) {
  v("timeout_seconds", timeout_seconds,
    "under mpirun: how long a rank waits for the others before it ends the job")
      .positive()
      .harmless();
}

void TrainConfig::describe(ConfigFields& v) {
  v("seed", seed, "of weights, order, augmentation and sampling").non_negative();
  v.section("data", data, "data set");
  v.section("input", input, "network input");
  v.section("model", model, "detector");
  v.section("solver", solver, "optimiser and schedule");
  v.section("eval", eval, "evaluation");
  v.section("checkpoint", checkpoint, "checkpoints");
  v.section("log", log, "logs");
  v.section("dist", dist, "several ranks");
}

data::TrainingFilter TrainConfig::training_filter() const {
  return {.masks = model.mask.enabled,
          .max_bad_fraction = data.max_bad_fraction,
          .keep_empty_images = data.keep_empty_images};
}

void TrainConfig::validate() const {
  model.validate();
  validate_ranks(1);
  nn::check(solver.schedule());
}

void TrainConfig::validate_ranks(int ranks) const {
  const int images = solver.images_per_batch;
  if (images % solver.accumulate != 0) {
    throw ConfigError(
        fmt::format("config: solver.accumulate must divide solver.images_per_batch = {}, got {}",
                    images, solver.accumulate));
  }
  if (images / solver.accumulate % ranks != 0) {
    throw ConfigError(fmt::format(
        "config: solver.images_per_batch / solver.accumulate = {} must be a multiple of the ranks, "
        "got {}",
        images / solver.accumulate, ranks));
  }
  const int micro_batch = images / solver.accumulate / ranks;
  // Also when a micro-batch is smaller than a group: neither accumulation nor ranks may change the
  // objective.
  if (micro_batch % std::min(images, solver.images_per_group) != 0) {
    throw ConfigError(
        fmt::format("config: solver.images_per_group must divide the {} images of a "
                    "micro-batch{}, got {}",
                    micro_batch, ranks > 1 ? fmt::format(" on each of {} ranks", ranks) : "",
                    solver.images_per_group));
  }
}

}  // namespace denovo::detection
