#include "detection/prediction/picture_names.h"

#include <fmt/format.h>

#include <filesystem>

namespace denovo::detection {

std::string PictureNames::name_of(const std::string& path) {
  const std::filesystem::path file(path);
  const std::string stem = file.stem().string();
  const std::string folder = file.parent_path().filename().string();
  const std::string prefix = folder.empty() ? folder : folder + "_";
  const std::string longest = prefix + file.filename().string();
  for (const std::string& name : {stem, prefix + stem, longest})
    if (taken_.insert(name).second) return name;
  for (int number = 2;; ++number)
    if (const std::string name = fmt::format("{}-{}", longest, number); taken_.insert(name).second)
      return name;
}

}  // namespace denovo::detection
