// The images of a data set as loaders see them: decoded, kept while they fit, and replaced by
// others where they cannot be read.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "data/image/image.h"

namespace denovo::data {

/// Keeps the first images that fit the limit and never gives one up: a data set that fits is
/// decoded once, one that does not costs no more than the limit. Safe from any thread. What it
/// holds depends on timing, what a caller sees does not.
class DecodedImages {
 public:
  using Pointer = std::shared_ptr<const Image>;

  /// read(index) decodes an image, on any thread; an IoError says that it cannot be used.
  DecodedImages(size_t num_images, int64_t max_bytes, std::function<Image(size_t index)> read)
      : slots_(num_images), max_bytes_(max_bytes), read_(std::move(read)) {}

  /// Throws what reading throws.
  Pointer load(size_t index) const;
  /// Null for an image that cannot be read.
  Pointer load_if_readable(size_t index) const;

  struct Found {
    size_t place = 0;
    Pointer image;  // null: there is none
  };
  /// The first that can be read of the images candidate(0) .. candidate(count - 1), where nullopt
  /// is no candidate. One at another place than 0 counts as a substitution.
  Found first_readable(size_t count,
                       const std::function<std::optional<size_t>(size_t place)>& candidate) const;

  /// One line for each image that could not be read so far, by index.
  std::vector<std::string> bad_images() const;
  int64_t num_substitutions() const { return num_substitutions_; }
  /// Of the images that are kept.
  int64_t bytes() const { return bytes_; }

 private:
  void keep(size_t index, const Pointer& image) const;

  mutable std::vector<std::atomic<Pointer>> slots_;
  mutable std::atomic<int64_t> bytes_ = 0, num_substitutions_ = 0;
  const int64_t max_bytes_;
  const std::function<Image(size_t)> read_;
  mutable std::mutex bad_mutex_;
  mutable std::map<size_t, std::string> bad_images_;
};

}  // namespace denovo::data
