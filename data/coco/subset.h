// Smaller training sets out of a larger one.
#pragma once

#include "data/coco/training_view.h"

namespace denovo::data {

/// The `count` images of the view with the smallest keys RandomStream{seed, kSubset}.bits(id):
/// every choice is equally likely, depends on image ids alone, and with one seed a smaller subset
/// lies within every larger one. Limits stay those of the whole view, so that tensors keep their
/// sizes. Returns the view itself when it has no more images.
TrainingView subset(const TrainingView& view, const CocoDataset& dataset, int64_t count,
                    uint64_t seed);

/// The images of the view that are among these (ascending indices into CocoDataset::images); limits
/// stay.
TrainingView with_images(const TrainingView& view, std::span<const int> images);

}  // namespace denovo::data
