// Every run, and all that it takes to repeat them.
#pragma once

#include "apps/page/html_writer.h"
#include "apps/study/results/study_report.h"

namespace denovo::study {

/// Each with a link to its directory, relative to the page.
void add_runs(page::HtmlWriter& html, const StudyReport& report);

/// Command, version, device, fingerprints of the data, configuration.
void add_origin(page::HtmlWriter& html, const StudyReport& report);

}  // namespace denovo::study
