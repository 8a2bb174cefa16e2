#include "apps/study/page/study_page.h"

#include <doctest/doctest.h>

#include <cmath>

#include "apps/page/html_writer.h"
#include "apps/study/results/report_json.h"
#include "tests/apps/study/page/report_case.h"
#include "tests/testing/html_text.h"

using namespace denovo;
using namespace denovo::study;
using page::exact;

namespace {

/// The page, after the checks that hold for all pages.
std::string checked_page(const StudyReport& report) {
  const std::string page = study_page(report);
  CHECK(testing::html_fault(page) == "");
  CHECK(testing::remote_references(page).empty());
  const std::string text = testing::prose_of(page);
  CHECK(text.find("nan") == std::string::npos);
  CHECK(text.find("inf ") == std::string::npos);
  return page;
}

StudyReport concluded(StudyReport report) {
  conclude(report);
  return report;
}

std::vector<double> numbers_in(const std::string& text) {
  static const std::regex number(R"(-?\d[\d,]*\.?\d*(e[-+]\d+)?)");
  std::vector<double> numbers;
  for (std::sregex_iterator it(text.begin(), text.end(), number), end; it != end; ++it)
    numbers.push_back(std::stod(std::regex_replace((*it)[0].str(), std::regex(","), "")));
  return numbers;
}

/// Numbers with digits behind the point that are no rounding of a number of report.json, as they
/// are or in millions, minutes or hours.
std::string made_up(const std::string& page, const StudyReport& report) {
  const std::vector<double> known = numbers_in(report_json(report));
  static const std::regex decimal(R"(-?\d[\d,]*\.(\d+))");
  const std::string text = testing::prose_of(page);
  std::string result;
  for (std::sregex_iterator it(text.begin(), text.end(), decimal), end; it != end; ++it) {
    const double shown = numbers_in((*it)[0])[0];
    const double half = 0.5 * std::pow(10, -static_cast<double>((*it)[1].length())) * 1.000001;
    bool found = false;
    for (const double value : known)
      for (const double unit : {1.0, 1e6, 60.0, 3600.0})
        found = found || std::abs(value / unit - shown) <= half;
    if (!found) result += (*it)[0].str() + " ";
  }
  return result;
}

}  // namespace

TEST_CASE("study_page: verdicts are those of the report, to the last digit") {
  const StudyReport report = concluded(testing::report_case(testing::small_design(3)));
  const std::string page = checked_page(report);
  const auto claims = [&](const std::string& name) {
    return testing::data_values(page, name, "data-claim");
  };
  REQUIRE(claims("claim").size() == 6);
  for (size_t i = 0; i < 6; ++i) {
    const Claim& claim = report.claims[0].claims[i];
    CHECK(claims("claim")[i] == std::to_string(claim.id));
    CHECK(claims("estimate")[i] == exact(claim.estimate));
    CHECK(claims("low")[i] == exact(claim.interval->low));
    CHECK(claims("high")[i] == exact(claim.interval->high));
    CHECK(claims("threshold")[i] == exact(claim.threshold));
    CHECK(page.find("<article class=\"card " + verdict_name(claim.verdict)) != std::string::npos);
  }
  const std::vector<std::string> runs = testing::data_values(page, "run");
  REQUIRE(runs.size() == report.runs.size());
  for (size_t i = 0; i < runs.size(); ++i) CHECK(runs[i] == report.runs[i].run.id);
}

TEST_CASE("study_page: every number of the text is one of report.json, rounded") {
  StudyReport report = testing::report_case(testing::small_design(3), true);
  report.pretraining.push_back({.arm = "pretrained",
                                .state = JobState::kFinished,
                                .images_seen = 96'000,
                                .pixels_seen = 393'216'000,
                                .seconds = 98.7,
                                .top1 = 40.19});
  conclude(report);
  const std::string page = checked_page(report);
  CHECK(made_up(page, report) == "");
  std::string changed = page;
  const std::string cell = "top-1 40.2 %";
  REQUIRE(changed.find(cell) != std::string::npos);
  changed.replace(changed.find(cell), cell.size(), "top-1 41.7 %");
  CHECK(made_up(changed, report) == "41.7 ");
}

TEST_CASE("study_page: masks have verdicts, curves and ends of their own, each arm its six cards") {
  Design design = testing::small_design(3);
  design.others = {"imagenet", "shuffled"};
  const StudyReport report = concluded(testing::report_case(design, true));
  const std::string page = checked_page(report);
  CHECK(testing::data_values(page, "claim").size() == 24);
  CHECK(page.find("Mask AP of shuffled") != std::string::npos);
  CHECK(page.find("mask AP (%)") != std::string::npos);
  CHECK(page.find("S − shuffled, AP50") != std::string::npos);
}

TEST_CASE("study_page: keypoints have a seventh card, curves and a column") {
  StudyReport report = testing::report_case(testing::small_design(3));
  for (RunResult& run : report.runs)
    for (RunPoint& point : run.curve) point.keypoint_ap = point.bbox.ap + 3;
  report = concluded(report);
  const std::string page = checked_page(report);
  CHECK(testing::data_values(page, "claim").size() == 7);
  CHECK(page.find(">keypoint AP<") != std::string::npos);
  CHECK(page.find("keypoint AP (%)") != std::string::npos);
  CHECK(made_up(page, report) == "");
  CHECK(report_json(report).find("\"keypoint_claims\":[{\"id\":6,") != std::string::npos);
}

TEST_CASE("study_page: sizes may have fewer schedules than the largest") {
  Design design = testing::small_design(3);
  design.longest_by_size = {{500, 2000}};
  const StudyReport report = concluded(testing::report_case(design));
  const std::string page = checked_page(report);
  CHECK(page.find("After the longest schedule of each size") != std::string::npos);
  CHECK(page.find("scratch-500-2000-s1") != std::string::npos);
  CHECK(page.find("scratch-500-4000-s1") == std::string::npos);
  CHECK(made_up(page, report) == "");
}

TEST_CASE("study_page: names and reasons are text, whatever they hold") {
  StudyReport report = testing::report_case(testing::small_design(3));
  report.directory = "studies/<b>&\" it's";
  report.runs[4].state = JobState::kFailed;
  report.runs[4].reason = "<script>alert(1)</script> & more";
  const std::string page = checked_page(concluded(report));
  CHECK(page.find("<script") == std::string::npos);
  CHECK(page.find("&lt;script&gt;alert(1)&lt;/script&gt; &amp; more") != std::string::npos);
  CHECK(page.find("denovo study · &lt;b&gt;&amp;&quot; it&#39;s") != std::string::npos);
  // For a shell: ' ends the quotes, \' is one, ' opens them again.
  CHECK(page.find(
            "--config &#39;studies/&lt;b&gt;&amp;&quot; it&#39;\\&#39;&#39;s/study.toml&#39;") !=
        std::string::npos);
}

TEST_CASE("study_page: a run that failed is named before the verdicts and where it is left out") {
  StudyReport report = testing::report_case(testing::small_design(3));
  RunResult& failed = report.runs.front();
  failed.state = JobState::kFailed;
  failed.reason = "training diverged at iteration 7";
  failed.curve.clear();
  const std::string page = checked_page(concluded(report));
  CHECK(page.find("35 of its 36 runs are finished. 1 failed: scratch-500-1000-s1 (training "
                  "diverged at iteration 7).") != std::string::npos);
  CHECK(page.find("This study is not complete") < page.find("<article"));
}

TEST_CASE("study_page: two seeds have no interval, no verdict, and are told so") {
  const StudyReport report = concluded(testing::report_case(testing::small_design(2)));
  const std::string page = checked_page(report);
  CHECK(page.find("With 2 seeds there is no interval over seeds, and no verdict") !=
        std::string::npos);
  for (const std::string& low : testing::data_values(page, "low", "data-claim")) CHECK(low.empty());
  CHECK(page.find("card supported") == std::string::npos);
  CHECK(page.find("card contradicted") == std::string::npos);
}

TEST_CASE("study_page: a study before its first result is a page that says so") {
  StudyReport report = testing::report_case(testing::small_design(3));
  for (RunResult& run : report.runs) {
    const StudyRun plan = run.run;
    run = {};
    run.run = plan;
  }
  const std::string page = checked_page(concluded(report));
  CHECK(page.find("0 of its 36 runs are finished. 36 pending.") != std::string::npos);
  CHECK(page.find("No run has been evaluated yet.") != std::string::npos);
  CHECK(page.find("nothing measured") != std::string::npos);
}

TEST_CASE("study_page: who trained is told where another version reports") {
  StudyReport report = testing::report_case(testing::small_design(3));
  const auto told = [](const StudyReport& report, const std::string& text) {
    return checked_page(concluded(report)).find("wrap\">" + text + ", device cpu<") !=
           std::string::npos;
  };
  CHECK(told(report, "denovo 0.1.0 (commit abc)"));  // runs that do not say it
  for (RunResult& run : report.runs) run.version = "denovo 0.1.0 (commit abc)";
  CHECK(told(report, "denovo 0.1.0 (commit abc)"));
  report.runs.back().version = "denovo 0.0.9 (commit old)";
  CHECK(told(report,
             "trained by denovo 0.1.0 (commit abc), denovo 0.0.9 (commit old); reported by denovo "
             "0.1.0 (commit abc)"));
  const std::string json = report_json(concluded(report));
  CHECK(json.find(R"x("version":"denovo 0.1.0 (commit abc)","trained_by":["denovo 0.1.0 (commit )x"
                  R"x(abc)","denovo 0.0.9 (commit old)"])x") != std::string::npos);
}

TEST_CASE("study_page: one size and one schedule, and a run that was better before its end") {
  Design design = testing::small_design(3);
  design.sizes = {500};
  design.schedules = {1000};
  StudyReport report = testing::report_case(design);
  // simulate() has no line between two ends here.
  for (RunResult& run : report.runs)
    run.curve.back().bbox = {30 + static_cast<double>(run.run.seed), 50, 20};
  report.runs.front().curve.front().bbox.ap = 90;
  const std::string page = checked_page(concluded(report));
  CHECK(page.find("† trained too long") != std::string::npos);
  CHECK(testing::data_values(page, "ap", "").size() > 0);
}
