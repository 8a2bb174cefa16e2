// Decoded images of a data set, kept while they fit.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "data/image/image.h"

namespace denovo::data {

/// Keeps the first images that fit the limit and never gives one up: a data set that fits is
/// decoded once, one that does not costs no more than the limit. Safe from any thread. What it
/// holds depends on timing, what a caller sees does not.
class ImageCache {
 public:
  ImageCache(size_t num_images, int64_t max_bytes) : slots_(num_images), max_bytes_(max_bytes) {}

  /// nullptr where the image is not held.
  std::shared_ptr<const Image> find(size_t index) const { return slots_[index].load(); }

  void keep(size_t index, const std::shared_ptr<const Image>& image) {
    const auto bytes = static_cast<int64_t>(image->rgb.size());
    if (bytes_.fetch_add(bytes) + bytes > max_bytes_) {
      bytes_.fetch_sub(bytes);
      return;
    }
    std::shared_ptr<const Image> empty;
    if (!slots_[index].compare_exchange_strong(empty, image)) bytes_.fetch_sub(bytes);
  }

  int64_t bytes() const { return bytes_; }

 private:
  std::vector<std::atomic<std::shared_ptr<const Image>>> slots_;
  std::atomic<int64_t> bytes_ = 0;
  const int64_t max_bytes_;
};

}  // namespace denovo::data
