#include "detection/weights/class_list.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "core/files/json_writer.h"

namespace denovo::detection {
namespace {

std::vector<data::CocoCategory> parse(const std::string& json, const std::string& path) {
  std::vector<data::CocoCategory> classes;
  simdjson::dom::parser parser;
  try {
    const simdjson::padded_string text(json);
    const simdjson::dom::array list = parser.parse(text).get_array();
    for (const simdjson::dom::element category : list) {
      data::CocoCategory& parsed = classes.emplace_back();
      parsed.id = category["id"].get_int64();
      parsed.name = category["name"].get_string().value();
      simdjson::dom::array keypoints, skeleton;
      if (category["keypoints"].get(keypoints) == simdjson::SUCCESS)
        for (const simdjson::dom::element name : keypoints)
          parsed.keypoints.emplace_back(name.get_string().value());
      if (category["skeleton"].get(skeleton) == simdjson::SUCCESS)
        for (const simdjson::dom::element line : skeleton)
          parsed.skeleton.push_back({static_cast<int>(line.at(0).get_int64().value()),
                                     static_cast<int>(line.at(1).get_int64().value())});
    }
  } catch (const simdjson::simdjson_error& error) {
    throw IoError(
        fmt::format("{}: categories must be a list of id and name, got: {}", path, error.what()));
  }
  if (classes.empty()) throw IoError(fmt::format("{}: categories must not be empty", path));
  return classes;
}

}  // namespace

std::string class_list_json(std::span<const data::CocoCategory> classes) {
  JsonWriter json;
  json.begin_array();
  for (const auto& category : classes) {
    json.begin_object().field("id", category.id).field("name", category.name);
    if (!category.keypoints.empty()) {
      json.key("keypoints").begin_array();
      for (const std::string& name : category.keypoints) json.value(name);
      json.end_array().key("skeleton").begin_array();
      for (const auto& [from, to] : category.skeleton)
        json.begin_array().value(from).value(to).end_array();
      json.end_array();
    }
    json.end_object();
  }
  json.end_array();
  return json.text();
}

std::optional<std::vector<data::CocoCategory>> read_class_list(const Metadata& metadata,
                                                               const std::string& path) {
  const auto found = std::find_if(metadata.begin(), metadata.end(),
                                  [](const auto& entry) { return entry.first == "categories"; });
  if (found == metadata.end()) return std::nullopt;
  return parse(found->second, path);
}

}  // namespace denovo::detection
