// A card for each claim: verdict, estimate, interval by size on a line with the threshold, reason,
// rule. A set per pre-trained arm, and the same of mask AP.
#pragma once

#include "apps/page/html_writer.h"
#include "apps/study/results/study_report.h"

namespace denovo::study {

void add_verdicts(page::HtmlWriter& html, const StudyReport& report);

}  // namespace denovo::study
