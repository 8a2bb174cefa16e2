// One key of a configuration: where its value lives, what it means, which values are legal.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "core/config/config_choice.h"

namespace denovo {

/// The member of a config struct that a key stands for; its type decides which TOML values fit.
using ConfigMember =
    std::variant<bool*, int*, int64_t*, float*, double*, std::string*, std::vector<int>*,
                 std::vector<double>*, std::vector<std::string>*, std::shared_ptr<ConfigChoice>>;

/// Made by ConfigFields inside describe(); the rules are chained to it there:
///   v("base_lr", base_lr, "learning rate at the reference batch").non_negative();
/// Rules hold for every element of a list. Numbers must be finite in any case.
class ConfigField {
 public:
  ConfigField(std::string key, ConfigMember member, std::string meaning)
      : key_(std::move(key)), meaning_(std::move(meaning)), member_(member) {}

  ConfigField& positive();
  ConfigField& non_negative();
  ConfigField& range(double low, double high);  ///< both ends included
  ConfigField& one_of(std::initializer_list<const char*> allowed);
  ConfigField& one_of(std::initializer_list<int> allowed);
  ConfigField& not_empty();  ///< strings and lists
  /// The key does not touch the result of a run (paths, workers, periods): it may differ on
  /// --resume.
  ConfigField& harmless();

  const std::string& key() const { return key_; }  ///< with its sections: "solver.base_lr"
  const std::string& meaning() const { return meaning_; }
  const ConfigMember& member() const { return member_; }
  bool affects_result() const { return affects_result_; }

  /// "bool", "int", "float", "string", "list of int", ...
  std::string type_name() const;
  /// "positive", "0 .. 1", "GN | BN"; empty without a rule.
  std::string rule_text() const;
  /// The present value as TOML; floating point in the shortest form that reads back equal.
  std::string value_text() const;

  /// Throws ConfigError `config: <key> must be <rule>, got <value><where>` when the present value
  /// breaks a rule; `where` is empty or " (FILE:LINE)".
  void check(const std::string& where) const;

 private:
  bool holds_strings() const;
  std::string broken_rule() const;

  std::string key_, meaning_;
  ConfigMember member_;
  double low_ = -std::numeric_limits<double>::infinity();
  double high_ = std::numeric_limits<double>::infinity();
  bool above_zero_ = false, not_empty_ = false, affects_result_ = true;
  std::vector<std::string> allowed_;  // as value_text prints an element, strings without quotes
};

/// A string as a TOML basic string, quotes included.
std::string toml_string(const std::string& text);

}  // namespace denovo
