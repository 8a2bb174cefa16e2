#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/error.h"
#include "core/files/file.h"
#include "data/convert/export_files.h"
#include "data/convert/formats.h"
#include "data/convert/json.h"
#include "data/convert/shapes_of_tools.h"

namespace denovo::data {
namespace {

namespace fs = std::filesystem;
namespace dom = simdjson::dom;

/// The points of a shape as x0, y0, x1, y1, …; empty where they are none.
std::vector<double> points_of(const dom::element& shape) {
  std::vector<double> xy;
  dom::array points;
  if (shape["points"].get(points)) return {};
  for (const dom::element point : points) {
    const std::vector<double> pair = numbers_in(point);
    if (pair.size() != 2) return {};
    xy.insert(xy.end(), pair.begin(), pair.end());
  }
  return xy;
}

/// A shape as a polygon; empty, and why, where it cannot be one.
std::vector<double> polygon_of(const std::string& type, std::vector<double> xy, std::string& why) {
  if (type == "polygon" || type.empty()) return xy;
  if (type == "rectangle" && xy.size() == 4)
    return rectangle_polygon(std::min(xy[0], xy[2]), std::min(xy[1], xy[3]),
                             std::abs(xy[2] - xy[0]), std::abs(xy[3] - xy[1]));
  if (type == "circle" && xy.size() == 4) {  // the centre and a point on it
    const double radius = std::hypot(xy[2] - xy[0], xy[3] - xy[1]);
    return ellipse_polygon(xy[0], xy[1], radius, radius);
  }
  why = fmt::format("a shape of type '{}' and {} points has no area that could be read", type,
                    xy.size() / 2);
  return {};
}

class LabelmeReader {
 public:
  LabelmeReader(const ConversionSource& source, Conversion& into)
      : folder_(source.in), into_(into) {}

  /// False: a JSON file of something else.
  bool read(const std::string& file) {
    const std::string path = folder_ + "/" + file;
    dom::parser parser;
    const dom::element root = parse_json(parser, path);
    dom::array shapes;
    if (root["shapes"].get(shapes)) return false;
    const auto pixels = [&](const char* side) {
      return static_cast<int>(std::clamp(number_at(root, side).value_or(0), 0.0, 1e6));
    };
    const ImageSize said{pixels("imageHeight"), pixels("imageWidth")};
    const std::optional<int> image = into_.add_image(image_of(root, file), said);
    if (!image) return true;
    GroupedPolygons polygons;
    int number = 0;
    for (const dom::element shape : shapes) {
      const std::string where = fmt::format("{}, shape {}", path, ++number);
      std::string why;
      std::vector<double> xy = polygon_of(text_at(shape, "shape_type"), points_of(shape), why);
      if (!why.empty())
        into_.drop(where, why);
      else
        polygons.add(text_at(shape, "label"), text_at(shape, "group_id"), std::move(xy), where);
    }
    polygons.hand_over(*image, into_);
    return true;
  }

 private:
  /// imagePath is relative to the JSON file, and may have been written on another machine.
  std::string image_of(const dom::element& root, const std::string& file) const {
    std::string name = text_at(root, "imagePath");
    std::replace(name.begin(), name.end(), '\\', '/');
    const fs::path beside = fs::path(file).parent_path();
    if (name.empty()) name = fs::path(file).stem().string() + ".jpg";
    const std::string near = (beside / name).lexically_normal().string();
    std::error_code ignored;
    if (!near.starts_with("..") && !near.starts_with('/') &&
        fs::exists(fs::path(into_.images_folder()) / near, ignored))
      return near;
    return image_named(into_.images_folder(), (beside / fs::path(name).filename()).string());
  }

  const std::string folder_;
  Conversion& into_;
};

}  // namespace

Conversion convert_labelme(const ConversionSource& source) {
  Conversion conversion(source.images.empty() ? source.in : source.images, source.classes);
  LabelmeReader reader(source, conversion);
  bool any = false;
  for (const std::string& file : files_below(source.in, ".json")) {
    if (reader.read(file))
      any = true;
    else
      conversion.drop(source.in + "/" + file, "holds no shapes of LabelMe");
  }
  if (!any) throw IoError(fmt::format("{}: holds no .json of LabelMe", source.in));
  return conversion;
}

}  // namespace denovo::data
