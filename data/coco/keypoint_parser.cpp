#include "data/coco/keypoint_parser.h"

#include <limits>

namespace denovo::data {
namespace {

simdjson::ondemand::array list(const JsonItem& item, std::string_view key, std::string_view of,
                               JsonValue value) {
  simdjson::ondemand::array array;
  if (value.get_array().get(array) != simdjson::SUCCESS)
    refuse_value(item, key, fmt::format("a list of {}", of), value);
  return array;
}

}  // namespace

uint32_t parse_keypoints(const JsonItem& item, std::string_view key, JsonValue value,
                         std::vector<double>& to) {
  const size_t before = to.size();
  for (JsonValue element : list(item, key, "numbers", value))
    to.push_back(read_number(item, key, element));
  const size_t count = to.size() - before;
  if (count % 3 != 0)
    throw ItemError(item, key, fmt::format("must be a list of x, y, v triples, got {}", count));
  return static_cast<uint32_t>(count);
}

std::vector<std::string> parse_keypoint_names(const JsonItem& item, std::string_view key,
                                              JsonValue value) {
  std::vector<std::string> names;
  for (JsonValue element : list(item, key, "names", value))
    names.emplace_back(read_string(item, key, element));
  return names;
}

std::vector<std::array<int, 2>> parse_skeleton(const JsonItem& item, std::string_view key,
                                               JsonValue value) {
  constexpr int kMax = std::numeric_limits<int>::max();
  std::vector<std::array<int, 2>> pairs;
  for (JsonValue element : list(item, key, "pairs", value)) {
    std::array<int, 2> pair{};
    size_t count = 0;
    for (JsonValue end : list(item, key, "pairs", element)) {
      const auto index = static_cast<int>(read_integer(item, key, end, -kMax, kMax));
      if (count < pair.size()) pair[count] = index;
      ++count;
    }
    if (count != pair.size())
      throw ItemError(item, key, fmt::format("must be a list of pairs, got {} numbers", count));
    pairs.push_back(pair);
  }
  return pairs;
}

}  // namespace denovo::data
