// Which files an export consists of.
#pragma once

#include <string>
#include <vector>

namespace denovo::data {

/// Paths of all files below `folder` whose names end in `ending`, in any case, sorted, relative to
/// it. Hidden files and folders are left out. Throws IoError when it is no folder.
std::vector<std::string> files_below(const std::string& folder, const std::string& ending);

/// The image of a folder that an export speaks of: `name`, or where it is not there, because its
/// ending is not the file's, a file of the same stem that ends in .jpg, .jpeg or .png. `name`
/// itself where there is none.
std::string image_named(const std::string& folder, const std::string& name);

bool is_folder(const std::string& path);

}  // namespace denovo::data
