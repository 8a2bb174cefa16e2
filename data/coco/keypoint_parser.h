// The members of annotations and categories that are about keypoints.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "data/coco/json_items.h"

namespace denovo::data {

/// Appends x, y, v, x, y, v, … to `to` and returns how many numbers it were. [] is none. Anything
/// but a list of triples of numbers is an ItemError.
uint32_t parse_keypoints(const JsonItem& item, std::string_view key, JsonValue value,
                         std::vector<double>& to);

/// A list of strings, or an ItemError.
std::vector<std::string> parse_keypoint_names(const JsonItem& item, std::string_view key,
                                              JsonValue value);

/// A list of pairs of whole numbers, or an ItemError.
std::vector<std::array<int, 2>> parse_skeleton(const JsonItem& item, std::string_view key,
                                               JsonValue value);

}  // namespace denovo::data
