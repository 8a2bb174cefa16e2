// Batches in order, prepared ahead by threads.
//
// Loading threads do not use OpenMP; one or two beside the training threads suffice, since an image
// costs milliseconds where a step costs tenths of a second. Their number never changes a batch.
#pragma once

#include <memory>
#include <optional>

#include "data/loading/batch_builder.h"

namespace denovo::data {

struct LoaderOptions {
  BatchBuilderOptions builder;
  int images_per_batch = 16;  // of an iteration: all ranks and accumulated parts together
  int num_parts = 1;  // ranks * accumulated parts; each part is one Batch, of one group of shapes
  int threads = 1;    // 0: next() does the work
};

/// The batches of training. Iteration i's images are a pure function of (view, rule, seed, i), in
/// whatever parts they are computed; a resumed run starts at its iteration and gets what the
/// uninterrupted one would have got.
class TrainLoader {
 public:
  /// Prepares the parts that BatchParts names. Keeps references to data set and view.
  TrainLoader(const ImageFiles& files, const TrainingView& view, LoaderOptions options,
              int64_t first_iteration = 0, int first_part = 0, int part_stride = 1);
  ~TrainLoader();

  /// The next part, parts of an iteration in ascending order. Throws what building it threw; the
  /// loader cannot be used after that.
  Batch next();

  const BatchBuilder& builder() const { return builder_; }

 private:
  class Planner;
  class Prefetch;
  BatchBuilder builder_;
  std::unique_ptr<Planner> planner_;
  std::unique_ptr<Prefetch> prefetch_;
};

/// Every image of a list once: in evaluation order, not flipped, the batches dealt to ranks.
class EvalLoader {
 public:
  /// `images` are indices of the data set; objects come from the view, which may cover fewer
  /// images. Batches rank, rank + num_ranks, ... of evaluation_order are this loader's. Bad images
  /// are always an error. Keeps references to data set and view.
  EvalLoader(const ImageFiles& files, const TrainingView& view, std::span<const int> images,
             LoaderOptions options, int rank = 0, int num_ranks = 1);
  ~EvalLoader();

  /// nullopt after the last batch.
  std::optional<Batch> next();

 private:
  class Prefetch;
  BatchBuilder builder_;
  std::vector<BatchPlan> plans_;
  size_t position_ = 0;
  std::unique_ptr<Prefetch> prefetch_;
};

}  // namespace denovo::data
