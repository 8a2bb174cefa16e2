// report.html: the report for people, one file that opens from disk without network. In the order
// of its sections: answer.h, verdict_cards.h, curve_panels.h, end_charts.h, cost_table.h,
// picture_table.h, run_table.h.
#pragma once

#include <string>

#include "apps/study/results/study_report.h"

namespace denovo::study {

/// Numbers are those of report_json, rounded to the digits that their interval justifies; data-*
/// attributes have them whole. Pictures are read from the runs' directories; where there are none,
/// the page says so. Throws IoError for a picture that cannot be read.
std::string study_page(const StudyReport& report);

}  // namespace denovo::study
