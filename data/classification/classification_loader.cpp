#include "data/classification/classification_loader.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "core/kernels/random.h"
#include "data/classification/crop.h"
#include "data/image/image_file.h"
#include "data/loading/batch_parts.h"
#include "data/loading/ordered_prefetch.h"

namespace denovo::data {
namespace {

struct PlannedCrop {
  size_t image = 0;
  uint32_t epoch = 0;
};

using CropPlan = std::vector<PlannedCrop>;

/// One batch. load(index) gives an image and may change the index to that of another, or gives null
/// to leave it out; transform(image, planned) gives the size x size pixels.
template <class Load, class Transform>
ClassificationBatch build(const ImageFolder& folder, const CropPlan& plan, int size,
                          const Load& load, const Transform& transform) {
  const auto n = static_cast<int64_t>(plan.size());
  ClassificationBatch batch;
  batch.images = Tensor::empty({n, size, size, 3}, DType::kU8);
  batch.labels = Tensor::empty({n}, DType::kI32);
  batch.image_ids = Tensor::empty({n}, DType::kI64);
  const size_t image_bytes = static_cast<size_t>(size) * size * 3;
  int64_t i = 0;
  for (const PlannedCrop& planned : plan) {
    size_t index = planned.image;
    const std::shared_ptr<const Image> image = load(index);
    if (!image) continue;
    const Image pixels = transform(*image, planned);
    std::memcpy(batch.images.data<uint8_t>() + i * image_bytes, pixels.rgb.data(), image_bytes);
    batch.labels.data<int32_t>()[i] = folder.images[index].label;
    batch.image_ids.data<int64_t>()[i] = static_cast<int64_t>(index);
    ++i;
  }
  if (i == n) return batch;
  return {batch.images.rows(0, i), batch.labels.rows(0, i), batch.image_ids.rows(0, i)};
}

Image training_crop(const Image& image, const PlannedCrop& planned,
                    const ClassificationOptions& options) {
  const RandomStream stream{options.seed, RandomPurpose::kAugment, planned.epoch,
                            static_cast<uint32_t>(planned.image)};
  const CropWindow window = random_crop(stream, {image.height, image.width}, options.min_scale);
  Image pixels = crop_and_resize(image, window, options.size);
  if (options.flip && stream.uniform(0) < 0.5f) flip_horizontal(pixels);
  jitter_colours(pixels, stream, options.jitter);
  return pixels;
}

/// The images of a folder as viewers show them.
DecodedImages images_of(const ImageFolder& folder, int64_t cache_bytes) {
  return {folder.images.size(), cache_bytes,
          [&folder](size_t image) { return read_image(folder.images[image].path); }};
}

}  // namespace

/// The planned crops of one rank's parts, in order.
class ClassificationTrainLoader::Order {
 public:
  Order(size_t num_images, const ClassificationOptions& options, int64_t first_iteration,
        int first_part, int part_stride)
      : permutation_(num_images),
        options_(options),
        parts_(options.images_per_batch, options.num_parts, first_iteration, first_part,
               part_stride) {}

  CropPlan next() {
    const BatchParts::Part part = parts_.next();
    const int64_t first = part.iteration * options_.images_per_batch + part.first_image;
    CropPlan plan;
    const auto num_images = static_cast<int64_t>(permutation_.size());
    for (int64_t place = first; place < first + parts_.images_per_part(); ++place) {
      enter_epoch(place / num_images);
      plan.push_back({permutation_[place % num_images], static_cast<uint32_t>(epoch_)});
    }
    return plan;
  }

 private:
  void enter_epoch(int64_t epoch) {
    if (epoch == epoch_) return;
    epoch_ = epoch;
    std::iota(permutation_.begin(), permutation_.end(), 0u);
    shuffle({options_.seed, RandomPurpose::kBatchOrder, static_cast<uint32_t>(epoch), 0},
            permutation_.data(), static_cast<uint32_t>(permutation_.size()));
  }

  std::vector<uint32_t> permutation_;
  const ClassificationOptions& options_;
  BatchParts parts_;
  int64_t epoch_ = -1;
};

class ClassificationTrainLoader::Prefetch : public OrderedPrefetch<CropPlan, ClassificationBatch> {
 public:
  using OrderedPrefetch::OrderedPrefetch;
};
class ClassificationEvalLoader::Prefetch : public OrderedPrefetch<CropPlan, ClassificationBatch> {
 public:
  using OrderedPrefetch::OrderedPrefetch;
};

ClassificationTrainLoader::ClassificationTrainLoader(const ImageFolder& folder,
                                                     ClassificationOptions options,
                                                     int64_t first_iteration, int first_part,
                                                     int part_stride)
    : options_(options),
      num_images_(folder.images.size()),
      images_(images_of(folder, options.cache_bytes)) {
  order_ = std::make_unique<Order>(folder.images.size(), options_, first_iteration, first_part,
                                   part_stride);
  prefetch_ = std::make_unique<Prefetch>(
      options.threads, options.threads + 1, [this] { return std::optional(order_->next()); },
      [this, &folder](CropPlan&& plan) {
        return build(
            folder, plan, options_.size, [&](size_t& index) { return load_or_substitute(index); },
            [&](const Image& image, const PlannedCrop& planned) {
              return training_crop(image, planned, options_);
            });
      });
}

ClassificationTrainLoader::~ClassificationTrainLoader() = default;

DecodedImages::Pointer ClassificationTrainLoader::load_or_substitute(size_t& index) const {
  if (!options_.skip_bad_images) return images_.load(index);
  const auto other = [&](size_t place) { return (index + place) % num_images_; };
  auto [place, image] = images_.first_readable(num_images_, other);
  if (!image) return images_.load(index);  // none can be read: says what is wrong with the first
  index = other(place);
  return std::move(image);
}

ClassificationBatch ClassificationTrainLoader::next() {
  return std::move(*prefetch_->next());
}

ClassificationEvalLoader::ClassificationEvalLoader(const ImageFolder& folder,
                                                   ClassificationOptions options, int rank,
                                                   int num_ranks)
    : options_(options),
      images_(images_of(folder, options.cache_bytes)),
      position_(static_cast<size_t>(rank) * options.images_per_batch) {
  const size_t count = folder.images.size();
  const size_t stride = static_cast<size_t>(num_ranks) * options.images_per_batch;
  prefetch_ = std::make_unique<Prefetch>(
      options.threads, options.threads + 1,
      [this, count, stride]() -> std::optional<CropPlan> {
        if (position_ >= count) return std::nullopt;
        CropPlan plan;
        const size_t end = std::min(position_ + options_.images_per_batch, count);
        for (size_t image = position_; image < end; ++image) plan.push_back({image, 0});
        position_ += stride;
        return plan;
      },
      [this, &folder](CropPlan&& plan) {
        return build(
            folder, plan, options_.size,
            [&](size_t index) {
              return options_.skip_bad_images ? images_.load_if_readable(index)
                                              : images_.load(index);
            },
            [&](const Image& image, const PlannedCrop&) {
              return centre_crop(image, options_.size);
            });
      });
}

ClassificationEvalLoader::~ClassificationEvalLoader() = default;

std::optional<ClassificationBatch> ClassificationEvalLoader::next() {
  return prefetch_->next();
}

}  // namespace denovo::data
