// Average precision as the development kits of PASCAL VOC compute it (VOCevaldet.m), and its mean
// over the classes.
//
// The detections of a class go in the order of their scores, equal ones in the order given. Each
// looks at the object of its class and image that it overlaps most, of equals the first: the
// overlap is the IoU of boxes of whole pixels, whose last ones belong to them. From 0.5 on it is
// right where nothing has found the object before, wrong where something has, and does not count
// where the object is difficult; below, it is wrong. Difficult objects are no positives. Crowds,
// which VOC does not know, count as difficult ones.
//
// Others differ. The Python of py-faster-rcnn, which Detectron and detectron2 took over, wants an
// overlap above 0.5; detectron2 also rounds scores and corners before it looks at them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/config/config_choice.h"
#include "data/evaluation/coco_evaluation.h"

namespace denovo::data {

/// How precision over recall becomes one number.
enum class VocRule {
  kNone,
  k07,  // the mean over recall 0, 0.1, ... 1 of the highest precision at such a recall or above
  k10   // since VOC2010: the area below that highest precision
};
inline constexpr ChoiceName<VocRule> kVocRuleNames[] = {
    {VocRule::kNone, "none"}, {VocRule::k07, "07"}, {VocRule::k10, "10"}};

struct VocResult {
  VocRule rule = VocRule::k07;
  double mAP = -1;  // over the classes that have positives, a fraction; -1: none has
  std::vector<CategoryPrecision> per_category = {};  // as in EvaluationResult; -1: no positives
  std::vector<std::string> warnings = {};

  /// "voc07" or "voc10": what its numbers stand under.
  std::string name() const;
};

/// Evaluates the boxes of detections in the order given, all of them; NaN scores stand last. Of the
/// options `images` and `results_file` count. Box x, y, width, height is pixels x + 1 to x + width,
/// counted from 1, as convert_data reads VOC's corners. Where all detections so far have found
/// difficult objects, precision is 0 (in the kits none at all). Detections of unknown categories
/// are left out with a warning. Throws IoError for an unknown image id. rule: not kNone.
VocResult evaluate_voc(const CocoDataset& ground_truth, std::span<const Detection> detections,
                       VocRule rule, const EvaluationOptions& options = {});

/// One line in the manner of COCO's, ended by a newline.
std::string summary_text(const VocResult& result);

}  // namespace denovo::data
