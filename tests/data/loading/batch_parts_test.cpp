#include "data/loading/batch_parts.h"

#include <doctest/doctest.h>

#include "core/error.h"

using namespace denovo;
using namespace denovo::data;

TEST_CASE("BatchParts: a rank's parts of an iteration, then those of the next") {
  BatchParts parts(12, 4, 7, 1, 2);  // rank 1 of 2, two micro-batches of 3 images each
  CHECK(parts.images_per_part() == 3);
  for (const int64_t iteration : {7, 8}) {
    for (const int64_t first_image : {3, 9}) {
      const BatchParts::Part part = parts.next();
      CHECK(part.iteration == iteration);
      CHECK(part.first_image == first_image);
    }
  }
}

TEST_CASE("BatchParts: refuses parts of different sizes, and a part that is none") {
  CHECK_THROWS_WITH_AS(
      BatchParts(4, 3, 0, 0, 1),
      "loader: images per batch must be a multiple of ranks times accumulated parts = 3, got 4",
      ConfigError);
  CHECK_THROWS_WITH_AS(BatchParts(4, 2, 0, 2, 1), "loader: the first part must be 0 to 1, got 2",
                       ConfigError);
}
