// The classes of a detector as its model file names them: `categories` of the metadata, JSON
// [{"id": …, "name": …}], in class order; with keypoints and skeleton where a class has them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/files/safetensors.h"
#include "data/coco/dataset.h"

namespace denovo::detection {

std::string class_list_json(std::span<const data::CocoCategory> classes);

/// nullopt when the metadata have none. Throws IoError "<path>: …" when they are not such a list,
/// or an empty one.
std::optional<std::vector<data::CocoCategory>> read_class_list(const Metadata& metadata,
                                                               const std::string& path);

}  // namespace denovo::detection
