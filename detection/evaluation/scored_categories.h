// What a data set's categories are to a model that is evaluated on it.
#pragma once

#include <string>
#include <vector>

#include "data/coco/match_categories.h"
#include "detection/prediction/post_process.h"

namespace denovo::detection {

struct ScoredCategories {
  std::vector<int32_t> model_classes;  // by category of the data set
  CategoryIds category_ids;            // by class of the model
  std::string ignored;                 // a line about categories left out; empty: none
  std::string missing;                 // a line about classes that the data set lacks; empty: none
};

/// Matches by data/coco/match_categories.h. A category that the model does not know is an IoError
/// that says what `remedy` does, unless ignore_unknown: then it leaves the data set, with its
/// annotations, and the scores are those of the others. Throws IoError too when names and ids
/// disagree, and when no category is left.
ScoredCategories match_to_model(data::CocoDataset& dataset, const data::CategoryList& model,
                                bool ignore_unknown, const std::string& remedy);

/// The ids under which results for a data set are written: its own, by the same rule; the model's,
/// where it lists no categories. Throws IoError when they do not match, or none is the model's.
CategoryIds result_ids(const data::CocoDataset& dataset, const data::CategoryList& model);

/// "val.json: has no category for 2 of 5 classes of m.safetensors (a, b)"; empty when it has all.
std::string missing_text(const std::string& dataset, const data::CategoryList& model,
                         const CategoryIds& ids);

}  // namespace denovo::detection
