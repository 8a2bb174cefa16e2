// The head of the page: the answer, what would make it surer, and what the study is.
#pragma once

#include <string>

#include "apps/page/html_writer.h"
#include "apps/study/results/study_report.h"

namespace denovo::study {

/// `name`: of the study.
void add_answer(page::HtmlWriter& html, const StudyReport& report, const std::string& name);

/// The arms with line and marker as charts draw them.
void add_arm_legend(page::HtmlWriter& html, const StudyReport& report, const std::string& more);

/// All arms of a study, the reference first; colours go by this order.
std::vector<std::string> arm_names(const Design& design);

/// "2 sizes", "1 size".
std::string counted(size_t number, const std::string& one);

/// A number with the digits that its interval justifies, else one behind the point.
std::string estimate_text(double value, const std::optional<Interval>& interval, double threshold);

/// Differences of AP: estimate_text with its sign, "+1.2".
std::string signed_text(double value, const std::optional<Interval>& interval, double threshold);

/// "−0.4 to 1.2", with the digits that it justifies itself.
std::string range_text(const Interval& interval, double threshold);

}  // namespace denovo::study
