// ImageNet-style folders: ROOT/<class>/<image>, the class index is the rank of the folder's name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace denovo::data {

struct LabelledImage {
  std::string path;
  int label = 0;
};

struct ImageFolder {
  std::string root;
  std::vector<std::string> classes;   // sorted by bytes, as torchvision's ImageFolder sorts
  std::vector<LabelledImage> images;  // by class, then by file name
};

/// Lists a folder without opening the images, which takes minutes with a million of them:
/// subfolders are classes, files named like pictures (file_kind.h; ImageNet's end in .JPEG) are
/// images, names that start with a dot are nobody's. With `classes`, those are the classes and
/// every subfolder must be among them (the validation half of a data set). Throws IoError when the
/// root is no folder, a class is unknown or has no image, or there is no class.
ImageFolder read_image_folder(const std::string& root,
                              const std::vector<std::string>* classes = nullptr);

}  // namespace denovo::data
