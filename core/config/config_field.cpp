#include "core/config/config_field.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace denovo {
namespace {

template <class T>
constexpr bool is_list = false;
template <class T>
constexpr bool is_list<std::vector<T>> = true;

/// A number as TOML; whole floating-point numbers keep a ".0", so that the type stays visible.
template <class T>
std::string number_text(T value) {
  std::string text = fmt::format("{}", value);
  if (std::is_floating_point_v<T> && text.find_first_not_of("-0123456789") == std::string::npos)
    text += ".0";
  return text;
}

std::string element_text(bool value) {
  return value ? "true" : "false";
}
std::string element_text(const std::string& value) {
  return toml_string(value);
}
std::string element_text(const ConfigChoice& choice) {
  return toml_string(choice.text());
}
template <class T>
std::string element_text(T value) {
  return number_text(value);
}

/// Calls visit(element) for the value, or for each element of a list.
template <class Visit>
void for_each_element(const ConfigMember& member, Visit visit) {
  std::visit(
      [&](const auto& value) {
        if constexpr (is_list<std::decay_t<decltype(*value)>>) {
          for (const auto& element : *value) visit(element);
        } else {
          visit(*value);
        }
      },
      member);
}

}  // namespace

std::string toml_string(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\t') {
      quoted += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      quoted += fmt::format("\\u{:04X}", static_cast<unsigned char>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

ConfigField& ConfigField::positive() {
  DENOVO_DCHECK(!holds_strings());
  low_ = 0;
  above_zero_ = true;
  return *this;
}

ConfigField& ConfigField::non_negative() {
  DENOVO_DCHECK(!holds_strings());
  low_ = 0;
  return *this;
}

ConfigField& ConfigField::range(double low, double high) {
  DENOVO_DCHECK(!holds_strings());
  low_ = low;
  high_ = high;
  return *this;
}

ConfigField& ConfigField::one_of(std::initializer_list<const char*> allowed) {
  DENOVO_DCHECK(holds_strings());
  allowed_.assign(allowed.begin(), allowed.end());
  return *this;
}

ConfigField& ConfigField::one_of(std::initializer_list<int> allowed) {
  DENOVO_DCHECK(!holds_strings());
  for (const int value : allowed) allowed_.push_back(number_text(value));
  return *this;
}

ConfigField& ConfigField::not_empty() {
  not_empty_ = true;
  return *this;
}

ConfigField& ConfigField::harmless() {
  affects_result_ = false;
  return *this;
}

bool ConfigField::holds_strings() const {
  return std::holds_alternative<std::string*>(member_) ||
         std::holds_alternative<std::vector<std::string>*>(member_);
}

std::string ConfigField::type_name() const {
  // In the order of ConfigMember.
  static constexpr const char* kNames[] = {
      "bool",   "int",         "int",           "float",          "float",
      "string", "list of int", "list of float", "list of string", "string"};
  static_assert(std::size(kNames) == std::variant_size_v<ConfigMember>);
  return kNames[member_.index()];
}

std::string ConfigField::rule_text() const {
  if (const auto* choice = std::get_if<std::shared_ptr<ConfigChoice>>(&member_))
    return fmt::format("{}", fmt::join((*choice)->names(), " | "));
  if (!allowed_.empty()) return fmt::format("{}", fmt::join(allowed_, " | "));
  if (above_zero_) return "positive";
  if (std::isfinite(high_)) return fmt::format("{} .. {}", low_, high_);
  if (std::isfinite(low_)) return "non-negative";
  return not_empty_ ? "not empty" : "";
}

std::string ConfigField::value_text() const {
  std::vector<std::string> elements;
  for_each_element(member_,
                   [&](const auto& element) { elements.push_back(element_text(element)); });
  const bool list = type_name().starts_with("list");
  return list ? fmt::format("[{}]", fmt::join(elements, ", ")) : elements.front();
}

std::string ConfigField::broken_rule() const {
  std::string broken;
  bool empty = true;
  for_each_element(member_, [&](const auto& element) {
    using Element = std::decay_t<decltype(element)>;
    empty = false;
    std::string text;
    if constexpr (std::is_same_v<Element, ConfigChoice>) {
      if (!element.is_known()) broken = fmt::format("one of {}", fmt::join(element.names(), ", "));
    } else if constexpr (std::is_same_v<Element, std::string>) {
      empty = element.empty();
      text = element;
    } else {
      const auto value = static_cast<double>(element);
      if (!std::isfinite(value)) broken = "finite";
      // Written as !(in range): every comparison with NaN is false.
      if (!(value >= low_ && value <= high_) || (above_zero_ && !(value > 0)))
        broken = std::isfinite(high_) ? "in " + rule_text() : rule_text();
      text = number_text(element);
    }
    if (!allowed_.empty() && std::find(allowed_.begin(), allowed_.end(), text) == allowed_.end())
      broken = fmt::format("one of {}", fmt::join(allowed_, ", "));
  });
  return not_empty_ && empty ? "given" : broken;
}

void ConfigField::check(const std::string& where) const {
  const std::string rule = broken_rule();
  if (rule.empty()) return;
  throw ConfigError(
      fmt::format("config: {} must be {}, got {}{}", key_, rule, value_text(), where));
}

}  // namespace denovo
