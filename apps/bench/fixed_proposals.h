// Proposals that give a step a known number of foreground RoIs.
#pragma once

#include <span>

#include "data/loading/batch.h"
#include "detection/rpn/rpn.h"

namespace denovo::bench {

/// slots proposals for every image of the batch, of which those with an IoU of at least 0.5 with an
/// object are foreground[i] less the objects of the image, because the sampler adds the objects
/// themselves: objects moved by up to a tenth of their sides, IoU above 0.6. All others have an IoU
/// below 0.45 with every object.
///
/// Throws ConfigError when foreground has not one count per image, or a count is below the number
/// of objects or leaves fewer proposals than slots allow.
detection::Proposals fixed_proposals(const data::Batch& batch, std::span<const int> foreground,
                                     int64_t slots, uint64_t seed);

}  // namespace denovo::bench
