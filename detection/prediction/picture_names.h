// Names of the pictures that are drawn from image files.
#pragma once

#include <set>
#include <string>

namespace denovo::detection {

/// Gives each image file another name, by the path: "a" for dir/a.jpg; where that is taken "dir_a",
/// then "dir_a.jpg", then numbers.
class PictureNames {
 public:
  std::string name_of(const std::string& path);

 private:
  std::set<std::string> taken_;
};

}  // namespace denovo::detection
