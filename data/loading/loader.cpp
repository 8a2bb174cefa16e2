#include "data/loading/loader.h"

#include "data/loading/batch_parts.h"
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
      : parts_(options.images_per_batch, options.num_parts, first_iteration, first_part,
               part_stride),
        order_(dataset, view.images, options.builder.rule, options.images_per_batch,
               options.builder.seed),
        iteration_(first_iteration) {
    order_.seek(first_iteration);
    global_ = order_.next();
  }

  BatchPlan next() {
    const BatchParts::Part part = parts_.next();
    if (iteration_ != part.iteration) {
      iteration_ = part.iteration;
      global_ = order_.next();
    }
    const auto first = global_.begin() + part.first_image;
    return {first, first + parts_.images_per_part()};
  }

 private:
  BatchParts parts_;
  BatchOrder order_;
  int64_t iteration_;
  BatchPlan global_;  // of the iteration
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
