#include "detection/evaluation/detect_together.h"

#include "core/files/signals.h"
#include "core/log/progress.h"
#include "detection/evaluation/gather_detections.h"

namespace denovo::detection {
namespace {

constexpr int kImagesPerBatch = 4;  // changes speed only

/// Thrown through detect_dataset by its progress callback.
struct SignalCame {};

}  // namespace

std::optional<std::vector<ImageDetections>> detect_together(
    MaskRcnn& model, const data::ImageFiles& files, const std::vector<int>& images,
    const CategoryIds& category_ids, const data::InputRule& rule, Device device, Logger& logger,
    ProcessGroup& group, AugmentedDetector* augmented) {
  Progress progress(logger, "evaluate", static_cast<int64_t>(images.size()), {.unit = "images"});
  const auto report = [&](int64_t done, int64_t) {
    progress.update(done);
    if (caught_signal()) throw SignalCame();
  };
  std::vector<ImageDetections> own;
  together(group, [&] {
    try {
      own = detect_dataset(model, files,
                           {.rule = rule,
                            .category_ids = category_ids,
                            .images = images,
                            .images_per_batch = kImagesPerBatch,
                            .augmented = augmented,
                            .rank = group.rank(),
                            .num_ranks = group.size(),
                            .device = device,
                            .progress = report});
    } catch (const SignalCame&) {
    }
  });
  if (agreed_signal(group)) return std::nullopt;
  return gather_detections(std::move(own), group);
}

}  // namespace denovo::detection
