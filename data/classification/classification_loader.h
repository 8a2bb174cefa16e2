// Batches of labelled images, prepared ahead by threads in a fixed order, as data/loading does.
#pragma once

#include <memory>
#include <optional>

#include "core/tensor/tensor.h"
#include "data/classification/colour_jitter.h"
#include "data/classification/image_folder.h"
#include "data/loading/decoded_images.h"

namespace denovo::data {

struct ClassificationBatch {
  Tensor images;     // u8 [N, S, S, 3] RGB
  Tensor labels;     // i32 [N], class index
  Tensor image_ids;  // i64 [N], index into ImageFolder::images

  int64_t count() const { return images.size(0); }
};

struct ClassificationOptions {
  int size = 224;           // S
  float min_scale = 0.08f;  // smallest share of an image that a training crop shows
  bool flip = true;
  ColourJitter jitter = {};      // of training crops
  int images_per_batch = 256;    // of an iteration: all parts together
  int num_parts = 1;             // ranks * accumulated parts
  int threads = 1;               // 0: next() does the work
  bool skip_bad_images = false;  // the next readable one stands in; evaluation leaves it out
  uint64_t seed = 0;
  int64_t cache_bytes = int64_t{1} << 30;  // of decoded images
};

/// Training: epochs are permutations laid end to end and cut into batches, crops, flips and
/// colours are drawn for each image and epoch. Iteration i is a pure function of (folder, options,
/// i) and costs nothing to start at. Prepares the parts that BatchParts names. Keeps a reference to
/// the folder.
class ClassificationTrainLoader {
 public:
  ClassificationTrainLoader(const ImageFolder& folder, ClassificationOptions options,
                            int64_t first_iteration = 0, int first_part = 0, int part_stride = 1);
  ~ClassificationTrainLoader();

  ClassificationBatch next();
  const DecodedImages& images() const { return images_; }

 private:
  class Order;
  class Prefetch;
  /// The next image that can be read, whose index it becomes.
  DecodedImages::Pointer load_or_substitute(size_t& index) const;

  const ClassificationOptions options_;
  const size_t num_images_;
  DecodedImages images_;
  std::unique_ptr<Order> order_;
  std::unique_ptr<Prefetch> prefetch_;
};

/// Evaluation: every image once, in the folder's order, centre crops; batches rank, rank +
/// num_ranks, ... are this loader's. With skip_bad_images a batch lacks those that cannot be read,
/// and may be empty.
class ClassificationEvalLoader {
 public:
  ClassificationEvalLoader(const ImageFolder& folder, ClassificationOptions options, int rank = 0,
                           int num_ranks = 1);
  ~ClassificationEvalLoader();

  /// nullopt after the last batch.
  std::optional<ClassificationBatch> next();
  const DecodedImages& images() const { return images_; }

 private:
  class Prefetch;
  const ClassificationOptions options_;
  DecodedImages images_;
  size_t position_;
  std::unique_ptr<Prefetch> prefetch_;
};

}  // namespace denovo::data
