// What the readers of annotation tools' exports (voc.h, yolo.h, …) have in common: they hand over
// objects as the tool wrote them, and Conversion makes a COCO data set of them. What it cannot take
// it drops, and says why.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/raster/rle.h"
#include "data/image/image.h"

namespace denovo::data {

/// What is converted.
struct ConversionSource {
  std::string in = {};                    // file or folder of the export
  std::string images = {};                // folder of images; empty: where the format keeps them
  std::string split = {};                 // VOC, YOLO: only this part; empty: all that is there
  std::string attribute = {};             // VIA: what holds the class; empty: the only one there is
  std::vector<std::string> classes = {};  // their order; empty: as the export says
};

struct ConvertedImage {
  std::string file_name;  // from the folder of images
  ImageSize size;         // as displayed
};

struct ConvertedObject {
  int image = 0;
  int category = 0;
  std::array<double, 4> box{};                // x, y, width, height in pixels
  std::vector<std::vector<double>> polygons;  // x0, y0, x1, y1, …; of one object
  Rle mask;                                   // or this; 0 x 0: none
  bool difficult = false;                     // of VOC
};

class Conversion {
 public:
  /// `images`: the folder that file names hang on. With `classes` others are dropped.
  Conversion(std::string images, std::vector<std::string> classes);

  /// The image's index, its size from its header; nothing, and a line in dropped(), where the file
  /// cannot be used or has another size than the export says ({0, 0}: it does not say).
  std::optional<int> add_image(const std::string& file_name, ImageSize said = {0, 0});

  /// Objects of the image, in the order of the export; `where` names one in dropped(). A box is cut
  /// to the image. One without extent, with numbers that are not finite or of a class that is not
  /// wanted is dropped.
  void add_box(int image, const std::string& label, const std::array<double, 4>& box,
               const std::string& where, bool difficult = false);
  /// Polygons of fewer than three corners are dropped, and with its last one the object.
  void add_polygons(int image, const std::string& label, std::vector<std::vector<double>> polygons,
                    const std::string& where);
  /// `mask` has the size of the image; the box is its own unless one is given.
  void add_mask(int image, const std::string& label, Rle mask, const std::string& where,
                std::optional<std::array<double, 4>> box = {}, bool difficult = false);

  /// "where: what and why" is left out.
  void drop(const std::string& where, const std::string& why);

  const std::string& images_folder() const { return folder_; }
  const std::vector<ConvertedImage>& images() const { return images_; }
  const std::vector<ConvertedObject>& objects() const { return objects_; }
  const std::vector<std::string>& dropped() const { return dropped_; }
  ImageSize size_of(int image) const { return images_[static_cast<size_t>(image)].size; }
  /// Classes in the order asked for, else sorted by name, with the indices of the objects in it.
  std::vector<std::string> classes() const;

  /// The COCO JSON: ids from 1, images by name, objects in their order, areas of what is there
  /// (mask, polygons, box), "difficult" where the export says so. Throws IoError when no object is
  /// left.
  std::string coco_json() const;

 private:
  std::optional<int> category_of(const std::string& label, const std::string& where);
  /// Cuts the box to the image; false, and dropped, where nothing is left of it.
  bool cut_box(ConvertedObject& object, const std::string& where);
  void keep(ConvertedObject object, const std::string& label, const std::string& where);

  std::string folder_;
  bool fixed_classes_;
  std::vector<std::string> classes_;     // in the order of their first object
  std::map<std::string, int> by_label_;  // into classes_
  std::map<std::string, int> by_name_;   // into images_
  std::vector<ConvertedImage> images_;
  std::vector<ConvertedObject> objects_;
  std::vector<std::string> dropped_;
};

}  // namespace denovo::data
