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

/// Files, and for each directory the .jpg, .jpeg and .png files in it (any case, no dotted names,
/// not below), all in byte order of their base names; image ids are 0, 1, … . Whether files exist
/// is found out when they are read. Throws IoError for a directory without images.
std::vector<InputFile> list_input_files(const std::vector<std::string>& arguments);

/// Gives files the ids, names and sizes of a data set's images: of the one whose file_name ends
/// the path, else of the only one with this base name. Files without such an image leave the list;
/// returns a line about each.
std::vector<std::string> take_dataset_ids(std::vector<InputFile>& files,
                                          const data::CocoDataset& dataset);

}  // namespace denovo::detection
