// Weights from safetensors files into a detector.
#pragma once

#include <string>

#include "detection/model/mask_rcnn.h"

namespace denovo::detection {

/// The trunk from a detector's or classifier's file in our names (backbone.bottom_up.*; other
/// tensors are ignored), or from a ResNet of torchvision (torchvision_resnet.h: all its tensors
/// must find their place, and the first convolution is adapted to model.pixel). Every tensor of the
/// trunk must be there. Returns one line for the log. Throws IoError naming the file and what does
/// not fit, ConfigError where the configuration gives the same names another meaning: other norms,
/// strides or pixel means.
std::string load_backbone(const MaskRcnn& model, const std::string& path);

/// A whole detector in our names. Class-dependent layers (cls_score, bbox_pred, the mask predictor)
/// of another number of classes keep their random weights, which the returned line says. Throws
/// IoError naming the file and what does not fit.
std::string load_detector(const MaskRcnn& model, const std::string& path);

}  // namespace denovo::detection
