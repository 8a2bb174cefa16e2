// Flat arenas: the parameters of a model as slices of one tensor, their gradients of another. One
// launch updates all of them, one buffer is summed over ranks, one pass finds a value that is not
// finite.
#pragma once

#include <string>
#include <vector>

#include "core/tensor/tensor.h"

namespace denovo {

/// A parameter, and how the optimiser treats it.
struct ArenaLeaf {
  std::string name;
  Tensor tensor;
  double weight_decay_factor = 1;  // of the optimiser's weight decay; 0: none (norms, biases)
  double lr_factor = 1;            // of the step's learning rate
};

/// Takes over the memory of the leaves: every handle of a leaf, and its gradient, then lie in the
/// arena, in the order given. The leaves may outlive the arena. Values stay; gradients that were
/// collected before are forgotten. Not thread-safe.
class Arena {
 public:
  /// Slices start at multiples of this many elements (64 bytes of f32), so that vectors of 16 bytes
  /// are aligned and a block of this size belongs to one leaf. The elements between two slices are
  /// 0 in all flat tensors and stay so.
  static constexpr int64_t kBlock = 16;

  /// Throws ShapeError when there is no leaf, when leaves differ in dtype or device, are neither
  /// f32 nor f64, do not require a gradient, or when a name or a tensor comes twice.
  explicit Arena(std::vector<ArenaLeaf> leaves);
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  const std::vector<ArenaLeaf>& leaves() const { return leaves_; }
  /// Elements of the flat tensors, a multiple of kBlock.
  int64_t numel() const { return weights_.numel(); }
  const Tensor& weights() const { return weights_; }
  const Tensor& gradients() const { return gradients_; }

  /// First element of leaf i in the flat tensors.
  int64_t offset(size_t i) const { return offsets_[i]; }
  /// The part of leaf i, in its shape, of a tensor [numel()] that is laid out as this arena.
  Tensor slice(const Tensor& flat, size_t i) const;

  /// Zeroes the gradients of leaves that got no contribution since clear_gradients(): they hold
  /// those of an earlier step. To be called before the gradients are read as a whole.
  void fill_missing_gradients();
  /// Forgets all gradients; the next contribution to each assigns.
  void clear_gradients();

 private:
  std::vector<ArenaLeaf> leaves_;
  std::vector<int64_t> offsets_;
  Tensor weights_, gradients_;
};

/// The leaves in the dtype of activations, rounded by one launch instead of one for each use of a
/// leaf: while it lives, ops::cast of a leaf finds its slice. Weights must not change meanwhile.
class RoundedLeaves {
 public:
  /// flat: [arena.numel()] of the other dtype, is overwritten; with the arena's own dtype, or
  /// undefined, nothing happens. The arena must outlive it.
  RoundedLeaves(const Arena& arena, const Tensor& flat);
  ~RoundedLeaves();
  RoundedLeaves(const RoundedLeaves&) = delete;
  RoundedLeaves& operator=(const RoundedLeaves&) = delete;

 private:
  const Arena& arena_;
};

}  // namespace denovo
