// Sizes of a tensor, at most six dimensions.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <initializer_list>
#include <string>

namespace denovo {

class Shape {
 public:
  static constexpr int kMaxRank = 6;

  Shape() = default;  // rank 0: one element
  /// Throws ShapeError for more than kMaxRank dimensions or a negative size.
  Shape(std::initializer_list<int64_t> sizes)
      : Shape(sizes.begin(), static_cast<int>(sizes.size())) {}
  Shape(const int64_t* sizes, int rank);

  int rank() const { return rank_; }
  /// i may be negative and then counts from the end.
  int64_t operator[](int i) const { return sizes_[i < 0 ? rank_ + i : i]; }
  int64_t numel() const {
    int64_t n = 1;
    for (int i = 0; i < rank_; ++i) n *= sizes_[i];
    return n;
  }
  /// A copy whose dimension i (may be negative) is size.
  Shape with(int i, int64_t size) const {
    Shape copy = *this;
    copy.sizes_[i < 0 ? rank_ + i : i] = size;
    return copy;
  }
  /// The first rank dimensions: what is left of [N, S, C] when C is the row.
  Shape leading(int rank) const { return Shape(sizes_.data(), rank); }
  auto operator<=>(const Shape&) const = default;

 private:
  std::array<int64_t, kMaxRank> sizes_{};
  int rank_ = 0;
};

/// "[2, 56, 56, 64]"
std::string to_string(const Shape& shape);

}  // namespace denovo
