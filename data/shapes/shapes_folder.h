// The generated data set on disk: what make_shapes writes, and what lets everything run offline.
//
//   DIR/make_shapes.json                            the options; written with the rest
//   DIR/{train,val}/000000000001.jpg                pictures for detection
//   DIR/annotations/instances_{train,val}.json      COCO: polygons, crowds as run lengths
//   DIR/classification/{train,val}/<class>/*.jpg    one object a picture, of other classes
//   DIR/crops/{train,val}/<class>/*.jpg             the objects of the pictures for detection
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>

namespace denovo::data {

struct ShapesOptions {
  int num_train = 3000;
  int num_val = 400;
  int size = 192;                 // short side; objects grow with it
  int num_classes = 10;           // of the detection set: the first of shape_class.h
  bool small_objects = true;      // false: what would be small is of medium size
  int num_classification = 2400;  // training pictures of all classes; an eighth as many for val
  bool crops =
      false;  // a control: whoever has seen these knows what the detector will be asked for
  bool keypoints = false;  // annotations have the corners of polygons (corners.h) as keypoints
  uint64_t seed = 1;

  bool operator==(const ShapesOptions&) const = default;
};

/// What has been drawn, of one split. COCO's ranges of visible area: below 32^2, below 96^2, above.
struct ShapesSummary {
  int64_t images = 0, objects = 0, crowds = 0;
  std::array<int64_t, 3> objects_by_range{};
};

struct ShapesReport {
  ShapesSummary train, val;
  int64_t classification_images = 0, crops = 0;
  bool was_there = false;  // nothing was written: the folder already held the same data
};

/// Writes the folder, under a dotted name first. The same options give the same bytes on any number
/// of threads (those of OpenMP). `progress(done, total)` counts pictures and is called by one
/// thread at a time; it may be empty. A folder that already holds data of the same options is left
/// alone. Throws ConfigError when the path holds anything else (an empty folder is taken), or an
/// option is out of range (size 64 to 1024, classes 1 to 10, counts 1 to 999999, classification may
/// be 0);
/// ResourceError when writing fails.
ShapesReport write_shapes_folder(const std::string& path, const ShapesOptions& options,
                                 const std::function<void(int64_t, int64_t)>& progress = {});

}  // namespace denovo::data
