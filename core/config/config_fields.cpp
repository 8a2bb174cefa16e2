#include "core/config/config_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/error.h"

namespace denovo {
namespace {

/// "solver.base_lr" -> "solver"; "" for a key outside any section.
std::string section_of(const std::string& key) {
  const size_t dot = key.rfind('.');
  return dot == std::string::npos ? "" : key.substr(0, dot);
}

std::string meaning_with_rule(const ConfigField& field) {
  const std::string rule = field.rule_text();
  return rule.empty() ? field.meaning() : fmt::format("{} ({})", field.meaning(), rule);
}

std::string markdown_cell(const std::string& text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|') cell += '\\';
    cell += c;
  }
  return cell;
}

}  // namespace

ConfigField& ConfigFields::operator()(const std::string& name, ConfigMember member,
                                      std::string meaning) {
  const std::string key = prefix_ + name;
  DENOVO_DCHECK(!find(key));
  return fields_.emplace_back(key, member, std::move(meaning));
}

std::string ConfigFields::open_section(const std::string& name, std::string meaning) {
  sections_.push_back({prefix_ + name, std::move(meaning)});
  return std::exchange(prefix_, prefix_ + name + ".");
}

const ConfigField* ConfigFields::find(const std::string& key) const {
  const auto found = std::find_if(fields_.begin(), fields_.end(),
                                  [&](const ConfigField& field) { return field.key() == key; });
  return found == fields_.end() ? nullptr : &*found;
}

std::vector<std::string> ConfigFields::keys() const {
  std::vector<std::string> keys;
  for (const ConfigField& field : fields_) keys.push_back(field.key());
  return keys;
}

void ConfigFields::check() const {
  for (const ConfigField& field : fields_) field.check("");
}

std::vector<const ConfigField*> ConfigFields::fields_of(const ConfigSection& section) const {
  std::vector<const ConfigField*> found;
  for (const ConfigField& field : fields_)
    if (section_of(field.key()) == section.key) found.push_back(&field);
  return found;
}

std::string ConfigFields::toml() const {
  std::string text;
  for (const ConfigSection& section : sections_) {
    const auto fields = fields_of(section);
    if (fields.empty()) continue;
    if (!section.key.empty())
      text += fmt::format("{}[{}]\n", text.empty() ? "" : "\n", section.key);
    const size_t prefix = section.key.empty() ? 0 : section.key.size() + 1;
    for (const ConfigField* field : fields)
      text += fmt::format("{} = {}\n", field->key().substr(prefix), field->value_text());
  }
  return text;
}

std::string ConfigFields::help_text() const {
  size_t key_width = 0, value_width = 0;
  constexpr size_t kWidestValue = 28;  // longer defaults push their own line only
  for (const ConfigField& field : fields_) {
    key_width = std::max(key_width, field.key().size());
    value_width = std::max(value_width, std::min(field.value_text().size(), kWidestValue));
  }
  std::string text;
  for (const ConfigSection& section : sections_) {
    const auto fields = fields_of(section);
    if (!section.key.empty()) text += fmt::format("  [{}] {}\n", section.key, section.meaning);
    for (const ConfigField* field : fields)
      text +=
          fmt::format("  {:<{}}  {:<14}  {:<{}}  {}\n", field->key(), key_width, field->type_name(),
                      field->value_text(), value_width, meaning_with_rule(*field));
  }
  return text;
}

std::string ConfigFields::markdown() const {
  std::string text;
  for (const ConfigSection& section : sections_) {
    const auto fields = fields_of(section);
    if (fields.empty()) continue;
    if (!section.key.empty())
      text +=
          fmt::format("{}### `{}`: {}\n\n", text.empty() ? "" : "\n", section.key, section.meaning);
    text += "| key | type | default | meaning |\n|---|---|---|---|\n";
    for (const ConfigField* field : fields)
      text +=
          fmt::format("| `{}` | {} | `{}` | {} |\n", field->key(), field->type_name(),
                      markdown_cell(field->value_text()), markdown_cell(meaning_with_rule(*field)));
  }
  return text;
}

std::vector<ConfigDifference> config_differences(const ConfigFields& before,
                                                 const ConfigFields& after) {
  DENOVO_DCHECK(before.keys() == after.keys());
  std::vector<ConfigDifference> differences;
  for (size_t i = 0; i < before.all().size(); ++i) {
    const ConfigField& field = after.all()[i];
    const std::string old_value = before.all()[i].value_text(), new_value = field.value_text();
    if (old_value != new_value)
      differences.push_back({field.key(), old_value, new_value, field.affects_result()});
  }
  return differences;
}

}  // namespace denovo
