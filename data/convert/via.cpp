#include <fmt/format.h>
#include <fmt/ranges.h>
#include <simdjson.h>

#include <filesystem>
#include <set>

#include "core/error.h"
#include "data/convert/export_files.h"
#include "data/convert/formats.h"
#include "data/convert/json.h"
#include "data/convert/shapes_of_tools.h"

namespace denovo::data {
namespace {

namespace dom = simdjson::dom;

/// Calls `visit(region)` for each region: version 1 has an object of them, version 2 a list.
template <class Visit>
void for_regions(const dom::element& image, const Visit& visit) {
  dom::element regions;
  if (image["regions"].get(regions)) return;
  dom::array list;
  dom::object numbered;
  if (!regions.get(list)) {
    for (const dom::element region : list) visit(region);
  } else if (!regions.get(numbered)) {
    for (const auto& [key, region] : numbered) visit(region);
  }
}

/// The images of an export: all of the document, or what a saved project has under a key.
dom::object images_of(const dom::element& root, const std::string& path) {
  dom::object images;
  if (!root["_via_img_metadata"].get(images) || !root.get(images)) return images;
  throw IoError(fmt::format("{}: must be an object of images, as VIA exports as JSON", path));
}

/// The attribute that holds the class: the one asked for, or the only one that regions have. "":
/// they have none, and all are of the one class that was asked for.
std::string class_attribute(const dom::object& images, const ConversionSource& source) {
  if (!source.attribute.empty()) return source.attribute;
  std::set<std::string> names;
  for (const auto& [key, image] : images) {
    for_regions(image, [&](const dom::element& region) {
      dom::object attributes;
      if (region["region_attributes"].get(attributes)) return;
      for (const auto& [name, value] : attributes) names.insert(std::string(name));
    });
  }
  if (names.size() == 1) return *names.begin();
  if (names.empty() && source.classes.size() == 1) return "";
  if (names.empty())
    throw ConfigError(fmt::format(
        "--classes: must name one class, the regions of {} have no attributes", source.in));
  throw ConfigError(
      fmt::format("--attribute: must say which attribute of a region is its class, {} has {}",
                  source.in, fmt::join(names, ", ")));
}

/// A region as a polygon; empty where it is none, or lacks numbers.
std::vector<double> polygon_of(const dom::element& shape, const std::string& type) {
  const auto number = [&](const char* key) { return number_at(shape, key).value_or(NAN); };
  if (type == "rect")
    return rectangle_polygon(number("x"), number("y"), number("width"), number("height"));
  if (type == "circle")
    return ellipse_polygon(number("cx"), number("cy"), number("r"), number("r"));
  if (type == "ellipse")
    return ellipse_polygon(number("cx"), number("cy"), number("rx"), number("ry"),
                           number_at(shape, "theta").value_or(0));
  if (type != "polygon") return {};
  dom::element xs, ys;
  if (shape["all_points_x"].get(xs) || shape["all_points_y"].get(ys)) return {};
  const std::vector<double> x = numbers_in(xs), y = numbers_in(ys);
  if (x.size() != y.size()) return {};
  std::vector<double> xy;
  for (size_t i = 0; i < x.size(); ++i) xy.insert(xy.end(), {x[i], y[i]});
  return xy;
}

}  // namespace

Conversion convert_via(const ConversionSource& source) {
  std::filesystem::path images_folder = source.images;
  if (images_folder.empty()) images_folder = std::filesystem::path(source.in).parent_path() / "";
  if (images_folder.empty()) images_folder = "./";
  Conversion conversion(images_folder.string(), source.classes);
  dom::parser parser;
  const dom::object images = images_of(parse_json(parser, source.in), source.in);
  const std::string attribute = class_attribute(images, source);
  for (const auto& [key, entry] : images) {
    const std::string name = text_at(entry, "filename");
    if (name.empty()) {
      conversion.drop(fmt::format("{}, '{}'", source.in, key), "has no filename");
      continue;
    }
    const std::optional<int> image =
        conversion.add_image(image_named(conversion.images_folder(), name));
    if (!image) continue;
    int number = 0;
    for_regions(entry, [&](const dom::element& region) {
      const std::string where = fmt::format("{}, {}, region {}", source.in, name, ++number);
      dom::element shape, attributes;
      if (region["shape_attributes"].get(shape) || region["region_attributes"].get(attributes))
        return conversion.drop(where, "has no shape_attributes and region_attributes");
      const std::string type = text_at(shape, "name");
      std::vector<double> polygon = polygon_of(shape, type);
      if (polygon.empty())
        return conversion.drop(where, fmt::format("a '{}' has no area that could be read", type));
      const std::string label =
          attribute.empty() ? source.classes[0] : text_at(attributes, attribute.c_str());
      if (type == "rect")
        conversion.add_box(
            *image, label,
            {polygon[0], polygon[1], polygon[4] - polygon[0], polygon[5] - polygon[1]}, where);
      else
        conversion.add_polygons(*image, label, {std::move(polygon)}, where);
    });
  }
  return conversion;
}

}  // namespace denovo::data
