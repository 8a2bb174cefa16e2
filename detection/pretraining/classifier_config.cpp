#include "detection/pretraining/classifier_config.h"

#include <filesystem>

#include "core/error.h"

namespace denovo::detection {

void ClassifierDataConfig::describe(ConfigFields& v) {
  v("root", root, "folder that the other two hang on; relative to the working directory")
      .harmless();
  v("train", train, "training images, a folder per class").not_empty().harmless();
  v("val", val, "validation images, the same classes; empty: no evaluation").harmless();
  v.choice(
       "on_bad_image", on_bad_image, data::kOnBadImageNames,
       "an image that cannot be decoded: stop the run, or skip it: another one takes its place in "
       "training, evaluation leaves it out")
      .harmless();
  v("workers", workers, "threads that prepare images; any number gives the same batches")
      .positive()
      .harmless();
  v("cache_mb", cache_mb, "memory for decoded images, MiB").non_negative().harmless();
}

std::string ClassifierDataConfig::path(const std::string& folder) const {
  return (std::filesystem::path(root) / folder).string();
}

void ClassifierInputConfig::describe(ConfigFields& v) {
  v("size", size, "side of the network's input, pixels").positive();
  v("min_scale", min_scale, "smallest share of an image that a training crop shows")
      .range(0.001, 1);
  v("flip", flip, "mirror every other training image");
  v("brightness", brightness,
    "brightness of training images is multiplied by 1 - this .. 1 + this, as in torchvision's "
    "ColorJitter; 0: left alone")
      .non_negative();
  v("contrast", contrast, "the same for contrast").non_negative();
  v("saturation", saturation, "the same for saturation").non_negative();
}

void ClassifierHeadConfig::describe(ConfigFields& v) {
  v("resolution", resolution,
    "side of the map of means that the fully connected layers read (ResNet: 1, VGG: 7)")
      .positive();
  v("fcs", fcs, "fully connected layers before the last one (ResNet: 0, VGG: 2)").non_negative();
  v("fc_channels", fc_channels, "their channels").positive();
  v.choice("fc_init", fc_init, kLayerInitNames, "how they start");
  v("dropout", dropout, "share of their outputs that training sets to 0, of each layer (VGG: 0.5)")
      .range(0, kMostDropout);
}

void ClassifierModelConfig::describe(ConfigFields& v) {
  v.section("backbone", backbone, "trunk; the keys of the pyramid do not count");
  v.section("head", head, "between trunk and scores");
  v.section("pixel", pixel, "input normalisation");
}

void ClassifierLossConfig::describe(ConfigFields& v) {
  v("label_smoothing", label_smoothing,
    "share of the target probability that is spread evenly over all classes")
      .range(0, 1);
}

void ClassifierEvalConfig::describe(ConfigFields& v) {
  v("period", period, "iterations between evaluations; 0: only at the end")
      .non_negative()
      .harmless();
  v("patience", patience,
    "end the run after so many evaluations without a better top-1 than before; 0: never")
      .non_negative()
      .harmless();
  v("precise_bn_batches", precise_bn_batches,
    "before an evaluation BN and SyncBN get the plain means of the statistics of so many training "
    "batches, with the weights that are evaluated (detectron2: 200); 0: running averages")
      .non_negative();
}

nn::SolverConfig imagenet_solver() {
  nn::SolverConfig solver;
  solver.base_lr = 0.1;
  solver.reference_batch = solver.images_per_batch = 256;
  solver.images_per_group = 1;
  solver.max_iter = 500000;
  solver.lr_schedule = nn::LrRule::kCosine;
  return solver;
}

void ClassifierConfig::describe(ConfigFields& v) {
  v("seed", seed, "of weights, order and augmentation").non_negative();
  v.section("data", data, "data set");
  v.section("input", input, "network input");
  v.section("model", model, "classifier");
  v.section("loss", loss, "loss");
  v.section("solver", solver, "optimiser and schedule");
  v.section("eval", eval, "evaluation");
  v.section("checkpoint", checkpoint, "checkpoints");
  v.section("log", log, "logs");
  v.section("dist", dist, "several ranks");
}

void ClassifierConfig::validate() const {
  if (model.backbone.norm == nn::NormKind::kFrozenBatchNorm)
    throw ConfigError(
        "config: model.backbone.norm = \"FrozenBN\" has nothing to freeze in a classifier that is "
        "trained from random weights; use GN, BN or SyncBN");
  run_config().validate();
}

data::ClassificationOptions ClassifierConfig::loader_options(int ranks) const {
  return {.size = input.size,
          .min_scale = static_cast<float>(input.min_scale),
          .flip = input.flip,
          .jitter = {.brightness = static_cast<float>(input.brightness),
                     .contrast = static_cast<float>(input.contrast),
                     .saturation = static_cast<float>(input.saturation)},
          .images_per_batch = solver.images_per_batch,
          .num_parts = solver.accumulate * ranks,
          .threads = data.workers,
          .skip_bad_images = data.on_bad_image == denovo::data::OnBadImage::kSkip,
          .seed = static_cast<uint64_t>(seed),
          .cache_bytes = int64_t{data.cache_mb} << 20};
}

}  // namespace denovo::detection
