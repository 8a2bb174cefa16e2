// What a detector stands on: maps of an image, whatever trunk computes them and with or without a
// pyramid above it.
#pragma once

#include <span>
#include <vector>

#include "nn/backbone/trunk.h"

namespace denovo::nn {

class Backbone : public Module {
 public:
  /// Input pixels per cell of each map, finest first, all powers of two.
  virtual std::span<const int> strides() const = 0;
  /// The first of these, of the maps that RoIs are pooled from.
  virtual std::span<const int> pooled_strides() const = 0;
  /// Of every map.
  virtual int channels() const = 0;

  /// x [N, H, W, 3], H and W multiples of the trunk's last stride -> a map for each of strides().
  virtual std::vector<Tensor> forward(const Tensor& x) const = 0;

  /// The part that an image classifier has too, whose weights a run may start from.
  virtual const Trunk& trunk() const = 0;
  /// Trunk::freeze.
  virtual void freeze(int freeze_at) const = 0;
};

}  // namespace denovo::nn
