// Whether the annotations of a data set are good enough to train on.
#pragma once

#include <string>

#include "data/coco/training_view.h"

namespace denovo::data {

/// So many degenerate instances are a warning however small the set, if they are not most of it and
/// TrainingFilter::max_bad_fraction is not 0.
inline constexpr int64_t kHandful = 10;

/// Why training refuses the data, in the order of these rules; empty when it does not. The sentence
/// names the key that would let it start, where there is one.
///   there is an annotation that is neither a crowd nor difficult;
///   the numbers are pixels: not all of them in 0..1, with fractions, on images of more than 2;
///   at most max_bad_fraction of the instances are degenerate (dropped), or kHandful;
///   an instance is left;
///   the box of one of those left covers a pixel of its image;
///   one of those left has a segmentation, if the model has a mask head;
///   for a model with keypoints, before any instance is looked at: all categories that have some
///   have the same, as many as the model's; and an instance has one that is labelled.
std::string reason_to_refuse(const CocoDataset& dataset, const TrainingView& view,
                             const TrainingFilter& filter);

/// The sentence of the second rule; empty where it is kept.
std::string normalised_text(const CocoDataset& dataset, bool masks);

/// "at most 1 % of the instances may be degenerate, or 10 where that is at most half".
std::string bad_fraction_rule(double max_bad_fraction);

}  // namespace denovo::data
