#include "detection/evaluation/scored_categories.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"

namespace denovo::detection {

ScoredCategories match_to_model(data::CocoDataset& dataset, const data::CategoryList& model,
                                bool ignore_unknown, const std::string& remedy) {
  const data::CategoryList list = data::CategoryList::of(dataset);
  const std::vector<int32_t> match = data::match_categories(list, model);
  ScoredCategories scored{{}, CategoryIds(model.categories.size()), {}, {}};
  std::vector<bool> known;
  for (size_t k = 0; k < match.size(); ++k) {
    known.push_back(match[k] >= 0);
    if (!known.back()) continue;
    scored.model_classes.push_back(match[k]);
    scored.category_ids[static_cast<size_t>(match[k])] = list.categories[k].id;
  }
  const std::string unknown = data::unmatched_text(list, model, match);
  if (!unknown.empty()) {
    if (!ignore_unknown)
      throw IoError(
          fmt::format("{}; {} leaves such categories out of the scores", unknown, remedy));
    if (scored.model_classes.empty())
      throw IoError(fmt::format("{}; no category is left to score", unknown));
    const auto before = dataset.annotations().size();
    scored.ignored = fmt::format("{}; left out of the scores with ", unknown);
    dataset.keep_categories(known);
    scored.ignored += fmt::format("{} annotations", before - dataset.annotations().size());
  }
  scored.missing = missing_text(dataset.path(), model, scored.category_ids);
  if (!scored.missing.empty()) scored.missing += "; what is found of them is not scored";
  return scored;
}

CategoryIds result_ids(const data::CocoDataset& dataset, const data::CategoryList& model) {
  const data::CategoryList list = data::CategoryList::of(dataset);
  CategoryIds ids;
  if (list.categories.empty()) {
    for (const auto& category : model.categories) ids.emplace_back(category.id);
    return ids;
  }
  const std::vector<int32_t> match = data::match_categories(model, list);
  for (const int32_t k : match) {
    ids.emplace_back();
    if (k >= 0) ids.back() = list.categories[static_cast<size_t>(k)].id;
  }
  if (std::all_of(match.begin(), match.end(), [](int32_t k) { return k < 0; }))
    throw IoError(fmt::format("{}, so that no result could carry an id of that file",
                              data::unmatched_text(model, list, match)));
  return ids;
}

std::string missing_text(const std::string& dataset, const data::CategoryList& model,
                         const CategoryIds& ids) {
  const std::vector<std::string> names = data::distinct_names(model.categories);
  std::vector<std::string> missing;
  for (size_t c = 0; c < ids.size(); ++c)
    if (!ids[c]) missing.push_back(names[c]);
  if (missing.empty()) return {};
  return fmt::format("{}: has no category for {} of {} classes of {} ({})", dataset, missing.size(),
                     ids.size(), model.file, data::few_of(missing));
}

}  // namespace denovo::detection
