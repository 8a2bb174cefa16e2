// Reading the known members of a JSON object, in any order, each at most once. A member that is
// null counts as absent.
#pragma once

#include <algorithm>
#include <iterator>
#include <string_view>

#include "data/coco/json_items.h"

namespace denovo::data {

/// Which members of an element have been met, and which of them have a value.
class SeenKeys {
 public:
  /// A repeated member is an ItemError.
  void meet(const JsonItem& item, std::string_view key, int bit) {
    if (met_ >> bit & 1) throw ItemError(item, key, "must stand once");
    met_ |= 1u << bit;
  }
  void mark(unsigned bits) { present_ |= bits; }
  bool has(int bit) const { return present_ >> bit & 1; }
  void require(JsonItem& item, std::string_view key, int bit) const {
    if (has(bit)) return;
    item.member = bit;
    refuse_missing(item, key);
  }

 private:
  unsigned met_ = 0, present_ = 0;
};

/// Calls read(bit, key, value) for the members named in `keys` and reads over the others and over
/// those in JsonItem::refused, which count as present. Throws ItemError for an element that is no
/// object.
template <size_t N, typename Read>
SeenKeys read_members(JsonItem& item, JsonValue element, const std::string_view (&keys)[N],
                      const Read& read) {
  simdjson::ondemand::object object;
  if (element.get_object().get(object) != simdjson::SUCCESS)
    refuse_value(item, "an element", "an object", element);
  SeenKeys seen;
  seen.mark(item.refused);
  for (auto field : object) {
    const std::string_view key = field.unescaped_key().value();
    const auto bit =
        static_cast<int>(std::find(std::begin(keys), std::end(keys), key) - std::begin(keys));
    item.key = key;
    JsonValue value = field.value();
    if (bit == N || item.refused >> bit & 1) {
      read_over(value);
      continue;
    }
    item.member = bit;
    seen.meet(item, keys[bit], bit);
    bool is_null = false;  // also where asking fails: reading the value will say why
    if (value.is_null().get(is_null) != simdjson::SUCCESS || !is_null) {
      seen.mark(1u << bit);
      read(bit, keys[bit], value);
    }
    item.member = -1;
  }
  item.key = {};
  return seen;
}

}  // namespace denovo::data
