#include "data/loading/batch_parts.h"

#include <fmt/format.h>

#include "core/error.h"

namespace denovo::data {

BatchParts::BatchParts(int images_per_batch, int num_parts, int64_t first_iteration, int first_part,
                       int part_stride)
    : num_parts_(num_parts),
      first_part_(first_part),
      part_stride_(part_stride),
      iteration_(first_iteration),
      part_(first_part) {
  if (num_parts < 1 || images_per_batch < 1 || images_per_batch % num_parts != 0) {
    throw ConfigError(fmt::format(
        "loader: images per batch must be a multiple of ranks times accumulated parts = {}, got {}",
        num_parts, images_per_batch));
  }
  if (first_part < 0 || first_part >= num_parts || part_stride < 1) {
    throw ConfigError(
        fmt::format("loader: the first part must be 0 to {}, got {}", num_parts - 1, first_part));
  }
  images_per_part_ = images_per_batch / num_parts;
}

BatchParts::Part BatchParts::next() {
  if (part_ >= num_parts_) {
    part_ = first_part_;
    ++iteration_;
  }
  const Part part{iteration_, int64_t{part_} * images_per_part_};
  part_ += part_stride_;
  return part;
}

}  // namespace denovo::data
