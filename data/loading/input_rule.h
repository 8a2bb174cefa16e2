// From the size of an image to the size of the network's input.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/config/config_choice.h"
#include "core/kernels/random.h"
#include "data/image/resize.h"

namespace denovo::data {

/// Sides of an input are multiples of this, the stride of a trunk's last stage: all maps fit.
inline constexpr int kInputStride = 32;
/// Long sides of buckets are multiples of this: photographs come in few shapes, little is padded.
inline constexpr int kLongSideStep = 2 * kInputStride;

enum class Padding {
  kBucket,  // by the image alone: short side to kInputStride, long one to kLongSideStep
  kBatch,   // by its neighbours, as the reference recipes do: the batch's largest sides, to
            // kInputStride
};

inline constexpr ChoiceName<Padding> kPaddingNames[] = {{Padding::kBucket, "bucket"},
                                                        {Padding::kBatch, "batch"}};

/// What to do about an image that cannot be used.
enum class OnBadImage { kStop, kSkip };
inline constexpr ChoiceName<OnBadImage> kOnBadImageNames[] = {{OnBadImage::kStop, "stop"},
                                                              {OnBadImage::kSkip, "skip"}};

/// Large-scale jitter (Ghiasi et al., "Simple copy-paste is a strong data augmentation method for
/// instance segmentation", 2021): an image is scaled to fit a square of s * side, s drawn evenly
/// from [min_scale, max_scale]; what exceeds the square of `side` is cropped at a drawn place.
/// detectron2's ResizeScale and FixedSizeCrop, with its rounding (half to even) and its one draw
/// for both directions of the crop. Smaller images are padded as all inputs are, with zeros behind
/// normalisation, and proposals stay inside the image: there it is a grey of 128 that they may
/// reach into.
struct ScaleJitter {
  int side = 0;  // of every padded input, a multiple of kInputStride; 0: no jitter
  double min_scale = 0.1, max_scale = 2;
};

/// How images become network inputs. short_sides has one entry, or the choices of scale jitter.
struct InputRule {
  std::vector<int> short_sides{800};
  int max_size = 1333;  // of the long side; 0 = no limit
  bool flip = true;     // half of the training images, by a draw for each image and epoch
  Padding padding = Padding::kBucket;
  ScaleJitter jitter = {};  // of training images, in place of short_sides, max_size and padding
};

/// What is done to one image, in this order.
struct ImageTransform {
  ImageSize original{}, resized{};
  bool flipped = false;
  std::optional<CropWindow> crop = {};  // of the resized image where not all of it is seen

  /// What is seen of the resized image, and its size, that of the input before padding.
  CropWindow window() const {
    return crop.value_or(CropWindow{0, 0, resized.height, resized.width});
  }
  ImageSize input() const { return {window().height, window().width}; }

  float scale_x() const {
    return static_cast<float>(resized.width) / static_cast<float>(original.width);
  }
  float scale_y() const {
    return static_cast<float>(resized.height) / static_cast<float>(original.height);
  }
};

/// The transform of evaluation: short_sides[0], not flipped.
ImageTransform evaluation_transform(const InputRule& rule, ImageSize original);

/// What the jitter makes of an image, not flipped; both draws are from [0, 1).
ImageTransform jittered_transform(const ScaleJitter& jitter, ImageSize original, double scale_draw,
                                  double place_draw);

/// The transform that training draws for an image in an epoch: a pure function of its arguments.
ImageTransform training_transform(const InputRule& rule, ImageSize original, uint64_t seed,
                                  uint32_t epoch, int64_t image_id);

/// The padded size of an input under Padding::kBucket.
ImageSize bucket_of(ImageSize input);

/// The padded size of a batch: that of the jitter; the inputs' bucket where they share one; else
/// their largest sides rounded up to kInputStride.
ImageSize padded_size(const std::vector<ImageTransform>& transforms, const InputRule& rule);

/// Images with equal keys may stand in one batch: all under jitter; those of one bucket; under
/// kBatch those that are wider than high, and the others (detectron2's aspect-ratio grouping).
int64_t group_key(const InputRule& rule, ImageSize input);

}  // namespace denovo::data
