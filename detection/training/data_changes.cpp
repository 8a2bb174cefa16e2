#include "detection/training/data_changes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <sstream>
#include <utility>

#include "core/error.h"
#include "detection/weights/class_list.h"

namespace denovo::detection {
namespace {

using Classes = std::span<const data::CocoCategory>;

const data::CocoCategory* find_name(Classes classes, const std::string& name) {
  const auto found = std::find_if(classes.begin(), classes.end(),
                                  [&](const auto& category) { return category.name == name; });
  return found == classes.end() ? nullptr : &*found;
}

/// Those of `classes` that do not stand in `others` with both id and name.
std::vector<data::CocoCategory> without(Classes classes, Classes others) {
  std::vector<data::CocoCategory> rest;
  for (const auto& category : classes)
    if (std::none_of(others.begin(), others.end(), [&](const auto& other) {
          return other.id == category.id && other.name == category.name;
        }))
      rest.push_back(category);
  return rest;
}

void refuse_other_classes(Classes before, const data::CategoryList& now) {
  const auto gone = without(before, now.categories), come = without(now.categories, before);
  std::vector<std::string> changes;
  for (const auto& category : gone) {
    const auto* moved = find_name(come, category.name);
    changes.push_back(moved != nullptr ? fmt::format("{} had id {}, has {}", category.name,
                                                     category.id, moved->id)
                                       : fmt::format("{} vanished", data::category_text(category)));
  }
  for (const auto& category : come)
    if (find_name(gone, category.name) == nullptr)
      changes.push_back(fmt::format("{} appeared", data::category_text(category)));
  if (changes.empty()) return;
  throw IoError(
      fmt::format("{}: a resumed run must keep its classes: {}", now.file, data::few_of(changes)));
}

/// "has other images (12 before, 11 now)"; empty when nothing changed.
std::string changed_text(const data::Fingerprint& before, const data::Fingerprint& now) {
  std::vector<std::string> changes;
  const auto compare = [&](const char* name, const data::ListFingerprint& then,
                           const data::ListFingerprint& today) {
    if (then == today) return;
    changes.push_back(then.count == today.count
                          ? fmt::format("{} ({} before and now)", name, then.count)
                          : fmt::format("{} ({} before, {} now)", name, then.count, today.count));
  };
  compare("categories", before.categories, now.categories);
  compare("images", before.images, now.images);
  compare("annotations", before.annotations, now.annotations);
  return changes.empty() ? std::string()
                         : fmt::format("has other {}", fmt::join(changes, " and other "));
}

std::string changed_text(const std::optional<data::Fingerprint>& before,
                         const std::optional<data::Fingerprint>& now) {
  if (before && now) return changed_text(*before, *now);
  if (before) return "the validation set is gone";
  return now ? "is a new validation set" : "";
}

constexpr std::pair<const char*, data::ListFingerprint data::Fingerprint::*> kLists[] = {
    {"categories", &data::Fingerprint::categories},
    {"images", &data::Fingerprint::images},
    {"annotations", &data::Fingerprint::annotations}};

/// "train.images": "118287 0123456789abcdef".
void put(const std::string& set, const data::Fingerprint& fingerprint, Metadata& metadata) {
  for (const auto& [name, list] : kLists)
    metadata.emplace(set + "." + name,
                     fmt::format("{} {}", (fingerprint.*list).count, (fingerprint.*list).hash));
}

std::optional<data::Fingerprint> get(const std::string& set, const Metadata& metadata) {
  data::Fingerprint fingerprint;
  size_t found = 0;
  for (const auto& [name, list] : kLists)
    for (const auto& [key, text] : metadata) {
      if (key != set + "." + name) continue;
      std::istringstream words(text);
      if (!(words >> (fingerprint.*list).count >> (fingerprint.*list).hash))
        throw IoError(
            fmt::format("state.json: {} must be a count and a hash, got {:?}", key, text));
      ++found;
    }
  if (found == 0) return std::nullopt;
  if (found < std::size(kLists))
    throw IoError(fmt::format("state.json: the fingerprint of the {} set is not complete", set));
  return fingerprint;
}

}  // namespace

Metadata to_metadata(const DataFingerprints& fingerprints) {
  Metadata metadata;
  put("train", fingerprints.train, metadata);
  if (fingerprints.validation) put("validation", *fingerprints.validation, metadata);
  return metadata;
}

std::optional<DataFingerprints> fingerprints_of(const Metadata& metadata) {
  const auto train = get("train", metadata);
  if (!train) return std::nullopt;
  return DataFingerprints{*train, get("validation", metadata)};
}

void require_same_classes(const nn::Checkpoint& checkpoint, const data::CategoryList& now) {
  const std::string name = nn::checkpoint_name(checkpoint.state.iteration);
  if (const auto classes = read_class_list(checkpoint.model_metadata, name))
    refuse_other_classes(*classes, now);
}

std::vector<std::string> accept_data(nn::Checkpoint& checkpoint, const RunData& now,
                                     bool allow_changes) {
  nn::TrainingState& state = checkpoint.state;
  const std::string name = nn::checkpoint_name(state.iteration);
  require_same_classes(checkpoint, now.classes);
  const auto before = fingerprints_of(state.task);
  if (!before)
    return {
        fmt::format("{} is of an earlier version and does not say what it was trained on; "
                    "whether the data changed is not checked",
                    name)};
  std::vector<std::string> lines;
  const std::string training = changed_text(before->train, now.fingerprints.train),
                    validation = changed_text(before->validation, now.fingerprints.validation);
  if (!training.empty()) lines.push_back(fmt::format("{}: {}", now.classes.file, training));
  if (!validation.empty())
    lines.push_back(now.validation_path.empty()
                        ? validation
                        : fmt::format("{}: {}", now.validation_path, validation));
  if (!lines.empty() && !allow_changes)
    throw IoError(fmt::format("{} since {}; data.allow_changes=true resumes all the same",
                              fmt::join(lines, "; "), name));
  for (std::string& line : lines) line += fmt::format(" since {}", name);
  if (!validation.empty() && state.best_iteration >= 0) {
    lines.push_back(
        fmt::format("the best box AP, {:.1f} at iteration {}, is that of another validation set; "
                    "the best is looked for anew",
                    100 * state.best_score, state.best_iteration));
    state.best_score = state.best_iteration = -1;
    state.evaluations_since_best = 0;
  }
  return lines;
}

}  // namespace denovo::detection
