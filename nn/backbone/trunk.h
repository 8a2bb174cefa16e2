// What a detector shares with an image classifier: the network from pixels to maps.
#pragma once

#include <vector>

#include "nn/module.h"

namespace denovo::nn {

class Trunk : public Module {
 public:
  /// x [N, H, W, 3], H and W multiples of the last stride -> maps, finest first.
  virtual std::vector<Tensor> forward(const Tensor& x) const = 0;
  /// Of each of these maps.
  virtual const std::vector<int>& channels() const = 0;
  /// Stops gradients up to a stage: 0 nothing, 1 the first (a ResNet's stem), 2 the first two, ...
  virtual void freeze(int freeze_at) const = 0;
};

}  // namespace denovo::nn
