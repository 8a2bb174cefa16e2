#include "data/loading/loader.h"

#include <fmt/format.h>

#include "core/error.h"
#include "data/loading/ordered_prefetch.h"

namespace denovo::data {
namespace {

BatchBuilderOptions for_evaluation(BatchBuilderOptions options) {
  options.skip_bad_images = false;
  return options;
}

}  // namespace

/// Cuts the global batches into parts and keeps those of one rank.
class TrainLoader::Planner {
 public:
  Planner(const CocoDataset& dataset, const TrainingView& view, const LoaderOptions& options,
          int64_t first_iteration, int first_part, int part_stride)
      : order_(dataset, view.images, options.builder.rule, options.images_per_batch,
               options.builder.seed),
        images_per_part_(options.images_per_batch / options.num_parts),
        num_parts_(options.num_parts),
        first_part_(first_part),
        part_stride_(part_stride),
        part_(first_part) {
    order_.seek(first_iteration);
    global_ = order_.next();
  }

  BatchPlan next() {
    if (part_ >= num_parts_) {
      global_ = order_.next();
      part_ = first_part_;
    }
    const auto first = global_.begin() + int64_t{part_} * images_per_part_;
    part_ += part_stride_;
    return {first, first + images_per_part_};
  }

 private:
  BatchOrder order_;
  BatchPlan global_;
  int images_per_part_, num_parts_, first_part_, part_stride_, part_;
};

class TrainLoader::Prefetch : public OrderedPrefetch<BatchPlan, Batch> {
 public:
  using OrderedPrefetch::OrderedPrefetch;
};
class EvalLoader::Prefetch : public OrderedPrefetch<BatchPlan, Batch> {
 public:
  using OrderedPrefetch::OrderedPrefetch;
};

TrainLoader::TrainLoader(const ImageFiles& files, const TrainingView& view, LoaderOptions options,
                         int64_t first_iteration, int first_part, int part_stride)
    : builder_(files, view, options.builder) {
  if (options.num_parts < 1 || options.images_per_batch < 1 ||
      options.images_per_batch % options.num_parts != 0) {
    throw ConfigError(fmt::format(
        "loader: images per batch must be a multiple of ranks times accumulated parts = {}, got {}",
        options.num_parts, options.images_per_batch));
  }
  if (first_part < 0 || first_part >= options.num_parts || part_stride < 1) {
    throw ConfigError(fmt::format("loader: the first part must be 0 to {}, got {}",
                                  options.num_parts - 1, first_part));
  }
  planner_ = std::make_unique<Planner>(files.dataset(), view, options, first_iteration, first_part,
                                       part_stride);
  prefetch_ = std::make_unique<Prefetch>(
      options.threads, options.threads + 1, [this] { return std::optional(planner_->next()); },
      [this](BatchPlan&& plan) { return builder_.build(plan); });
}

TrainLoader::~TrainLoader() = default;

Batch TrainLoader::next() {
  return std::move(*prefetch_->next());
}

EvalLoader::EvalLoader(const ImageFiles& files, const TrainingView& view,
                       std::span<const int> images, LoaderOptions options, int rank, int num_ranks)
    : builder_(files, view, for_evaluation(options.builder)) {
  std::vector<BatchPlan> order =
      evaluation_order(files.dataset(), images, options.builder.rule, options.images_per_batch);
  for (size_t i = rank; i < order.size(); i += num_ranks) plans_.push_back(std::move(order[i]));
  prefetch_ = std::make_unique<Prefetch>(
      options.threads, options.threads + 1,
      [this] {
        return position_ < plans_.size() ? std::optional(plans_[position_++]) : std::nullopt;
      },
      [this](BatchPlan&& plan) { return builder_.build(plan); });
}

EvalLoader::~EvalLoader() = default;

std::optional<Batch> EvalLoader::next() {
  return prefetch_->next();
}

}  // namespace denovo::data
