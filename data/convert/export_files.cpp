#include "data/convert/export_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "core/error.h"

namespace denovo::data {

namespace fs = std::filesystem;

std::vector<std::string> files_below(const std::string& folder, const std::string& ending) {
  std::error_code error;
  fs::recursive_directory_iterator entries(folder, error);
  if (error) throw IoError(fmt::format("{}: must be a folder, got '{}'", folder, error.message()));
  std::vector<std::string> files;
  for (auto end = fs::end(entries); entries != end; entries.increment(error)) {
    if (error) throw IoError(fmt::format("{}: {}", folder, error.message()));
    const std::string name = entries->path().filename().string();
    if (name.starts_with('.')) {
      entries.disable_recursion_pending();
      continue;
    }
    std::string lower = entries->path().extension().string();
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (lower == ending && entries->is_regular_file(error))
      files.push_back(fs::path(entries->path()).lexically_relative(folder).string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string image_named(const std::string& folder, const std::string& name) {
  std::error_code ignored;
  if (fs::exists(fs::path(folder) / name, ignored)) return name;
  for (const char* ending : {".jpg", ".jpeg", ".png", ".JPG", ".JPEG", ".PNG"}) {
    const std::string other = fs::path(name).replace_extension(ending).string();
    if (fs::exists(fs::path(folder) / other, ignored)) return other;
  }
  return name;
}

bool is_folder(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

}  // namespace denovo::data
