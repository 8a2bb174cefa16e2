// The page of report_runs: curves over each other, a table of what came of each run, and the keys
// in which their configurations differ.
#pragma once

#include <string>
#include <vector>

#include "apps/comparison/compared_run.h"

namespace denovo::comparison {

/// One or more runs of one kind. `folder` is where the page will stand: links to runs start there.
std::string comparison_page(const std::vector<ComparedRun>& runs, const std::string& folder);

}  // namespace denovo::comparison
