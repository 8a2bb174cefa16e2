#include "detection/evaluation/input_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <tuple>

#include "core/error.h"

namespace denovo::detection {
namespace {

namespace fs = std::filesystem;

std::string base_name(const std::string& path) {
  return path.substr(path.find_last_of('/') + 1);
}

bool is_image_name(const std::string& name) {
  std::string ending = name.substr(std::min(name.rfind('.'), name.size()));
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return !name.starts_with(".") && (ending == ".jpg" || ending == ".jpeg" || ending == ".png");
}

void add_directory(const std::string& directory, std::vector<InputFile>& files) {
  const size_t before = files.size();
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(directory, failure)) {
    const std::string name = entry.path().filename().string();
    if (is_image_name(name) && !entry.is_directory())
      files.push_back({.path = entry.path().string(), .name = name});
  }
  if (failure) throw IoError(fmt::format("{}: cannot be read: {}", directory, failure.message()));
  if (files.size() == before)
    throw IoError(fmt::format("{}: holds no .jpg, .jpeg or .png file", directory));
}

/// True when `end` is the whole path or its last components.
bool ends_path(const std::string& path, const std::string& end) {
  return path.ends_with(end) &&
         (path.size() == end.size() || path[path.size() - end.size() - 1] == '/');
}

const data::CocoImage* find_image(const InputFile& file,
                                  const std::vector<const data::CocoImage*>& same_base_name) {
  for (const data::CocoImage* image : same_base_name) {
    if (ends_path(file.path, image->file_name)) return image;
  }
  return same_base_name.size() == 1 ? same_base_name.front() : nullptr;
}

}  // namespace

std::vector<InputFile> list_input_files(const std::vector<std::string>& arguments) {
  std::vector<InputFile> files;
  for (const std::string& argument : arguments) {
    std::error_code ignored;
    if (fs::is_directory(argument, ignored)) {
      add_directory(argument, files);
    } else {
      files.push_back({.path = argument, .name = argument});
    }
  }
  std::sort(files.begin(), files.end(), [](const InputFile& a, const InputFile& b) {
    return std::tuple(base_name(a.path), a.path) < std::tuple(base_name(b.path), b.path);
  });
  for (size_t i = 0; i < files.size(); ++i) files[i].image_id = static_cast<int64_t>(i);
  return files;
}

std::vector<std::string> take_dataset_ids(std::vector<InputFile>& files,
                                          const data::CocoDataset& dataset) {
  std::map<std::string, std::vector<const data::CocoImage*>> by_base_name;
  for (const data::CocoImage& image : dataset.images())
    by_base_name[base_name(image.file_name)].push_back(&image);
  std::vector<std::string> strangers;
  std::erase_if(files, [&](InputFile& file) {
    const data::CocoImage* image = find_image(file, by_base_name[base_name(file.path)]);
    if (!image) {
      strangers.push_back(
          fmt::format("{}: is not among the images of {}", file.path, dataset.path()));
      return true;
    }
    file = {file.path, image->file_name, image->id, image->height, image->width};
    return false;
  });
  return strangers;
}

}  // namespace denovo::detection
