// Enums in configurations: a choice is written by name in files and is a typed value in code.
//
//   enum class Padding { kBucket, kBatch };
//   inline constexpr ChoiceName<Padding> kPaddingNames[] = {{Padding::kBucket, "bucket"},
//                                                           {Padding::kBatch, "batch"}};
//   ...
//   v.choice("padding", padding, kPaddingNames, "how inputs of a batch become equally large");
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace denovo {

template <class Enum>
struct ChoiceName {
  Enum value;
  const char* name;
};

/// The name of a value; "" for one without.
template <class Enum, size_t N>
constexpr const char* choice_name(Enum value, const ChoiceName<Enum> (&names)[N]) {
  for (const auto& entry : names)
    if (entry.value == value) return entry.name;
  return "";
}

/// An enum member of a config struct behind its names.
class ConfigChoice {
 public:
  template <class Enum, size_t N>
  ConfigChoice(Enum& member, const ChoiceName<Enum> (&names)[N]) {
    for (const auto& entry : names) names_.emplace_back(entry.name);
    get_ = [&member, names_list = std::span(names)] {
      for (const auto& entry : names_list)
        if (entry.value == member) return std::string(entry.name);
      return std::string();
    };
    set_ = [&member, names_list = std::span(names)](std::string_view name) {
      for (const auto& entry : names_list)
        if (entry.name == name) member = entry.value;
    };
  }

  const std::vector<std::string>& names() const { return names_; }
  /// The member's name, or the name without a value that set() got last.
  std::string text() const { return unknown_.empty() ? get_() : unknown_; }
  bool is_known() const { return unknown_.empty(); }
  void set(const std::string& name);

 private:
  std::vector<std::string> names_;
  std::function<std::string()> get_;
  std::function<void(std::string_view)> set_;
  std::string unknown_;
};

}  // namespace denovo
