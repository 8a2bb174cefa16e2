#include "detection/training/image_files.h"

#include <fmt/format.h>

#include <filesystem>
#include <unordered_map>
#include <unordered_set>

namespace denovo::detection {
namespace {

namespace fs = std::filesystem;

fs::path path_of(const data::CocoImage& image, const std::string& image_root) {
  return image_root.empty() ? fs::path(image.file_name) : fs::path(image_root) / image.file_name;
}

std::unordered_set<std::string> names_in(const fs::path& folder) {
  std::unordered_set<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder.empty() ? fs::path(".") : folder, error), end;
       !error && entry != end; entry.increment(error))
    names.insert(entry->path().filename().string());
  return names;
}

}  // namespace

std::vector<int> missing_image_files(const data::CocoDataset& dataset, std::span<const int> images,
                                     const std::string& image_root) {
  std::unordered_map<std::string, std::unordered_set<std::string>> folders;
  std::vector<int> missing;
  for (const int index : images) {
    const fs::path path = path_of(dataset.images()[index], image_root);
    const std::string folder = path.parent_path().string();
    auto found = folders.find(folder);
    if (found == folders.end()) found = folders.emplace(folder, names_in(folder)).first;
    if (!found->second.contains(path.filename().string())) missing.push_back(index);
  }
  return missing;
}

std::string missing_images_text(const data::CocoDataset& dataset, std::span<const int> missing,
                                size_t num_images, const std::string& image_root) {
  const data::CocoImage& first = dataset.images()[missing[0]];
  return fmt::format("{}: image {} of {} must exist; {} of {} image files are missing",
                     path_of(first, image_root).string(), first.id, dataset.path(), missing.size(),
                     num_images);
}

}  // namespace denovo::detection
