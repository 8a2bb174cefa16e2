// Reading of TOML; the only place that sees toml++.
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <sstream>

#include "core/config/config_fields.h"
#include "core/error.h"
#include "core/files/file.h"
#include "core/program/nearest_name.h"

namespace denovo {
namespace {

/// " (quick.toml:3)"; nothing for command-line overrides, which have no source.
std::string place(const toml::node& node, const std::string& source) {
  return source.empty() ? "" : fmt::format(" ({}:{})", source, node.source().begin.line);
}

std::string node_text(const toml::node& node) {
  if (const auto* text = node.as_string()) return toml_string(text->get());
  if (node.is_table()) return "a table";
  std::ostringstream stream;
  node.visit([&](const auto& value) { stream << value; });
  return stream.str();
}

bool convert(const toml::node& node, bool& value) {
  if (const auto* boolean = node.as_boolean()) return value = boolean->get(), true;
  return false;
}

template <class Integer>
requires std::is_same_v<Integer, int> || std::is_same_v<Integer, int64_t>
bool convert(const toml::node& node, Integer& value) {
  const auto* integer = node.as_integer();
  if (!integer || integer->get() < std::numeric_limits<Integer>::min() ||
      integer->get() > std::numeric_limits<Integer>::max())
    return false;
  value = static_cast<Integer>(integer->get());
  return true;
}

template <class Float>
requires std::is_floating_point_v<Float>
bool convert(const toml::node& node, Float& value) {
  if (!node.is_number()) return false;
  value = static_cast<Float>(*node.value<double>());
  return true;
}

bool convert(const toml::node& node, std::string& value) {
  if (const auto* text = node.as_string()) return value = text->get(), true;
  return false;
}

bool convert(const toml::node& node, ConfigChoice& choice) {
  if (const auto* text = node.as_string()) return choice.set(text->get()), true;
  return false;
}

template <class T>
bool convert(const toml::node& node, std::vector<T>& list) {
  const toml::array* array = node.as_array();
  if (!array) return false;
  std::vector<T> elements;
  for (const toml::node& element : *array) {
    T value{};
    if (!convert(element, value)) return false;
    elements.push_back(std::move(value));
  }
  list = std::move(elements);
  return true;
}

/// What the TOML must be, for the error message.
std::string expected(const ConfigField& field) {
  // In the order of ConfigMember.
  static constexpr const char* kExpected[] = {"true or false",
                                              "an integer within 32 bits",
                                              "an integer",
                                              "a number",
                                              "a number",
                                              "a string",
                                              "a list of integers within 32 bits",
                                              "a list of numbers",
                                              "a list of strings",
                                              "a string"};
  static_assert(std::size(kExpected) == std::variant_size_v<ConfigMember>);
  return kExpected[field.member().index()];
}

void assign(const ConfigField& field, const toml::node& node, const std::string& source) {
  if (!std::visit([&](const auto& member) { return convert(node, *member); }, field.member()))
    throw ConfigError(fmt::format("config: {} must be {}, got {}{}", field.key(), expected(field),
                                  node_text(node), place(node, source)));
  field.check(place(node, source));
}

bool is_section(const std::vector<ConfigField>& fields, const std::string& key) {
  for (const ConfigField& field : fields)
    if (field.key().starts_with(key + ".")) return true;
  return false;
}

toml::table parse(const std::string& text, const std::string& source) {
  try {
    return toml::parse(text, source);
  } catch (const toml::parse_error& error) {
    throw ConfigError(fmt::format("config: not valid TOML: {} ({}:{})", error.description(), source,
                                  error.source().begin.line));
  }
}

/// The value of an override as a TOML expression: quotes and brackets may be left out.
std::string override_expression(const ConfigField& field, const std::string& value) {
  const bool is_list = field.type_name().starts_with("list");
  const bool is_string = field.type_name().ends_with("string");
  if (!is_list) {
    const bool quoted = value.starts_with('"') || value.starts_with('\'');
    return is_string && !quoted ? toml_string(value) : value;
  }
  if (value.starts_with('[')) return value;
  if (!is_string) return "[" + value + "]";
  std::string list = "[";
  std::istringstream parts(value);
  for (std::string part; std::getline(parts, part, ',');) list += toml_string(part) + ",";
  return list + "]";
}

}  // namespace

void ConfigFields::read_table(const void* table, const std::string& prefix,
                              const std::string& source) {
  for (const auto& [name, node] : *static_cast<const toml::table*>(table)) {
    const std::string key = prefix + std::string(name.str());
    if (const ConfigField* field = find(key)) {
      assign(*field, node, source);
    } else if (node.is_table() && (is_section(fields_, key) || !node.as_table()->empty())) {
      read_table(node.as_table(), key + ".", source);
    } else if (is_section(fields_, key)) {
      throw ConfigError(fmt::format("config: {} is a section, got {}{}", key, node_text(node),
                                    place(node, source)));
    } else {
      throw ConfigError(fmt::format("config: unknown key {}{}{}", key, did_you_mean(key, keys()),
                                    place(node, source)));
    }
  }
}

void ConfigFields::read_text(const std::string& toml, const std::string& source) {
  const toml::table table = parse(toml, source);
  read_table(&table, "", source);
}

void ConfigFields::read_file(const std::string& path) {
  read_chain({path});
}

void ConfigFields::read_chain(const std::vector<std::string>& chain) {
  const std::string& path = chain.back();
  std::string text;
  try {
    text = denovo::read_file(path);
  } catch (const IoError& error) {
    throw ConfigError(chain.size() == 1
                          ? fmt::format("config: {}", error.what())
                          : fmt::format("config: {} (base of {})", error.what(), chain.end()[-2]));
  }
  toml::table table = parse(text, path);
  if (const toml::node* base = table.get("base"); base && !find("base")) {
    if (!base->is_string())
      throw ConfigError(fmt::format("config: base must be the name of a file, got {}{}",
                                    node_text(*base), place(*base, path)));
    const std::filesystem::path name(base->as_string()->get());
    const std::string file =
        (std::filesystem::path(path).parent_path() / name).lexically_normal().string();
    if (std::find(chain.begin(), chain.end(), file) != chain.end())
      throw ConfigError(
          fmt::format("config: base must not lead back to {}{}", file, place(*base, path)));
    auto longer = chain;
    longer.push_back(file);
    read_chain(longer);
    table.erase("base");
  }
  read_table(&table, "", path);
}

void ConfigFields::apply_override(const std::string& assignment) {
  const size_t equals = assignment.find('=');
  if (equals == std::string::npos)
    throw ConfigError(
        fmt::format("config: an override looks like section.key=value, got '{}'", assignment));
  const std::string key = assignment.substr(0, equals), value = assignment.substr(equals + 1);
  const ConfigField* field = find(key);
  if (!field)
    throw ConfigError(fmt::format("config: unknown key {}{}", key, did_you_mean(key, keys())));
  toml::table table;
  try {
    table = toml::parse("value = " + override_expression(*field, value));
  } catch (const toml::parse_error&) {
  }
  // More than one key means that the value held a line break.
  if (table.size() != 1)
    throw ConfigError(fmt::format("config: {} must be {}, got '{}'", key, expected(*field), value));
  assign(*field, *table.get("value"), "");
}

}  // namespace denovo
