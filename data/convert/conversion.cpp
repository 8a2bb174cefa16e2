#include "data/convert/conversion.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/files/json_writer.h"
#include "core/raster/polygon.h"
#include "data/image/image_file.h"

namespace denovo::data {
namespace {

bool all_finite(std::span<const double> numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [](double x) {
    return std::isfinite(x) && std::abs(x) <= kMaxPolygonCoordinate;
  });
}

std::array<double, 4> box_of(const std::vector<std::vector<double>>& polygons) {
  double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
  for (const auto& xy : polygons) {
    for (size_t i = 0; i < xy.size(); ++i) {
      low[i % 2] = std::min(low[i % 2], xy[i]);
      high[i % 2] = std::max(high[i % 2], xy[i]);
    }
  }
  return {low[0], low[1], high[0] - low[0], high[1] - low[1]};
}

double shoelace_area(std::span<const double> xy) {
  double twice = 0;
  for (size_t i = 0, n = xy.size(); i < n; i += 2)
    twice += xy[i] * xy[(i + 3) % n] - xy[(i + 2) % n] * xy[i + 1];
  return std::abs(twice) / 2;
}

double area_of(const ConvertedObject& object) {
  if (!object.mask.counts.empty()) return static_cast<double>(rle_area(object.mask));
  if (object.polygons.empty()) return object.box[2] * object.box[3];
  return std::accumulate(object.polygons.begin(), object.polygons.end(), 0.0,
                         [](double sum, const auto& xy) { return sum + shoelace_area(xy); });
}

void write_segmentation(JsonWriter& json, const ConvertedObject& object) {
  if (!object.mask.counts.empty()) {
    json.key("segmentation").begin_object().key("size").begin_array();
    json.value(object.mask.height).value(object.mask.width).end_array();
    json.field("counts", rle_to_string(object.mask)).end_object();
  } else if (!object.polygons.empty()) {
    json.key("segmentation").begin_array();
    for (const auto& xy : object.polygons) {
      json.begin_array();
      for (const double number : xy) json.value(number);
      json.end_array();
    }
    json.end_array();
  }
}

/// The indices of `names` in the order of the names.
template <class Names, class NameOf>
std::vector<int> sorted_indices(const Names& names, const NameOf& name_of) {
  std::vector<int> order(names.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int a, int b) {
    return name_of(names[static_cast<size_t>(a)]) < name_of(names[static_cast<size_t>(b)]);
  });
  return order;
}

std::vector<int> ranks_of(const std::vector<int>& order) {
  std::vector<int> ranks(order.size());
  for (size_t i = 0; i < order.size(); ++i)
    ranks[static_cast<size_t>(order[i])] = static_cast<int>(i);
  return ranks;
}

}  // namespace

Conversion::Conversion(std::string images, std::vector<std::string> classes)
    : folder_(std::move(images)), fixed_classes_(!classes.empty()), classes_(std::move(classes)) {
  for (size_t i = 0; i < classes_.size(); ++i) {
    if (!by_label_.emplace(classes_[i], static_cast<int>(i)).second)
      throw ConfigError(fmt::format("classes: names must differ, got '{}' twice", classes_[i]));
  }
}

void Conversion::drop(const std::string& where, const std::string& why) {
  dropped_.push_back(where + ": " + why);
}

std::optional<int> Conversion::add_image(const std::string& file_name, ImageSize said) {
  if (by_name_.contains(file_name)) {
    drop(file_name, "an image stands in the export once, this is the second time");
    return {};
  }
  ImageSize size;
  try {
    size = read_image_header(folder_ + "/" + file_name).displayed();
  } catch (const IoError& error) {
    dropped_.push_back(error.what());
    return {};
  }
  if (said.width > 0 && said.height > 0 &&
      (said.width != size.width || said.height != size.height)) {
    drop(file_name, fmt::format("the export says {} x {} pixels, the image has {} x {}", said.width,
                                said.height, size.width, size.height));
    return {};
  }
  const int index = static_cast<int>(images_.size());
  by_name_.emplace(file_name, index);
  images_.push_back({file_name, size});
  return index;
}

std::optional<int> Conversion::category_of(const std::string& label, const std::string& where) {
  if (label.empty()) {
    drop(where, "has no class");
    return {};
  }
  const auto found = by_label_.find(label);
  if (found != by_label_.end()) return found->second;
  if (fixed_classes_) {
    drop(where, fmt::format("is of class '{}', which is not asked for", label));
    return {};
  }
  classes_.push_back(label);
  return by_label_[label] = static_cast<int>(classes_.size()) - 1;
}

bool Conversion::cut_box(ConvertedObject& object, const std::string& where) {
  const ImageSize size = size_of(object.image);
  auto& [x, y, width, height] = object.box;
  if (!all_finite(object.box)) {
    drop(where, "has coordinates that are no pixels");
    return false;
  }
  const double right = std::min<double>(x + width, size.width);
  const double bottom = std::min<double>(y + height, size.height);
  const std::array<double, 4> cut = {std::max(x, 0.0), std::max(y, 0.0), right - std::max(x, 0.0),
                                     bottom - std::max(y, 0.0)};
  if (width <= 0 || height <= 0 || cut[2] <= 0 || cut[3] <= 0) {
    drop(where,
         fmt::format("covers nothing of the image of {} x {}: x {}, y {}, width {}, height {}",
                     size.width, size.height, x, y, width, height));
    return false;
  }
  object.box = cut;
  return true;
}

void Conversion::keep(ConvertedObject object, const std::string& label, const std::string& where) {
  if (!cut_box(object, where)) return;
  const std::optional<int> category = category_of(label, where);
  if (!category) return;
  object.category = *category;
  objects_.push_back(std::move(object));
}

void Conversion::add_box(int image, const std::string& label, const std::array<double, 4>& box,
                         const std::string& where, bool difficult) {
  ConvertedObject object{
      .image = image, .box = box, .polygons = {}, .mask = {}, .difficult = difficult};
  keep(std::move(object), label, where);
}

void Conversion::add_polygons(int image, const std::string& label,
                              std::vector<std::vector<double>> polygons, const std::string& where) {
  ConvertedObject object{.image = image, .polygons = {}, .mask = {}};
  for (auto& xy : polygons) {
    if (xy.size() % 2 != 0 || !all_finite(xy)) {
      drop(where, "has coordinates that are no pixels");
      return;
    }
    if (xy.size() >= 6)
      object.polygons.push_back(std::move(xy));
    else
      drop(where, fmt::format("a polygon must have three corners, got {}", xy.size() / 2));
  }
  if (object.polygons.empty()) return;
  object.box = box_of(object.polygons);
  keep(std::move(object), label, where);
}

void Conversion::add_mask(int image, const std::string& label, Rle mask, const std::string& where,
                          std::optional<std::array<double, 4>> box, bool difficult) {
  const RleBox tight = rle_bounding_box(mask);
  ConvertedObject object{
      .image = image,
      .box = box.value_or(std::array{tight.x, tight.y, tight.width, tight.height}),
      .polygons = {},
      .mask = std::move(mask),
      .difficult = difficult};
  keep(std::move(object), label, where);
}

std::vector<std::string> Conversion::classes() const {
  std::vector<std::string> names = classes_;
  if (!fixed_classes_) std::sort(names.begin(), names.end());
  return names;
}

std::string Conversion::coco_json() const {
  if (objects_.empty())
    throw IoError(fmt::format("{}: no object is left, of {} images", folder_, images_.size()));
  const std::vector<int> image_order =
      sorted_indices(images_, [](const ConvertedImage& image) { return image.file_name; });
  const std::vector<int> image_rank = ranks_of(image_order);
  std::vector<int> class_order =
      sorted_indices(classes_, [](const std::string& name) { return name; });
  if (fixed_classes_) std::iota(class_order.begin(), class_order.end(), 0);
  const std::vector<int> class_rank = ranks_of(class_order);

  JsonWriter json;
  json.begin_object().key("images").begin_array();
  for (const int index : image_order) {
    const ConvertedImage& image = images_[static_cast<size_t>(index)];
    json.begin_object().field("id", image_rank[static_cast<size_t>(index)] + 1);
    json.field("file_name", image.file_name).field("width", image.size.width);
    json.field("height", image.size.height).end_object();
  }
  json.end_array().key("annotations").begin_array();
  const auto image_id = [&](const ConvertedObject& object) {
    return image_rank[static_cast<size_t>(object.image)] + 1;
  };
  std::vector<const ConvertedObject*> by_image;
  for (const ConvertedObject& object : objects_) by_image.push_back(&object);
  std::stable_sort(by_image.begin(), by_image.end(),
                   [&](auto* a, auto* b) { return image_id(*a) < image_id(*b); });
  int64_t id = 0;
  for (const ConvertedObject* object : by_image) {
    json.begin_object().field("id", ++id).field("image_id", image_id(*object));
    json.field("category_id", class_rank[static_cast<size_t>(object->category)] + 1);
    json.key("bbox").begin_array();
    for (const double number : object->box) json.value(number);
    json.end_array().field("area", area_of(*object)).field("iscrowd", 0);
    if (object->difficult) json.field("difficult", 1);
    write_segmentation(json, *object);
    json.end_object();
  }
  json.end_array().key("categories").begin_array();
  for (const int index : class_order) {
    json.begin_object().field("id", class_rank[static_cast<size_t>(index)] + 1);
    json.field("name", classes_[static_cast<size_t>(index)]).end_object();
  }
  json.end_array().end_object();
  return json.text() + "\n";
}

}  // namespace denovo::data
