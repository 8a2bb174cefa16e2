// XML files of annotation tools, read by pugixml: no entities but XML's own, no other files.
#pragma once

#include <optional>
#include <pugixml.hpp>
#include <string>

namespace denovo::data {

/// The document element, which must be `root`. Throws IoError.
pugi::xml_node read_xml(const std::string& path, const char* root, pugi::xml_document& document);

/// The number that is all of `text` but blanks; nothing for any other text.
std::optional<double> number_in(std::string_view text);

}  // namespace denovo::data
