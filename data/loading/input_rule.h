// From the size of an image to the size of the network's input.
#pragma once

#include <cstdint>
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

/// How images become network inputs. short_sides has one entry, or the choices of scale jitter.
struct InputRule {
  std::vector<int> short_sides{800};
  int max_size = 1333;  // of the long side; 0 = no limit
  bool flip = true;     // half of the training images, by a draw for each image and epoch
  Padding padding = Padding::kBucket;
};

/// What is done to one image.
struct ImageTransform {
  ImageSize original{}, resized{};
  bool flipped = false;

  float scale_x() const {
    return static_cast<float>(resized.width) / static_cast<float>(original.width);
  }
  float scale_y() const {
    return static_cast<float>(resized.height) / static_cast<float>(original.height);
  }
};

/// The transform of evaluation: short_sides[0], not flipped.
ImageTransform evaluation_transform(const InputRule& rule, ImageSize original);

/// The transform that training draws for an image in an epoch: a pure function of its arguments.
ImageTransform training_transform(const InputRule& rule, ImageSize original, uint64_t seed,
                                  uint32_t epoch, int64_t image_id);

/// The padded size of a resized image under Padding::kBucket.
ImageSize bucket_of(ImageSize resized);

/// The padded size of a batch of resized images: their bucket where they share one, else the
/// largest sides rounded up to kInputStride.
ImageSize padded_size(const std::vector<ImageTransform>& transforms, Padding padding);

/// Images with equal keys may stand in one batch: the bucket, or under kBatch whether the image is
/// wider than high (detectron2's aspect-ratio grouping).
int64_t group_key(const InputRule& rule, ImageSize resized);

}  // namespace denovo::data
