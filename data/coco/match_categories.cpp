#include "data/coco/match_categories.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "core/error.h"
#include "core/program/nearest_name.h"

namespace denovo::data {
namespace {

constexpr int32_t kNone = -1;

/// Names and ids of a list, looked up.
class Index {
 public:
  explicit Index(const CategoryList& list) : list_(list) {
    for (size_t i = 0; i < list.categories.size(); ++i) {
      const CocoCategory& category = list.categories[i];
      by_id_.try_emplace(category.id, static_cast<int32_t>(i));
      ++uses_[category.name];
      by_name_.try_emplace(category.name, static_cast<int32_t>(i));
    }
  }

  const CategoryList& list() const { return list_; }
  const CocoCategory& operator[](int32_t i) const {
    return list_.categories[static_cast<size_t>(i)];
  }
  int32_t size() const { return static_cast<int32_t>(list_.categories.size()); }
  int32_t of_id(int64_t id) const { return find(by_id_, id); }
  int32_t of_name(const std::string& name) const { return find(by_name_, name); }
  int uses(const std::string& name) const {
    const auto found = uses_.find(name);
    return found == uses_.end() ? 0 : found->second;
  }

 private:
  template <class Key>
  static int32_t find(const std::map<Key, int32_t>& map, const Key& key) {
    const auto found = map.find(key);
    return found == map.end() ? kNone : found->second;
  }

  const CategoryList& list_;
  std::map<int64_t, int32_t> by_id_;
  std::map<std::string, int32_t> by_name_;
  std::map<std::string, int> uses_;
};

class Matcher {
 public:
  Matcher(const CategoryList& from, const CategoryList& to)
      : from_(from),
        to_(to),
        partner_(from.categories.size(), kNone),
        taken_by_(to.categories.size(), kNone) {}

  std::vector<int32_t> run() {
    for (int32_t a = 0; a < from_.size(); ++a) {
      const std::string& name = from_[a].name;
      if (is_clear(name) && to_.of_name(name) >= 0) pair(a, to_.of_name(name));
    }
    for (int32_t a = 0; a < from_.size(); ++a)
      if (partner(a) < 0) pair_by_id(a);
    for (int32_t a = 0; a < from_.size(); ++a)
      if (partner(a) < 0) refuse_guess(from_, a, to_, taken_by_);
    for (int32_t b = 0; b < to_.size(); ++b) {
      const int32_t a = taken_by(b) < 0 ? from_.of_id(to_[b].id) : kNone;
      if (a < 0 || (is_clear(to_[b].name) && is_clear(from_[a].name))) continue;
      refuse_other_name(to_, b, from_, a);
      refuse_taken(to_, b, from_, a, partner(a));
    }
    return std::move(partner_);
  }

 private:
  bool is_clear(const std::string& name) const {
    return !name.empty() && from_.uses(name) <= 1 && to_.uses(name) <= 1;
  }
  int32_t partner(int32_t a) const { return partner_[static_cast<size_t>(a)]; }
  int32_t taken_by(int32_t b) const { return taken_by_[static_cast<size_t>(b)]; }

  void pair(int32_t a, int32_t b) {
    partner_[static_cast<size_t>(a)] = b;
    taken_by_[static_cast<size_t>(b)] = a;
  }

  void pair_by_id(int32_t a) {
    const int32_t b = to_.of_id(from_[a].id);
    if (b < 0) return;
    if (is_clear(from_[a].name) && is_clear(to_[b].name)) return;
    refuse_other_name(from_, a, to_, b);
    if (taken_by(b) >= 0) refuse_taken(from_, a, to_, b, taken_by(b));
    pair(a, b);
  }

  static void refuse_other_name(const Index& mine, int32_t a, const Index& theirs, int32_t b) {
    const std::string &name = mine[a].name, &there = theirs[b].name;
    if (name == there || name.empty() || there.empty()) return;
    throw IoError(fmt::format(
        "{}: category {}: a name that stands twice is told by its id, but category {} is {} in {}; "
        "give every category a name of its own",
        mine.list().file, category_text(mine[a]), mine[a].id, there, theirs.list().file));
  }

  /// Category a of `mine` is b of `theirs` by its id, which is `holder` of `mine` by its name.
  [[noreturn]] static void refuse_taken(const Index& mine, int32_t a, const Index& theirs,
                                        int32_t b, int32_t holder) {
    throw IoError(fmt::format(
        "{}: category {}: its id is that of category {} in {}, which by its name is category {}; "
        "give every category a name of its own",
        mine.list().file, category_text(mine[a]), category_text(theirs[b]), theirs.list().file,
        category_text(mine[holder])));
  }

  static void refuse_guess(const Index& mine, int32_t a, const Index& theirs,
                           std::span<const int32_t> taken) {
    std::vector<std::string> free;
    for (int32_t b = 0; b < theirs.size(); ++b)
      if (!mine[a].name.empty() && theirs[b].name == mine[a].name &&
          taken[static_cast<size_t>(b)] < 0)
        free.push_back(fmt::format("{}", theirs[b].id));
    if (free.empty()) return;
    throw IoError(
        fmt::format("{}: category {}: a name that stands twice is told by its id, but {} has it "
                    "at {}; give every category a name of its own",
                    mine.list().file, category_text(mine[a]), theirs.list().file, few_of(free)));
  }

  const Index from_, to_;
  std::vector<int32_t> partner_, taken_by_;
};

/// A name without what is easily mistyped.
std::string folded(const std::string& name) {
  std::string plain;
  for (const unsigned char c : name)
    if (std::isspace(c) == 0 && c != '_' && c != '-') plain += static_cast<char>(std::tolower(c));
  return plain;
}

/// ", which has disc at 1; …" where that disc is another category of the asking list.
std::string suggestion(const std::string& name, const std::vector<std::string>& free,
                       const CategoryList& to) {
  std::vector<std::string> same;
  for (const CocoCategory& category : to.categories)
    if (!name.empty() && category.name == name) same.push_back(fmt::format("{}", category.id));
  if (!same.empty())
    return fmt::format(", which has {} at {}; give every category a name of its own", name,
                       few_of(same));
  for (const std::string& candidate : free)
    if (!name.empty() && folded(candidate) == folded(name)) return ", did you mean " + candidate;
  return did_you_mean(name, free);
}

}  // namespace

std::vector<int32_t> match_categories(const CategoryList& from, const CategoryList& to) {
  return Matcher(from, to).run();
}

std::string unmatched_text(const CategoryList& from, const CategoryList& to,
                           std::span<const int32_t> match) {
  std::vector<std::string> unknown, free;
  for (size_t a = 0; a < match.size(); ++a)
    if (match[a] < 0) unknown.push_back(category_text(from.categories[a]));
  if (unknown.empty()) return {};
  for (size_t b = 0; b < to.categories.size(); ++b)
    if (std::find(match.begin(), match.end(), static_cast<int32_t>(b)) == match.end())
      free.push_back(to.categories[b].name);
  const auto first = std::find(match.begin(), match.end(), kNone) - match.begin();
  return fmt::format("{}: {} {} not in {}{}", from.file,
                     (unknown.size() == 1 ? "category " : "categories ") + few_of(unknown),
                     unknown.size() == 1 ? "is" : "are", to.file,
                     suggestion(from.categories[static_cast<size_t>(first)].name, free, to));
}

std::string category_text(const CocoCategory& category) {
  return fmt::format("{} ({})", category.id, category.name.empty() ? "no name" : category.name);
}

std::vector<std::string> distinct_names(std::span<const CocoCategory> categories) {
  std::map<std::string, int> uses;
  for (const CocoCategory& category : categories) ++uses[category.name];
  std::vector<std::string> names;
  for (const CocoCategory& category : categories) {
    if (category.name.empty())
      names.push_back(fmt::format("no name ({})", category.id));
    else if (uses[category.name] > 1)
      names.push_back(fmt::format("{} ({})", category.name, category.id));
    else
      names.push_back(category.name);
  }
  return names;
}

std::string nameless_text(const CategoryList& list) {
  std::vector<std::string> ids;
  for (const CocoCategory& category : list.categories)
    if (category.name.empty()) ids.push_back(fmt::format("{}", category.id));
  if (ids.empty()) return {};
  return ids.size() == 1
             ? fmt::format("{}: category {} has no name; other files know it by its id alone",
                           list.file, ids[0])
             : fmt::format(
                   "{}: categories {} have no name; other files know them by their ids alone",
                   list.file, few_of(ids));
}

std::string few_of(std::span<const std::string> items) {
  constexpr size_t kShown = 5;
  std::string text =
      fmt::format("{}", fmt::join(items.first(std::min(items.size(), kShown)), ", "));
  if (items.size() > kShown) text += fmt::format(" and {} more", items.size() - kShown);
  return text;
}

}  // namespace denovo::data
