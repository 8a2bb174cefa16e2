// The images that detect is asked to look at.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/coco/dataset.h"

namespace denovo::detection {

struct InputFile {
  std::string path;
  std::string name;           // file_name of the results: as given, or within its directory
  int64_t image_id = 0;       // position in the list, or the annotation file's id
  int height = 0, width = 0;  // as the annotation file says; 0: not known
};

struct InputList {
  std::vector<InputFile> files;
  std::vector<std::string> passed_over;  // a line for each directory that also holds other files
};

/// Files, and for each directory the pictures in it (not below, no dotted names), all in byte order
/// of their base names; image ids are 0, 1, … . What is a picture is told by the first bytes,
/// whatever the name: JPEG, PNG, and the kinds that are not read, which are then named one by one;
/// so are files that are only named like one. Whether files given by name exist is
/// found out when they are read. Throws IoError for a directory without pictures.
InputList list_input_files(const std::vector<std::string>& arguments);

/// Gives files the ids, names and sizes of a data set's images: of the one whose file_name is or
/// ends the path, else of the only one with this base name. Files without such an image leave the
/// list; returns a line about each.
std::vector<std::string> take_dataset_ids(std::vector<InputFile>& files,
                                          const data::CocoDataset& dataset);

}  // namespace denovo::detection
