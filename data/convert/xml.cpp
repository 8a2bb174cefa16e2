#include "data/convert/xml.h"

#include <fmt/format.h>

#include <charconv>

#include "core/error.h"
#include "core/files/file.h"

namespace denovo::data {

pugi::xml_node read_xml(const std::string& path, const char* root, pugi::xml_document& document) {
  const std::string text = read_file(path);
  const pugi::xml_parse_result result = document.load_buffer(text.data(), text.size());
  if (!result)
    throw IoError(fmt::format("{}: must be XML, got '{}' at byte {}", path, result.description(),
                              result.offset));
  const pugi::xml_node node = document.document_element();
  if (std::string_view(node.name()) != root)
    throw IoError(fmt::format("{}: the document must be <{}>, got <{}>", path, root, node.name()));
  return node;
}

std::optional<double> number_in(std::string_view text) {
  const auto blank = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(blank), text.size()));
  text = text.substr(0, text.find_last_not_of(blank) + 1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

}  // namespace denovo::data
