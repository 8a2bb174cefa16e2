// Reading the known members of a JSON object, in any order, each at most once.
#pragma once

#include <algorithm>
#include <iterator>
#include <string_view>

#include "data/coco/json_items.h"

namespace denovo::data {

/// Which members of an element have been seen; a repeated one is an error.
class SeenKeys {
 public:
  void mark(const JsonItem& item, std::string_view key, int bit) {
    if (seen_ >> bit & 1)
      throw IoError(fmt::format("{}: the key {} must stand once", item.where(), key));
    seen_ |= 1u << bit;
  }
  bool has(int bit) const { return seen_ >> bit & 1; }
  void require(const JsonItem& item, std::string_view key, int bit) const {
    if (!has(bit)) refuse_missing(item, key);
  }

 private:
  unsigned seen_ = 0;
};

/// Calls read(bit, key, value) for the members named in `keys` and reads over the others.
template <size_t N, typename Read>
SeenKeys read_members(const JsonItem& item, JsonValue element, const std::string_view (&keys)[N],
                      const Read& read) {
  simdjson::ondemand::object object;
  if (element.get_object().get(object) != simdjson::SUCCESS)
    refuse_value(item, "an element", "an object", element);
  SeenKeys seen;
  for (auto field : object) {
    const std::string_view key = field.unescaped_key().value();
    const size_t bit = std::find(std::begin(keys), std::end(keys), key) - std::begin(keys);
    if (bit == N) {
      read_over(field.value());
      continue;
    }
    seen.mark(item, key, static_cast<int>(bit));
    read(static_cast<int>(bit), keys[bit], JsonValue(field.value()));
  }
  return seen;
}

}  // namespace denovo::data
