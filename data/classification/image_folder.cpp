#include "data/classification/image_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "core/error.h"
#include "data/image/file_kind.h"

namespace denovo::data {
namespace {

namespace fs = std::filesystem;

bool is_hidden(const fs::path& path) {
  return path.filename().string().starts_with('.');
}

/// Names below `folder` that `keep` accepts, sorted by bytes.
template <class Keep>
std::vector<std::string> sorted_names(const std::string& folder, const Keep& keep) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (!is_hidden(entry->path()) && keep(*entry)) {
      names.push_back(entry->path().filename().string());
    }
  }
  if (error) throw IoError(fmt::format("{}: cannot be listed: {}", folder, error.message()));
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

ImageFolder read_image_folder(const std::string& root, const std::vector<std::string>* classes) {
  ImageFolder folder;
  folder.root = root;
  const std::vector<std::string> found =
      sorted_names(root, [](const fs::directory_entry& entry) { return entry.is_directory(); });
  if (found.empty()) {
    throw IoError(root + ": must hold a folder for each class, got none");
  }
  folder.classes = classes ? *classes : found;
  for (const std::string& name : found) {
    const auto known = std::find(folder.classes.begin(), folder.classes.end(), name);
    if (known == folder.classes.end()) {
      throw IoError(fmt::format("{}: class {} is not among the {} classes of training", root, name,
                                folder.classes.size()));
    }
    const std::string class_folder = root + "/" + name;
    const std::vector<std::string> files =
        sorted_names(class_folder, [](const fs::directory_entry& entry) {
          return entry.is_regular_file() && has_picture_name(entry.path().filename().string());
        });
    if (files.empty()) {
      throw IoError(class_folder + ": must hold .jpg, .jpeg or .png files, got none");
    }
    for (const std::string& file : files) {
      folder.images.push_back(
          {class_folder + "/" + file, static_cast<int>(known - folder.classes.begin())});
    }
  }
  return folder;
}

}  // namespace denovo::data
