#include "detection/roi_heads/roi_batch.h"

#include "core/autograd/autograd.h"
#include "ops/append_ground_truth/append_ground_truth.h"
#include "ops/balanced_sample/balanced_sample.h"
#include "ops/compact/compact.h"
#include "ops/gather_rows/gather_rows.h"
#include "ops/mask_classes/mask_classes.h"
#include "ops/match_boxes/match_boxes.h"
#include "ops/roi_classes/roi_classes.h"

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
  return {pick_rows(boxes, rows, 0), pick_rows(images, rows, -1), pick_rows(classes, rows, -1),
          pick_rows(matched, rows, -1)};
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
  const RoiBatch all{ops::gather_rows(candidates.boxes, chosen.indices).view({slots, 4}),
                     targets.images.view({slots}), targets.classes.view({slots}),
                     matched.view({slots})};
  const ops::Compaction compaction = ops::compact_range(all.classes, 0, num_classes + 1);
  const Tensor rows = compaction.rows.rows(0, ops::usable_rows(compaction.count, slots));
  RoiBatch rois = all.pick(rows);
  if (config.dropout > 0) {
    rois.dropout = {.seed = key.seed,
                    .step = key.step->get(),
                    .image_ids = image_ids,
                    .images = rois.images,
                    .numbers = pick_rows(chosen.indices.view({slots}), rows, -1)};
  }
  return rois;
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
