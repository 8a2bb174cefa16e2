// JSON files of annotation tools: what is there, of whatever type, or nothing.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <vector>

namespace denovo::data {

/// The document. Throws IoError when the file is no JSON.
simdjson::dom::element parse_json(simdjson::dom::parser& parser, const std::string& path);

/// A member that is a number; nothing for others.
std::optional<double> number_at(const simdjson::dom::element& object, const char* key);
/// A member that is text, or a number as text; "" for others and null.
std::string text_at(const simdjson::dom::element& object, const char* key);
std::string text_of(const simdjson::dom::element& value);
/// The numbers of a list of nothing else; empty for others.
std::vector<double> numbers_in(const simdjson::dom::element& list);

}  // namespace denovo::data
