#include "detection/prediction/input_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <tuple>

#include "core/error.h"
#include "core/files/base_name.h"
#include "data/image/file_kind.h"

namespace denovo::detection {
namespace {

namespace fs = std::filesystem;

/// Also true for a file that cannot be opened: reading it will say why.
bool holds_picture(const std::string& path) {
  try {
    return data::is_picture(data::read_file_kind(path));
  } catch (const IoError&) {
    return true;
  }
}

void add_directory(const std::string& directory, InputList& list) {
  const size_t before = list.files.size();
  size_t others = 0;
  std::string an_other;
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(directory, failure)) {
    const std::string path = entry.path().string(), name(base_name(path));
    std::error_code ignored;
    if (name.starts_with(".") || !entry.is_regular_file(ignored)) continue;
    if (data::has_picture_name(name) || holds_picture(path)) {
      list.files.push_back({.path = path, .name = name});
    } else {
      an_other = others++ == 0 ? name : std::min(an_other, name);
    }
  }
  if (failure) throw IoError(fmt::format("{}: cannot be read: {}", directory, failure.message()));
  if (list.files.size() == before)
    throw IoError(fmt::format("{}: holds no picture{}", directory,
                              others ? fmt::format(" among its {} files", others) : ""));
  if (others)
    list.passed_over.push_back(fmt::format(
        "{}: passed over {} {}, such as {}", directory, others,
        others == 1 ? "file that is no picture" : "files that are no pictures", an_other));
}

/// True when a file_name is the whole path or its last components; an absolute one is all of it.
bool names_file(const std::string& file_name, const std::string& path) {
  const std::string end = fs::path(file_name).lexically_normal().string();
  const std::string whole = fs::absolute(path).lexically_normal().string();
  return whole.ends_with(end) &&
         (whole.size() == end.size() || whole[whole.size() - end.size() - 1] == '/');
}

/// Of images with its base name the one whose file_name the path ends in; where there is only one,
/// also that which ends in the path. Folders that disagree are another image's.
const data::CocoImage* find_image(const InputFile& file,
                                  const std::vector<const data::CocoImage*>& same_base_name) {
  for (const data::CocoImage* image : same_base_name)
    if (names_file(image->file_name, file.path)) return image;
  const bool only = same_base_name.size() == 1;
  return only && names_file(file.path, same_base_name.front()->file_name) ? same_base_name.front()
                                                                          : nullptr;
}

}  // namespace

InputList list_input_files(const std::vector<std::string>& arguments) {
  InputList list;
  for (const std::string& argument : arguments) {
    std::error_code ignored;
    if (fs::is_directory(argument, ignored)) {
      add_directory(argument, list);
    } else {
      list.files.push_back({.path = argument, .name = argument});
    }
  }
  std::sort(list.files.begin(), list.files.end(), [](const InputFile& a, const InputFile& b) {
    return std::tuple(base_name(a.path), a.path) < std::tuple(base_name(b.path), b.path);
  });
  for (size_t i = 0; i < list.files.size(); ++i) list.files[i].image_id = static_cast<int64_t>(i);
  return list;
}

std::vector<std::string> take_dataset_ids(std::vector<InputFile>& files,
                                          const data::CocoDataset& dataset) {
  std::map<std::string_view, std::vector<const data::CocoImage*>> by_base_name;
  for (const data::CocoImage& image : dataset.images())
    by_base_name[base_name(image.file_name)].push_back(&image);
  std::vector<std::string> strangers;
  std::map<int64_t, std::string> path_of_id;
  std::erase_if(files, [&](InputFile& file) {
    const data::CocoImage* image = find_image(file, by_base_name[base_name(file.path)]);
    if (!image) {
      strangers.push_back(
          fmt::format("{}: is not among the images of {}", file.path, dataset.path()));
      return true;
    }
    if (const auto [other, first] = path_of_id.try_emplace(image->id, file.path); !first) {
      strangers.push_back(fmt::format("{}: is image {} of {}, as {} is", file.path, image->id,
                                      dataset.path(), other->second));
      return true;
    }
    file = {.path = file.path, .name = image->file_name, .image_id = image->id};
    if (image->has_size) file.height = image->height, file.width = image->width;
    return false;
  });
  return strangers;
}

}  // namespace denovo::detection
