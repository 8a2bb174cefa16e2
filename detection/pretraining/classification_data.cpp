#include "detection/pretraining/classification_data.h"

#include <fmt/format.h>

#include "core/error.h"

namespace denovo::detection {

ClassificationData read_classification_data(const ClassifierConfig& config) {
  ClassificationData data;
  data.train = data::read_image_folder(config.data.path(config.data.train));
  if (!config.data.val.empty())
    data.validation =
        data::read_image_folder(config.data.path(config.data.val), &data.train.classes);
  if (data.train.classes.size() < 2) {
    throw IoError(fmt::format("{}: a classifier needs at least 2 classes, got only {}",
                              data.train.root, data.train.classes[0]));
  }
  return data;
}

}  // namespace denovo::detection
