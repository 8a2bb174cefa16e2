// report.json: the report for programs.
#pragma once

#include <string>

#include "apps/study/results/study_report.h"

namespace denovo::study {

/// { "study": {"study.sizes": […], …},                       the resolved configuration
///   "version" of the program that reports, "trained_by": [versions of those that trained],
///   "device", "data": […],
///   "runs": [{"id", "arm", "images", "schedule", "seed", "state", "reason", "version",
///             "curve": [{"iteration", "images_seen", "bbox": {"AP", "AP50", "AP75"}, "segm": {…},
///                        "train_bbox": {"AP"}, "keypoints": {"AP"}}],
///             "final": {…}, "best": {…}, "images_seen", "instances_seen", "pixels_seen",
///             "seconds"}],
///   "pretraining": {"images_seen", "pixels_seen", "seconds", "top1", "arms": [{"arm", …}]},
///   "claims": [{"id", "arm", "title", "verdict", "estimate", "interval": [low, high] or null,
///               "unit", "n", "threshold", "rule", "why", "by_size": […]}],
///   "mask_claims": […], "keypoint_claims": […],
///   "advice": {"text", "surer", "breakdown_images": {"worse_at", "no_worse_at"},
///              "parity_iterations": {"1000": …}, "arms": {…}},
///   "costs": [{"arm", …}], "parity_costs": [{"arm", "images", …}],
///   "ends": [{"arm", "images", "schedule", "mean", "low", "high", "n"}],
///   "differences": [{"arm", "images", "schedule", "n", "AP": {"estimate", "interval"}, "AP50",
///                    "AP75"}],
///   "mask_ends", "mask_differences", "overtrained": [{"run", …}] }
///
/// AP is in percent, every number with all its digits; what is undefined or unbounded is null. The
/// keys of `advice` are those of the first pre-trained arm, `arms` has them for each.
std::string report_json(const StudyReport& report);

}  // namespace denovo::study
