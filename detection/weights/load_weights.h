// Weights from safetensors files into a detector.
#pragma once

#include <string>

#include "data/coco/match_categories.h"
#include "detection/mask_rcnn/mask_rcnn.h"

namespace denovo::detection {

/// The trunk from a detector's or classifier's file in our names (backbone.bottom_up.*; other
/// tensors are ignored), or from a classifier of another codebase (codebases.h: all its tensors
/// must find their place, and the first convolution is adapted to model.pixel). Every tensor of the
/// trunk must be there. The fully connected layers of a classifier, fc6 and fc7 of a VGG, go into
/// the box head where it has layers of the same sizes and no others. Returns one line for the log.
/// Throws IoError naming the file and what does not fit, ConfigError where the configuration gives
/// the same names another meaning: another norm or, for a file that holds its configuration, other
/// groups, eps, strides or pixel settings.
std::string load_backbone(const MaskRcnn& model, const std::string& path);

struct LoadedDetector {
  std::string line;     // for the log: what was taken, which classes were copied, which are new
  std::string warning;  // empty, or that the file does not say what its classes are
};

/// A whole detector in our names, for a model of these classes. Predictor rows (class_rows.h) of
/// the classes that the file knows too, by the names in its metadata
/// (data/coco/match_categories.h), and of the background are copied; those of others keep the
/// weights that they have. A file without class names is taken class by class when it has as many
/// as the model; its predictors are left out when it has another number. A file with one box head
/// serves each stage of a cascade, for the switch-over of Rethinking ImageNet Pre-training (section
/// 5.1): head and scores are copied, the box regression, which has other units, is new. Throws
/// IoError naming the file and what does not fit, ConfigError for a cascade of other stages or with
/// boxes in other units.
LoadedDetector load_detector(const MaskRcnn& model, const std::string& path,
                             const data::CategoryList& classes);

}  // namespace denovo::detection
