// The rows of a detector's predictors, from the classes of one file to those of a model.
//
//   layer                                    rows in files of K classes
//   roi_heads.box_predictor.cls_score        one a class, the background last: K + 1
//   roi_heads.box_predictor.bbox_pred        four a class: 4 K; or four for all classes
//   roi_heads.mask_head.predictor            one a class: K; or one for all classes
//
// Rows for all classes are what every class predicted, so each class of a model gets them. A
// cascade has such scores in every stage (roi_heads.box_predictor.0.cls_score, …), and in each one
// box for all classes, whose four rows are none of a class.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "detection/mask_rcnn/mask_rcnn.h"
#include "nn/state_dict.h"

namespace denovo::detection {

/// Classes in a state dict, from the rows of cls_score; 0 when it has no cls_score.
int num_classes_of(const nn::StateDict& state);

/// Replaces the predictors in `state`, of the file `path`, by those of `model`, into which rows of
/// the file are copied: for class k those of the file's class source[k] unless that is -1, the
/// background's, and those for all classes; with an empty source none. Throws IoError "<path>: …"
/// when rows do not fit num_classes_of(state).
void take_class_rows(const MaskRcnn& model, std::span<const int32_t> source, nn::StateDict& state,
                     const std::string& path);

}  // namespace denovo::detection
