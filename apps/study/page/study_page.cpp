#include "apps/study/page/study_page.h"

#include <filesystem>

#include "apps/page/page_frame.h"
#include "apps/study/page/answer.h"
#include "apps/study/page/cost_table.h"
#include "apps/study/page/curve_panels.h"
#include "apps/study/page/end_charts.h"
#include "apps/study/page/picture_table.h"
#include "apps/study/page/run_table.h"
#include "apps/study/page/verdict_cards.h"

namespace denovo::study {

std::string study_page(const StudyReport& report) {
  page::HtmlWriter html;
  const std::string name = std::filesystem::path(report.directory).lexically_normal().filename();
  page::begin_page(html, "Is pre-training worth it? " + name);
  add_answer(html, report, name);
  add_verdicts(html, report);
  add_curves(html, report);
  add_ends(html, report);
  add_costs(html, report);
  add_pictures(html, report);
  add_runs(html, report);
  add_origin(html, report);
  return page::end_page(html);
}

}  // namespace denovo::study
