// Which category of one file is which of another: the one rule for validation sets, results,
// weights and resumed runs.
//
// Names say what a category is; ids only number it within its file, and may differ. A name is
// unclear when it is empty, or stands twice in one of the two lists; only there ids decide.
//
//   the name of a                the other list                          a is
//   clear                        has it                                  that one, whatever the ids
//   clear                        has it not; at a's id a clear name      nothing there
//   clear                        has it not; at a's id no name           the one of a's id
//   unclear                      at a's id the same name, or one of the  the one of a's id
//                                two is empty
//   unclear                      at a's id another name                  refused: both disagree
//   not empty, unclear           has it, but at other ids that are free  refused: which one?
//   not empty, unclear           has it at ids of others of a's list     nothing there
//   unclear                      has neither the name nor the id         nothing there
//   any                          its place is taken by a clear name      refused: both disagree
//
// Hence lists that are equal match as they stand, whatever the names; the rule is the same from
// either side; no category stands for two. Upper case, lower case and spaces count: names that
// differ in them are different, and only suggested.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/coco/dataset.h"

namespace denovo::data {

/// Categories and the file that they stand in, for messages.
struct CategoryList {
  std::span<const CocoCategory> categories;
  std::string file;

  static CategoryList of(const CocoDataset& dataset) {
    return {dataset.categories(), dataset.path()};
  }
};

/// For each category of `from` its index in `to`, or -1. Throws IoError, naming both files and the
/// categories, where names and ids disagree.
std::vector<int32_t> match_categories(const CategoryList& from, const CategoryList& to);

/// "val.json: category 9 (fork) is not in train.json, did you mean Fork" for the categories of
/// `from` that `match` gave no partner; only categories of `to` that are free are suggested, and
/// one of the same name that is not is named. Empty when all have one.
std::string unmatched_text(const CategoryList& from, const CategoryList& to,
                           std::span<const int32_t> match);

/// "9 (fork)"; "9 (no name)".
std::string category_text(const CocoCategory& category);

/// Names that tell the categories of a list apart: where one is empty or stands twice, with its id,
/// "fork (9)" or "no name (9)".
std::vector<std::string> distinct_names(std::span<const CocoCategory> categories);

/// "train.json: categories 1, 4 have no name; other files know them by their ids alone"; empty when
/// all have one.
std::string nameless_text(const CategoryList& list);

/// The first few items of a list in words: "a, b, c and 7 more".
std::string few_of(std::span<const std::string> items);

}  // namespace denovo::data
