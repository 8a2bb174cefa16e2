// What a study takes on other machines than this one, from a rate that somebody has stated.
#pragma once

#include "apps/study/plan/costs.h"
#include "apps/study/plan/grid.h"

namespace denovo::study {

/// Seconds of one device that trains the detector on so many images a second. An evaluated image
/// costs a third of a trained one (the forward pass of three of equal cost), an image of
/// pre-training as much as its share of the detector's pixels. Throws ConfigError for a
/// configuration of pre-training that cannot be read.
Costs stated_costs(const Grid& grid, double images_per_second, int num_validation_images);

}  // namespace denovo::study
