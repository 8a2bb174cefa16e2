#include "detection/weights/rename_rules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "core/error.h"

namespace denovo::detection {
namespace {

constexpr size_t kNamesTold = 8;

/// One step through a pattern: a literal character, or a number.
struct Piece {
  bool is_number = false, is_dropped = false;
  int offset = 0;
  char literal = 0;
};

std::vector<Piece> pieces_of(const std::string& pattern) {
  std::vector<Piece> pieces;
  for (size_t i = 0; i < pattern.size(); ++i) {
    Piece piece;
    if (pattern[i] == '{') {
      const size_t end = pattern.find('}', i);
      DENOVO_DCHECK(end != std::string::npos);
      piece.is_number = true;
      const std::string inside = pattern.substr(i + 1, end - i - 1);
      piece.is_dropped = inside == "*";
      if (inside.starts_with('+')) piece.offset = std::stoi(inside.substr(1));
      i = end;
    } else {
      piece.literal = pattern[i];
    }
    pieces.push_back(piece);
  }
  return pieces;
}

struct Match {
  std::vector<int> numbers;
  size_t end = 0;  // of the part of the name that fits
};

std::optional<Match> match(const std::string& pattern, const std::string& name) {
  Match found;
  for (const Piece& piece : pieces_of(pattern)) {
    if (!piece.is_number) {
      if (found.end >= name.size() || name[found.end] != piece.literal) return std::nullopt;
      ++found.end;
      continue;
    }
    int number = 0;
    const auto [end, error] =
        std::from_chars(name.data() + found.end, name.data() + name.size(), number);
    if (error != std::errc{} || number < piece.offset) return std::nullopt;
    if (!piece.is_dropped) found.numbers.push_back(number - piece.offset);
    found.end = static_cast<size_t>(end - name.data());
  }
  if (found.end != name.size() && name[found.end] != '.') return std::nullopt;
  return found;
}

std::string filled(const std::string& pattern, const std::vector<int>& numbers) {
  std::string text;
  size_t next = 0;
  for (const Piece& piece : pieces_of(pattern)) {
    if (piece.is_number) {
      text += std::to_string(numbers.at(next++) + piece.offset);
    } else {
      text += piece.literal;
    }
  }
  return text;
}

/// The new name; empty when it is ignored, nothing when the rule does not fit.
std::optional<std::string> applied(const RenameRule& rule, const std::string& name) {
  if (rule.from.starts_with('*'))
    return name.ends_with(rule.from.substr(1)) ? std::optional<std::string>("") : std::nullopt;
  const auto found = match(rule.from, name);
  if (!found) return std::nullopt;
  return rule.ignore ? "" : filled(rule.to, found->numbers) + name.substr(found->end);
}

std::string few_of(const std::vector<std::string>& names) {
  const size_t told = std::min(names.size(), kNamesTold);
  return fmt::format("{}{}", fmt::join(names.begin(), names.begin() + static_cast<int>(told), ", "),
                     told < names.size() ? ", …" : "");
}

}  // namespace

std::vector<std::string> rename(std::span<const std::string> names,
                                std::span<const RenameRule> rules, const std::string& source) {
  std::vector<std::string> renamed, leftovers;
  std::map<std::string, std::string> origin;
  for (const std::string& name : names) {
    std::optional<std::string> to;
    for (const RenameRule& rule : rules)
      if ((to = applied(rule, name))) break;
    if (!to) {
      leftovers.push_back(name);
      continue;
    }
    if (const auto [other, is_new] = origin.emplace(*to, name); !to->empty() && !is_new)
      throw IoError(
          fmt::format("{}: {} and {} both stand for {}", source, other->second, name, *to));
    renamed.push_back(*to);
  }
  if (!leftovers.empty())
    throw IoError(fmt::format("{}: {} of {} tensors have no place in this model: {}", source,
                              leftovers.size(), names.size(), few_of(leftovers)));
  return renamed;
}

nn::StateDict rename_tensors(const nn::StateDict& state, std::span<const RenameRule> rules,
                             const std::string& source) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : state) names.push_back(name);
  names = rename(names, rules, source);
  nn::StateDict renamed;
  for (size_t i = 0; i < names.size(); ++i)
    if (!names[i].empty()) renamed.emplace_back(names[i], state[i].second);
  return renamed;
}

std::vector<RenameRule> reversed(std::span<const RenameRule> rules) {
  std::vector<RenameRule> back;
  for (const RenameRule& rule : rules)
    if (!rule.ignore && !rule.import_only) back.push_back({rule.to, rule.from});
  // The name of a layer begins the name of its norm: longer ones first.
  std::stable_sort(back.begin(), back.end(), [](const RenameRule& a, const RenameRule& b) {
    return a.from.size() > b.from.size();
  });
  return back;
}

}  // namespace denovo::detection
