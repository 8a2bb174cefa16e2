#include "apps/study/page/answer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "apps/page/plot.h"
#include "apps/study/statistics/wording.h"

namespace denovo::study {
namespace {

std::vector<std::string> runs_in(const StudyReport& report, JobState state) {
  std::vector<std::string> ids;
  for (const RunResult& run : report.runs)
    if (run.state == state)
      ids.push_back(run.reason.empty() ? run.run.id
                                       : fmt::format("{} ({})", run.run.id, run.reason));
  return ids;
}

/// What a reader must know before the verdicts: runs that are not there.
void add_notice(page::HtmlWriter& html, const StudyReport& report) {
  const size_t finished = runs_in(report, JobState::kFinished).size();
  if (finished < report.runs.size()) {
    html.open("p", {{"class", "notice"}});
    html.text(fmt::format("This study is not complete: {} of its {} runs {} finished. ", finished,
                          report.runs.size(), finished == 1 ? "is" : "are"));
    for (const JobState state :
         {JobState::kFailed, JobState::kStopped, JobState::kRunning, JobState::kPending}) {
      const std::vector<std::string> ids = runs_in(report, state);
      constexpr size_t kMost = 6;
      if (ids.empty()) continue;
      html.text(fmt::format("{} {}", ids.size(), name_of(state)));
      // Those that wait say nothing by their names.
      if (state != JobState::kPending)
        html.text(fmt::format(
            ": {}{}", fmt::join(ids.begin(), ids.begin() + std::min(ids.size(), kMost), ", "),
            ids.size() > kMost ? ", …" : ""));
      html.text(". ");
    }
    html.text("Pairs of runs that are not there are left out of every verdict and named there.");
    html.close();
  }
  if (static_cast<int>(report.design.seeds.size()) < kFewestPairs) {
    html.element("p",
                 fmt::format("With {} there is no interval over seeds, and no verdict: three are "
                             "the fewest.",
                             counted(report.design.seeds.size(), "seed")),
                 {{"class", "notice"}});
  }
}

std::string list_text(const std::vector<int64_t>& values) {
  std::vector<std::string> texts;
  for (const int64_t value : values) texts.push_back(number_text(value));
  return fmt::format("{}", fmt::join(texts, " / "));
}

void add_facts(page::HtmlWriter& html, const StudyReport& report) {
  const Design& design = report.design;
  html.open("dl", {{"class", "facts"}});
  const auto fact = [&](const std::string& name, const std::string& value) {
    html.open("div").element("dt", name).element("dd", value).close();
  };
  fact("arms", fmt::format("{}", fmt::join(arm_names(design), " / ")));
  fact("training images", list_text(design.sizes));
  fact("iterations", list_text(design.schedules));
  fact("seeds", std::to_string(design.seeds.size()));
  fact("runs finished",
       fmt::format("{} of {}", runs_in(report, JobState::kFinished).size(), report.runs.size()));
  fact("margin", number_text(design.margin, 1) + " AP");
  html.close();
}

const char* start_text(Arm::Start start) {
  switch (start) {
    case Arm::Start::kRandom:
      return "random weights";
    case Arm::Start::kFile:
      return "weights of a file";
    default:
      return "pre-trained by this study";
  }
}

}  // namespace

std::vector<std::string> arm_names(const Design& design) {
  std::vector<std::string> names = {design.reference};
  names.insert(names.end(), design.others.begin(), design.others.end());
  return names;
}

std::string counted(size_t number, const std::string& one) {
  return fmt::format("{} {}{}", number, one, number == 1 ? "" : "s");
}

std::string estimate_text(double value, const std::optional<Interval>& interval, double threshold) {
  if (std::isnan(value)) return "–";
  return page::typeset(number_text(value, interval ? decimals_of(*interval, threshold) : 1));
}

std::string range_text(const Interval& interval, double threshold) {
  return page::typeset(interval_text(interval, decimals_of(interval, threshold)));
}

std::string signed_text(double value, const std::optional<Interval>& interval, double threshold) {
  const std::string text = estimate_text(value, interval, threshold);
  const bool shown_as_zero = text.find_first_of("123456789") == std::string::npos;
  return fmt::format("{}{}", value > 0 && !shown_as_zero ? "+" : "", text);
}

void add_answer(page::HtmlWriter& html, const StudyReport& report, const std::string& name) {
  html.open("header");
  html.element("div", "denovo study · " + name, {{"class", "eyebrow"}});
  html.element("h1", "Is pre-training worth it?");
  for (const Advice& advice : report.advice) {
    html.element("p", page::typeset(advice.text), {{"class", "answer"}});
    if (!advice.surer.empty()) html.element("p", advice.surer, {{"class", "surer"}});
  }
  add_notice(html, report);
  add_facts(html, report);
  html.close();
}

void add_arm_legend(page::HtmlWriter& html, const StudyReport& report, const std::string& more) {
  html.open("div", {{"class", "legend"}});
  const std::vector<Arm> arms = arms_of(report.config);
  for (size_t i = 0; i < arms.size(); ++i) {
    html.open("span");
    page::legend_key(html, i, "");
    html.text(fmt::format("{} ({})", arms[i].name, start_text(arms[i].start))).close();
  }
  html.close();
  if (!more.empty()) html.element("p", more, {{"class", "note"}});
}

}  // namespace denovo::study
