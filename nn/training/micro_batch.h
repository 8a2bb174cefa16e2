// What a task gives to an update, without saying what it is.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/tensor/tensor.h"

namespace denovo::nn {

/// What has gone through the network.
struct StepCounts {
  int64_t images = 0, instances = 0, pixels = 0;

  StepCounts& operator+=(const StepCounts& other) {
    images += other.images;
    instances += other.instances;
    pixels += other.pixels;
    return *this;
  }
};

/// A part of a batch that goes through the network at once. The tensors stand in an order that only
/// the task knows; undefined ones are not there. Equal shapes may be replayed from one record.
struct MicroBatch {
  std::vector<Tensor> tensors;
  StepCounts counts;
  std::vector<int64_t> image_ids;  // named when training diverges
};

/// Losses as scalars on the device; their sum is the objective.
using NamedLosses = std::vector<std::pair<std::string, Tensor>>;

}  // namespace denovo::nn
