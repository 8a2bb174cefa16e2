// Round shapes that tools know and COCO does not, as polygons; and parts that are one object.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "data/convert/conversion.h"

namespace denovo::data {

/// An ellipse of half axes rx and ry, turned by `angle` radians, as 64 corners: its area is smaller
/// than the ellipse's by a six-hundredth.
std::vector<double> ellipse_polygon(double cx, double cy, double rx, double ry, double angle = 0);
/// The four corners of a box.
std::vector<double> rectangle_polygon(double x, double y, double width, double height);

/// Collects the polygons of one image and hands them over, those of one label and group as one
/// object, at the place of the first.
class GroupedPolygons {
 public:
  /// An empty group: an object of its own.
  void add(const std::string& label, const std::string& group, std::vector<double> polygon,
           const std::string& where);
  void hand_over(int image, Conversion& into);

 private:
  struct Object {
    std::string label, where;
    std::vector<std::vector<double>> polygons;
  };
  std::vector<Object> objects_;
  std::map<std::pair<std::string, std::string>, size_t> groups_;
};

}  // namespace denovo::data
