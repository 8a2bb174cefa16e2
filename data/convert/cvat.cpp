#include <fmt/format.h>

#include <filesystem>
#include <sstream>

#include "core/error.h"
#include "data/convert/export_files.h"
#include "data/convert/formats.h"
#include "data/convert/shapes_of_tools.h"
#include "data/convert/xml.h"

namespace denovo::data {
namespace {

namespace fs = std::filesystem;

double number_of(const pugi::xml_node& node, const char* attribute) {
  return number_in(node.attribute(attribute).value()).value_or(NAN);
}

/// "x,y;x,y;…"; empty where it is no such list.
std::vector<double> points_of(const pugi::xml_node& shape) {
  std::vector<double> xy;
  std::istringstream points(shape.attribute("points").value());
  for (std::string point; std::getline(points, point, ';');) {
    const size_t comma = point.find(',');
    if (comma == std::string::npos) return {};
    const auto x = number_in(std::string_view(point).substr(0, comma));
    const auto y = number_in(std::string_view(point).substr(comma + 1));
    if (!x || !y) return {};
    xy.insert(xy.end(), {*x, *y});
  }
  return xy;
}

/// Run lengths of a window, row by row, beginning with zeros, as a mask of the image. Nothing where
/// they contradict it.
std::optional<Rle> mask_of(const pugi::xml_node& shape, ImageSize size) {
  const auto whole = [&](const char* attribute) {
    const double number = number_of(shape, attribute);
    return number >= 0 && number <= kMaxMaskSide ? static_cast<int>(number) : -1;
  };
  const int left = whole("left"), top = whole("top"), width = whole("width"),
            height = whole("height");
  if (left < 0 || top < 0 || width < 1 || height < 1 || left + width > size.width ||
      top + height > size.height)
    return {};
  const size_t pixels = static_cast<size_t>(width) * static_cast<size_t>(height);
  std::vector<uint8_t> window;
  window.reserve(pixels);
  std::istringstream runs(shape.attribute("rle").value());
  uint8_t inside = 0;
  for (std::string run; std::getline(runs, run, ','); inside ^= 1) {
    const double length = number_in(run).value_or(-1);
    if (length < 0 || length > static_cast<double>(pixels - window.size())) return {};
    window.insert(window.end(), static_cast<size_t>(length), inside);
  }
  if (window.size() != pixels) return {};
  return rle_encode_window(window.data(), left, top, height, width, size.height, size.width);
}

class CvatReader {
 public:
  CvatReader(const std::string& path, Conversion& into) : path_(path), into_(into) {}

  void read(const pugi::xml_node& node) {
    const std::string subset =
        node.attribute("subset").value();  // a folder of its own, in projects
    const std::string name = node.attribute("name").value();
    const auto pixels = [&](const char* side) {
      const double number = number_of(node, side);
      return number > 0 && number < 1e6 ? static_cast<int>(number) : 0;
    };
    const std::optional<int> image =
        into_.add_image(image_of(subset, name), {pixels("height"), pixels("width")});
    if (!image) return;
    GroupedPolygons polygons;
    int number = 0;
    for (const pugi::xml_node shape : node.children()) {
      const std::string where = fmt::format("{}, {}, shape {}", path_, name, ++number);
      read_shape(shape, *image, polygons, where);
    }
    polygons.hand_over(*image, into_);
  }

 private:
  /// The images of a project lie in folders of their subsets; names may hold folders that are gone.
  std::string image_of(const std::string& subset, const std::string& name) const {
    for (const fs::path& place : {fs::path(subset) / name, fs::path(name)}) {
      const std::string found = image_named(into_.images_folder(), place.string());
      std::error_code ignored;
      if (fs::exists(fs::path(into_.images_folder()) / found, ignored)) return found;
    }
    return image_named(into_.images_folder(), fs::path(name).filename().string());
  }

  void read_shape(const pugi::xml_node& shape, int image, GroupedPolygons& polygons,
                  const std::string& where) {
    const std::string type = shape.name(), label = shape.attribute("label").value();
    std::string group = shape.attribute("group_id").value();
    if (group == "0") group.clear();
    const auto number = [&](const char* attribute) { return number_of(shape, attribute); };
    if (type == "box") {
      if (number_in(shape.attribute("rotation").value()).value_or(0) != 0)
        return into_.drop(where, "a box that is turned has no place in COCO");
      into_.add_box(image, label,
                    {number("xtl"), number("ytl"), number("xbr") - number("xtl"),
                     number("ybr") - number("ytl")},
                    where);
    } else if (type == "polygon") {
      polygons.add(label, group, points_of(shape), where);
    } else if (type == "ellipse") {
      polygons.add(label, group,
                   ellipse_polygon(number("cx"), number("cy"), number("rx"), number("ry")), where);
    } else if (type == "mask") {
      std::optional<Rle> mask = mask_of(shape, into_.size_of(image));
      if (mask)
        into_.add_mask(image, label, std::move(*mask), where);
      else
        into_.drop(where, "the run lengths of a mask must fill its window inside the image");
    } else if (type != "tag") {
      into_.drop(where, fmt::format("a '{}' has no area that could be read", type));
    }
  }

  const std::string path_;
  Conversion& into_;
};

}  // namespace

Conversion convert_cvat(const ConversionSource& source) {
  const bool folder = is_folder(source.in);
  const std::string path = folder ? source.in + "/annotations.xml" : source.in;
  std::string images = source.images;
  if (images.empty()) {
    const std::string beside = folder ? source.in : fs::path(source.in).parent_path().string();
    images = is_folder(beside + "/images") ? beside + "/images" : beside.empty() ? "." : beside;
  }
  pugi::xml_document document;
  const pugi::xml_node root = read_xml(path, "annotations", document);
  if (root.child("track"))
    throw IoError(fmt::format("{}: must be 'CVAT for images', got tracks of a video", path));
  Conversion conversion(images, source.classes);
  CvatReader reader(path, conversion);
  for (const pugi::xml_node node : root.children("image")) reader.read(node);
  return conversion;
}

}  // namespace denovo::data
