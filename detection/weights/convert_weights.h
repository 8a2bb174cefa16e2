// Models of other codebases as model files of ours.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "detection/weights/import_weights.h"

namespace denovo::detection {

/// What convert_weights prints of a file without converting it: for every tensor its name, element
/// type and shape, and our name or why it has none. Files that are no model of a known codebase are
/// listed too.
std::string listing(const std::string& path, const std::string& group);

/// Writes the model file `out` (detector_file.h), or for a trunk alone a backbone that model.init
/// takes, from model.state(), model.config and `classes`: as many as the model has, none for
/// "class 1", …. Returns one line about it. Throws IoError naming the file when a tensor is missing
/// or of a shape that no configuration gives, before anything is written.
std::string convert_weights(const ImportedModel& model, std::span<const data::CocoCategory> classes,
                            const std::string& out);

}  // namespace denovo::detection
