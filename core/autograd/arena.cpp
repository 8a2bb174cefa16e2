#include "core/autograd/arena.h"

#include <fmt/format.h>

#include <unordered_set>

namespace denovo {
namespace {

void check(const std::vector<ArenaLeaf>& leaves) {
  if (leaves.empty()) throw ShapeError("arena: needs at least one leaf, got none");
  const Tensor& first = leaves[0].tensor;
  if (first.dtype() != DType::kF32 && first.dtype() != DType::kF64) {
    throw ShapeError(
        fmt::format("arena: {} must be f32 or f64, got {}", leaves[0].name, name(first.dtype())));
  }
  std::unordered_set<std::string> names;
  std::unordered_set<const TensorImpl*> tensors;
  for (const ArenaLeaf& leaf : leaves) {
    const Tensor& tensor = leaf.tensor;
    if (tensor.dtype() != first.dtype() || tensor.device() != first.device()) {
      throw ShapeError(fmt::format("arena: {} must be {} on the device of {}, got {} on {}",
                                   leaf.name, name(first.dtype()), leaves[0].name,
                                   name(tensor.dtype()), to_string(tensor.device())));
    }
    if (!tensor.requires_grad() || tensor.impl()->producer) {
      throw ShapeError(
          fmt::format("arena: {} must be a leaf that requires a gradient, got one "
                      "that does not",
                      leaf.name));
    }
    if (!names.insert(leaf.name).second || !tensors.insert(tensor.impl().get()).second) {
      throw ShapeError(fmt::format("arena: leaves must differ, got {} twice", leaf.name));
    }
  }
}

}  // namespace

Arena::Arena(std::vector<ArenaLeaf> leaves) : leaves_(std::move(leaves)) {
  check(leaves_);
  int64_t end = 0;
  for (const ArenaLeaf& leaf : leaves_) {
    offsets_.push_back(end);
    end += (leaf.tensor.numel() + kBlock - 1) / kBlock * kBlock;
  }
  const Tensor& first = leaves_[0].tensor;
  weights_ = Tensor::zeros({end}, first.dtype(), first.device());
  gradients_ = Tensor::zeros({end}, first.dtype(), first.device());
  for (size_t i = 0; i < leaves_.size(); ++i) {
    const Tensor home = slice(weights_, i);
    copy(home, leaves_[i].tensor);
    leaves_[i].tensor.rebind(home);
    leaves_[i].tensor.set_grad_storage(slice(gradients_, i));
  }
}

Tensor Arena::slice(const Tensor& flat, size_t i) const {
  DENOVO_DCHECK(flat.shape() == Shape{numel()});
  const size_t begin =
      flat.impl()->offset_bytes + static_cast<size_t>(offsets_[i]) * size_of(flat.dtype());
  return Tensor::from_storage(flat.impl()->storage, begin, leaves_[i].tensor.shape(), flat.dtype());
}

void Arena::fill_missing_gradients() {
  for (const ArenaLeaf& leaf : leaves_) {
    TensorImpl& impl = *leaf.tensor.impl();
    if (impl.grad_is_set) continue;
    fill(Tensor(impl.grad), 0);
    impl.grad_is_set = true;
  }
}

void Arena::clear_gradients() {
  for (const ArenaLeaf& leaf : leaves_) leaf.tensor.clear_grad();
}

RoundedLeaves::RoundedLeaves(const Arena& arena, const Tensor& flat) : arena_(arena) {
  if (!flat.defined() || flat.dtype() == arena.weights().dtype()) return;
  copy(flat, arena.weights());
  for (size_t i = 0; i < arena.leaves().size(); ++i)
    arena.leaves()[i].tensor.impl()->rounded = arena.slice(flat, i).impl();
}

RoundedLeaves::~RoundedLeaves() {
  for (const ArenaLeaf& leaf : arena_.leaves()) leaf.tensor.impl()->rounded.reset();
}

}  // namespace denovo
