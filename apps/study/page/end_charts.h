// AP at the ends of schedules against the size of the training set, and differences between arms.
#pragma once

#include "apps/page/html_writer.h"
#include "apps/study/results/study_report.h"

namespace denovo::study {

void add_ends(page::HtmlWriter& html, const StudyReport& report);

}  // namespace denovo::study
