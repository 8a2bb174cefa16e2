// What each arm spent, and where random weights are level with pre-trained ones.
#pragma once

#include "apps/page/html_writer.h"
#include "apps/study/results/study_report.h"

namespace denovo::study {

void add_costs(page::HtmlWriter& html, const StudyReport& report);

/// "38 s", "12 min", "3.4 h".
std::string seconds_text(double seconds);

}  // namespace denovo::study
