#include "detection/roi_heads/roi_batch.h"

#include <algorithm>
#include <limits>

#include "core/autograd/autograd.h"
#include "ops/append_ground_truth/append_ground_truth.h"
#include "ops/balanced_sample/balanced_sample.h"
#include "ops/compact/compact.h"
#include "ops/gather_rows/gather_rows.h"
#include "ops/loss_weights/loss_weights.h"
#include "ops/mask_classes/mask_classes.h"
#include "ops/match_boxes/match_boxes.h"
#include "ops/roi_classes/roi_classes.h"
#include "ops/size_filter/size_filter.h"
#include "ops/top_k/top_k.h"

namespace denovo::detection {

Tensor pick_rows(const Tensor& list, const Tensor& rows, double empty_value) {
  const int64_t count = list.size(0), picked = rows.size(0);
  if (list.rank() == 1)
    return ops::gather_rows(list.view({1, count}), rows.view({1, picked}), empty_value)
        .view({picked});
  return ops::gather_rows(list.view({1, count, list.size(1)}), rows.view({1, picked}), empty_value)
      .view({picked, list.size(1)});
}

RoiBatch RoiBatch::pick(const Tensor& rows) const {
  RoiBatch picked{pick_rows(boxes, rows, 0), pick_rows(images, rows, -1),
                  pick_rows(classes, rows, -1), pick_rows(matched, rows, -1), dropout};
  if (dropout.defined()) {
    picked.dropout.images = picked.images;
    picked.dropout.numbers = pick_rows(dropout.numbers, rows, -1);
  }
  return picked;
}

RoiBatch RoiBatch::valid_first() const {
  const NoGrad no_grad;
  const ops::Compaction compaction =
      ops::compact_range(images, 0, std::numeric_limits<int32_t>::max());
  return pick(compaction.rows.rows(0, ops::usable_rows(compaction.count, count())));
}

RoiBatch sample_rois(const BoxHeadConfig& config, const Proposals& proposals, const GroundTruth& gt,
                     const Tensor& image_ids, int num_classes, const SamplingKey& key) {
  const NoGrad no_grad;
  const ops::RoiCandidates candidates =
      ops::append_ground_truth(proposals.boxes, proposals.counts, gt.boxes, gt.classes);
  const ops::Match matches =
      ops::match_boxes(candidates.boxes, gt.boxes, gt.classes,
                       {.low = config.iou, .high = config.iou}, candidates.valid);
  const ops::BalancedSample chosen =
      ops::balanced_sample(matches.labels, image_ids, key.step->get(),
                           {.num = config.batch_per_image,
                            .positive_fraction = config.positive_fraction,
                            .seed = key.seed,
                            .purpose = RandomPurpose::kRoiSample});
  const Tensor labels = ops::gather_rows(matches.labels, chosen.indices, -1);
  const Tensor matched = ops::gather_rows(matches.matched, chosen.indices, -1);
  const ops::RoiClasses targets = ops::roi_classes(labels, matched, gt.classes, num_classes);
  const int64_t slots = chosen.indices.numel();
  RoiBatch rois{ops::gather_rows(candidates.boxes, chosen.indices).view({slots, 4}),
                targets.images.view({slots}), targets.classes.view({slots}), matched.view({slots})};
  if (config.dropout > 0) {
    rois.dropout = {.seed = key.seed,
                    .step = key.step->get(),
                    .image_ids = image_ids,
                    .images = rois.images,
                    .numbers = chosen.indices.view({slots})};
  }
  return rois;
}

RoiBatch match_rois(const Tensor& boxes, const GroundTruth& gt, double iou, int num_classes) {
  const NoGrad no_grad;
  const int64_t slots = boxes.size(0) * boxes.size(1);
  const Tensor valid =
      ops::size_filter(boxes, Tensor::zeros({boxes.size(1)}, DType::kI32, boxes.device()), 0);
  const ops::Match matches =
      ops::match_boxes(boxes, gt.boxes, gt.classes, {.low = iou, .high = iou}, valid);
  const ops::RoiClasses targets =
      ops::roi_classes(matches.labels, matches.matched, gt.classes, num_classes);
  return {boxes.view({slots, 4}), targets.images.view({slots}), targets.classes.view({slots}),
          matches.matched.view({slots})};
}

RoiBatch first_foreground(const RoiBatch& rois, int64_t num_images, int64_t per_image,
                          int num_classes) {
  const NoGrad no_grad;
  const int64_t slots = rois.count() / num_images;
  // Foreground has a weight and all else has none; of equal ones the first are the best.
  const Tensor weights = ops::loss_weights(rois.classes.view({num_images, slots}), {},
                                           {.num_images = num_images, .class_end = num_classes});
  const Tensor chosen = ops::top_k(weights, {slots}, std::max<int64_t>(per_image, 1)).indices;
  const int64_t picked = chosen.numel();
  const auto column = [&](const Tensor& list) {
    return ops::gather_rows(list.view({num_images, slots}), chosen, -1).view({picked});
  };
  return {ops::gather_rows(rois.boxes.view({num_images, slots, 4}), chosen).view({picked, 4}),
          column(rois.images), column(rois.classes), column(rois.matched)};
}

RoiBatch mask_rois(const RoiBatch& rois, const ops::InstanceMasks& masks, int num_classes,
                   int64_t capacity) {
  const NoGrad no_grad;
  const Tensor classes = ops::mask_classes(rois.classes, rois.images, rois.matched, masks);
  const ops::Compaction compaction = ops::compact_range(classes, 0, num_classes);
  const int64_t limit = std::min(capacity, rois.count());
  return rois.pick(compaction.rows.rows(0, ops::usable_rows(compaction.count, limit)));
}

}  // namespace denovo::detection
