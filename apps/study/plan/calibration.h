// What a step and an evaluation of a study take here, measured before it begins.
#pragma once

#include <optional>

#include "apps/study/plan/job.h"

namespace denovo::study {

/// nullopt when a signal came meanwhile (core/files/signals.h). Runs train_coco and
/// pretrain_imagenet for a few steps each, at most about a minute a program, in a folder of its own
/// under TMPDIR, by default /tmp: a dry run leaves no other trace. train_coco has `launch` before
/// it, as in the study. Throws with the sentence of a program that fails, ResourceError where the
/// folder cannot be made.
std::optional<Costs> measure_costs(const Grid& grid, int num_validation_images,
                                   const JobOptions& options);

}  // namespace denovo::study
