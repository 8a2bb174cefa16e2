#include "data/classification/classification_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "core/error.h"
#include "core/kernels/random.h"
#include "data/classification/crop.h"
#include "data/image/image_file.h"
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

}  // namespace

FolderImages::FolderImages(const ImageFolder& folder, int64_t cache_bytes, bool skip_bad_images)
    : folder_(folder),
      skip_bad_images_(skip_bad_images),
      cache_(folder.images.size(), cache_bytes) {}

std::shared_ptr<const Image> FolderImages::load_one(size_t index) const {
  if (std::shared_ptr<const Image> cached = cache_.find(index)) return cached;
  auto image = std::make_shared<const Image>(read_image(folder_.images[index].path));
  cache_.keep(index, image);
  return image;
}

std::shared_ptr<const Image> FolderImages::load_if_readable(size_t index) const {
  if (!skip_bad_images_) return load_one(index);
  {
    const std::lock_guard lock(bad_mutex_);
    if (bad_images_.contains(index)) return nullptr;
  }
  try {
    return load_one(index);
  } catch (const IoError& error) {
    const std::lock_guard lock(bad_mutex_);
    bad_images_.emplace(index, error.what());
    return nullptr;
  }
}

std::shared_ptr<const Image> FolderImages::load(size_t& index) const {
  const size_t count = folder_.images.size();
  for (size_t k = 0; k < count; ++k) {
    const size_t candidate = (index + k) % count;
    std::shared_ptr<const Image> image = load_if_readable(candidate);
    if (!image) continue;
    if (k > 0) ++num_substitutions_;
    index = candidate;
    return image;
  }
  return load_one(index);  // none can be read: says what is wrong with the first
}

std::vector<std::string> FolderImages::bad_images() const {
  const std::lock_guard lock(bad_mutex_);
  std::vector<std::string> lines;
  for (const auto& [index, line] : bad_images_) lines.push_back(line);
  return lines;
}

/// The planned crops of one rank's parts, in order.
class ClassificationTrainLoader::Order {
 public:
  Order(size_t num_images, const ClassificationOptions& options, int64_t first_iteration,
        int first_part, int part_stride)
      : permutation_(num_images),
        options_(options),
        iteration_(first_iteration),
        part_(first_part),
        first_part_(first_part),
        part_stride_(part_stride) {}

  CropPlan next() {
    if (part_ >= options_.num_parts) {
      part_ = first_part_;
      ++iteration_;
    }
    const int count = options_.images_per_batch / options_.num_parts;
    const int64_t first = iteration_ * options_.images_per_batch + int64_t{part_} * count;
    part_ += part_stride_;
    CropPlan plan;
    const auto num_images = static_cast<int64_t>(permutation_.size());
    for (int64_t place = first; place < first + count; ++place) {
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
  int64_t iteration_, epoch_ = -1;
  int part_, first_part_, part_stride_;
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
    : options_(options), images_(folder, options.cache_bytes, options.skip_bad_images) {
  if (options.num_parts < 1 || options.images_per_batch < 1 ||
      options.images_per_batch % options.num_parts != 0) {
    throw ConfigError(fmt::format(
        "loader: images per batch must be a multiple of ranks times accumulated parts = {}, got {}",
        options.num_parts, options.images_per_batch));
  }
  order_ = std::make_unique<Order>(folder.images.size(), options_, first_iteration, first_part,
                                   part_stride);
  prefetch_ = std::make_unique<Prefetch>(
      options.threads, options.threads + 1, [this] { return std::optional(order_->next()); },
      [this](CropPlan&& plan) {
        return build(
            images_.folder(), plan, options_.size,
            [&](size_t& index) { return images_.load(index); },
            [&](const Image& image, const PlannedCrop& planned) {
              return training_crop(image, planned, options_);
            });
      });
}

ClassificationTrainLoader::~ClassificationTrainLoader() = default;

ClassificationBatch ClassificationTrainLoader::next() {
  return std::move(*prefetch_->next());
}

ClassificationEvalLoader::ClassificationEvalLoader(const ImageFolder& folder,
                                                   ClassificationOptions options, int rank,
                                                   int num_ranks)
    : options_(options),
      images_(folder, options.cache_bytes, options.skip_bad_images),
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
      [this](CropPlan&& plan) {
        return build(
            images_.folder(), plan, options_.size,
            [&](size_t index) { return images_.load_if_readable(index); },
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
