#include "detection/training/train_config.h"

#include <fmt/format.h>

#include <filesystem>

#include "core/error.h"

namespace denovo::detection {

namespace {

struct StartAndModel {
  StartConfig& start;
  ModelConfig& model;

  void describe(ConfigFields& v) {
    start.describe(v);
    model.describe(v);
  }
};

void check_start(const StartConfig& start, const ModelConfig& model) {
  const bool random = start.init.empty() && start.weights.empty();
  if (random && start.freeze_at > 0) {
    throw ConfigError(
        fmt::format("config: model.freeze_at = {} would freeze random weights, which costs about 3 "
                    "AP; set it to 0 or give model.init",
                    start.freeze_at));
  }
  if (random && model.backbone.norm == nn::NormKind::kFrozenBatchNorm) {
    throw ConfigError(
        "config: model.backbone.norm = \"FrozenBN\" needs trained statistics; use GN or BN, or "
        "give model.init");
  }
}

}  // namespace

void StartConfig::describe(ConfigFields& v) {
  v("init", init,
    "backbone weights: a model file of ours, or one that convert_weights reads; empty: random");
  v("weights", weights, "weights of a whole detector, of the same kinds of file; empty: none");
  v("freeze_at", freeze_at,
    "stages that are not trained: 0 none, 1 the stem, 2 stem and res2, ...; VGG: 1 conv1, ...")
      .range(0, 1 + std::ssize(nn::ResNet::strides()));
}

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
  v.choice(
       "on_bad_image", on_bad_image, data::kOnBadImageNames,
       "an image that is missing, cannot be decoded or has another size than the annotations say: "
       "stop, before the first step where that shows; or leave it out of training and evaluation")
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
  return (std::filesystem::path(root) / relative).string();
}

void EvalConfig::describe(ConfigFields& v) {
  v("period", period, "iterations between evaluations; 0: only at the end")
      .non_negative()
      .harmless();
  v("patience", patience,
    "end the run after so many evaluations without a better box AP than before; 0: never")
      .non_negative()
      .harmless();
  v("precise_bn_batches", precise_bn_batches,
    "before an evaluation BN and SyncBN get the plain means of the statistics of so many training "
    "batches, with the weights that are evaluated (detectron2: 200); 0: running averages")
      .non_negative();
  v("max_images", max_images, "evaluate on the first images only; 0: all").non_negative();
  v("train_images", train_images,
    "also evaluate on so many of the training images (train_bbox/AP, ...); 0: none")
      .non_negative()
      .harmless();
  v("ignore_unknown_classes", ignore_unknown_classes,
    "leave categories of the validation set that the training set lacks out of the scores")
      .harmless();
  v("loss", loss, "also compute the losses on the validation set").harmless();
  v.choice("voc", voc, data::kVocRuleNames,
           "also PASCAL VOC's mAP (voc07/mAP, voc10/mAP): 07 the mean of 11 points, 10 the area "
           "under the curve; difficult objects are ignored")
      .harmless();
  v("pictures", pictures, "pictures of predictions beside the ground truth per evaluation")
      .non_negative()
      .harmless();
  v("keypoint_sigmas", keypoint_sigmas,
    "deviation of each keypoint as a share of the object's size, for OKS; empty: COCO's 17")
      .positive()
      .harmless();
}

void TrainConfig::describe(ConfigFields& v) {
  v("seed", seed, "of weights, order, augmentation and sampling").non_negative();
  v.section("data", data, "data set");
  v.section("input", input, "network input");
  StartAndModel start_and_model{start, model};
  v.section("model", start_and_model, "detector");
  v.section("solver", solver, "optimiser and schedule");
  v.section("eval", eval, "evaluation");
  v.section("checkpoint", checkpoint, "checkpoints");
  v.section("log", log, "logs");
  v.section("dist", dist, "several ranks");
}

data::TrainingFilter TrainConfig::training_filter() const {
  return {.masks = model.mask.enabled,
          .num_keypoints = model.keypoint.count(),
          .max_bad_fraction = data.max_bad_fraction,
          .keep_empty_images = data.keep_empty_images,
          .max_images = data.max_train_images,
          .seed = static_cast<uint64_t>(seed)};
}

void TrainConfig::validate() const {
  check_start(start, model);
  input.validate();
  model.validate();
  run_config().validate();
}

}  // namespace denovo::detection
