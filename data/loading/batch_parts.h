// How the batch of an iteration is dealt: ranks and accumulated micro-batches take parts of it.
#pragma once

#include <cstdint>

namespace denovo::data {

/// The parts that one loader prepares: first_part, first_part + part_stride, ... of the num_parts
/// of every iteration (rank r of R: first r, stride R), from first_iteration on.
class BatchParts {
 public:
  struct Part {
    int64_t iteration = 0;
    int64_t first_image = 0;  // its place in the batch; the others follow
  };

  /// Throws ConfigError unless images_per_batch is a multiple of num_parts, and first_part one of
  /// these.
  BatchParts(int images_per_batch, int num_parts, int64_t first_iteration, int first_part,
             int part_stride);

  /// Parts of an iteration in ascending order.
  Part next();
  int64_t images_per_part() const { return images_per_part_; }

 private:
  int images_per_part_, num_parts_, first_part_, part_stride_;
  int64_t iteration_;
  int part_;
};

}  // namespace denovo::data
