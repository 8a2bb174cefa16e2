// Typed configuration. A config is a plain struct with defaults; its describe() names every member
// once, and from that list come reading, overrides, the resolved copy, --help and the docs.
//
//   struct SolverConfig {
//     double base_lr = 0.02;
//     std::vector<int> steps = {60000, 80000};
//     void describe(ConfigFields& v) {
//       v("base_lr", base_lr, "learning rate at the reference batch").non_negative();
//       v("steps", steps, "iterations at which the learning rate drops tenfold").positive();
//     }
//   };
//   struct TrainConfig {
//     SolverConfig solver;
//     void describe(ConfigFields& v) { v.section("solver", solver, "optimiser and schedule"); }
//   };
//
//   const auto config = load_config<TrainConfig>("quick.toml", {"solver.base_lr=0.01"});
//   write(run_dir + "/config.toml", config_text(config));
#pragma once

#include <string>
#include <vector>

#include "core/config/config_field.h"

namespace denovo {

struct ConfigSection {
  std::string key;      ///< "solver", "model.backbone"; empty for the keys outside any section
  std::string meaning;  ///< one phrase
};

/// A key whose value differs between two configs.
struct ConfigDifference {
  std::string key, before, after;  ///< values as TOML
  bool affects_result;
};

/// The keys of one config object, in describe() order. Holds pointers into the object: it must
/// stay where it is for as long as these fields are used.
class ConfigFields {
 public:
  template <class Config>
  static ConfigFields of(Config& config) {
    ConfigFields fields;
    config.describe(fields);
    return fields;
  }

  /// Declares a key inside describe(). The reference is for chaining rules, not for keeping.
  ConfigField& operator()(const std::string& name, ConfigMember member, std::string meaning);

  template <class T>
  ConfigField& operator()(const std::string& name, T& value, std::string meaning) {
    return (*this)(name, ConfigMember(&value), std::move(meaning));
  }

  /// Declares an enum (core/config/config_choice.h); its rule is to be one of the names.
  template <class Enum, size_t N>
  ConfigField& choice(const std::string& name, Enum& value, const ChoiceName<Enum> (&names)[N],
                      std::string meaning) {
    return (*this)(name, ConfigMember(std::make_shared<ConfigChoice>(value, names)),
                   std::move(meaning));
  }

  /// Declares a nested struct: its keys get the prefix "name.".
  template <class Config>
  void section(const std::string& name, Config& config, std::string meaning) {
    const std::string outer = open_section(name, std::move(meaning));
    config.describe(*this);
    prefix_ = outer;
  }

  const std::vector<ConfigField>& all() const { return fields_; }
  std::vector<std::string> keys() const;

  /// Reads TOML; keys that are absent keep their values. A file may begin with `base = "FILE"`,
  /// relative to itself: that file, with its own base, is read first. Throws ConfigError with file
  /// and line for invalid TOML, an unknown key (naming the nearest), a wrong type, a broken rule.
  void read_file(const std::string& path);
  void read_text(const std::string& toml, const std::string& source);
  /// `section.key=value` from the command line. The value is TOML; strings may go without quotes,
  /// lists without brackets: model.norm=BN, solver.steps=100,200.
  void apply_override(const std::string& assignment);
  /// Checks the rules of all values, those that nobody set included.
  void check() const;

  std::string toml() const;
  /// For --help: section headings, then a line per key with type, present value and meaning.
  std::string help_text() const;
  /// A Markdown table per section, same columns.
  std::string markdown() const;

 private:
  std::string open_section(const std::string& name, std::string meaning);
  std::vector<const ConfigField*> fields_of(const ConfigSection& section) const;
  const ConfigField* find(const std::string& key) const;
  /// Reads the last file of a chain, each of which is the base of the one before it.
  void read_chain(const std::vector<std::string>& chain);
  void read_table(const void* table, const std::string& prefix, const std::string& source);

  std::string prefix_;  // of the section being described
  std::vector<ConfigField> fields_;
  std::vector<ConfigSection> sections_ = {ConfigSection{}};
};

/// The keys whose values differ; both must describe the same struct.
std::vector<ConfigDifference> config_differences(const ConfigFields& before,
                                                 const ConfigFields& after);

/// Defaults, then the file (none when `path` is empty), then the overrides; then every rule, and
/// the struct's own `void validate() const` for rules between keys, if it has one.
template <class Config>
Config load_config(const std::string& path, const std::vector<std::string>& overrides) {
  Config config;
  ConfigFields fields = ConfigFields::of(config);
  if (!path.empty()) fields.read_file(path);
  for (const std::string& assignment : overrides) fields.apply_override(assignment);
  fields.check();
  if constexpr (requires { config.validate(); }) config.validate();
  return config;
}

/// The resolved config as TOML: every key, in describe() order.
template <class Config>
std::string config_text(Config config) {
  return ConfigFields::of(config).toml();
}

/// The keys in which a config differs from the one in a file (before: the file's).
template <class Config>
std::vector<ConfigDifference> differences_from_file(const std::string& path, Config config) {
  Config before;
  ConfigFields::of(before).read_file(path);
  return config_differences(ConfigFields::of(before), ConfigFields::of(config));
}

/// The keys of a config as Markdown tables.
template <class Config>
std::string config_markdown() {
  Config config;
  return ConfigFields::of(config).markdown();
}

/// The keys of a config with their defaults, for Options::add_config.
template <class Config>
std::string config_help() {
  Config config;
  return ConfigFields::of(config).help_text();
}

}  // namespace denovo
