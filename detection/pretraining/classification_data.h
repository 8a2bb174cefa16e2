// The pictures of a pre-training, from the folders of its configuration.
#pragma once

#include "data/classification/image_folder.h"
#include "detection/pretraining/classifier_config.h"

namespace denovo::detection {

struct ClassificationData {
  data::ImageFolder train;
  data::ImageFolder validation;  // of the same classes; empty where data.val is
};

/// Lists both. Throws IoError for a folder that cannot be listed, a class without pictures, a
/// validation class that is not trained, and fewer than two classes.
ClassificationData read_classification_data(const ClassifierConfig& config);

}  // namespace denovo::detection
