// Weights from safetensors files into a detector.
#pragma once

#include <string>

#include "detection/model/mask_rcnn.h"

namespace denovo::detection {

/// The trunk (backbone.bottom_up.*) from a detector's or classifier's file in our names; other
/// tensors of the file are ignored, every tensor of the trunk must be there. Returns one line for
/// the log. Throws IoError naming the file and what does not fit.
std::string load_backbone(const MaskRcnn& model, const std::string& path);

/// A whole detector in our names. Class-dependent layers (cls_score, bbox_pred, the mask predictor)
/// of another number of classes keep their random weights, which the returned line says. Throws
/// IoError naming the file and what does not fit.
std::string load_detector(const MaskRcnn& model, const std::string& path);

}  // namespace denovo::detection
