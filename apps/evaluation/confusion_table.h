// What objects are taken for, as a table.
#pragma once

#include <span>

#include "apps/page/html_writer.h"
#include "data/evaluation/coco_evaluation.h"

namespace denovo::evaluation {

/// A sentence with the totals, and of few classes the whole table, of many the most frequent
/// mistakes. The classes are those of the result that the confusion is of.
void add_confusion(page::HtmlWriter& html, const data::Confusion& confusion,
                   std::span<const data::CategoryPrecision> classes);

}  // namespace denovo::evaluation
