// AP against iterations, a panel per size.
#pragma once

#include "apps/page/html_writer.h"
#include "apps/study/results/study_report.h"

namespace denovo::study {

void add_curves(page::HtmlWriter& html, const StudyReport& report);

}  // namespace denovo::study
