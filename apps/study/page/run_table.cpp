#include "apps/study/page/run_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "apps/page/page_frame.h"
#include "apps/study/page/answer.h"
#include "apps/study/page/cost_table.h"
#include "apps/study/statistics/wording.h"

namespace denovo::study {
namespace {

using page::exact;

void add_ap(page::HtmlWriter& html, double ap, const std::string& more = "") {
  html.open("td", {{"class", "n"}, {"data-ap", exact(ap)}});
  html.text(std::isnan(ap) ? "–" : number_text(ap, 1));
  if (!more.empty()) html.element("small", more);
  html.close();
}

void add_count(page::HtmlWriter& html, int64_t count) {
  html.element("td", count > 0 ? number_text(count) : "–", {{"class", "n"}});
}

void add_run(page::HtmlWriter& html, const StudyReport& report, const RunResult& result, bool masks,
             bool keypoints, bool first_of_group) {
  const RunPoint *final = result.final(), *best = result.best();
  const bool overtrained =
      std::any_of(report.overtrained.begin(), report.overtrained.end(),
                  [&](const Overtrained& each) { return each.run == result.run.id; });
  html.open("tr", {{"class", first_of_group ? "group" : "more"}, {"data-run", result.run.id}});
  html.open("td");
  html.element("a", result.run.id,
               {{"href", page::link_to(fmt::format("runs/{}/", result.run.id))}})
      .close();
  html.open("td").text(name_of(result.state));
  if (!result.reason.empty()) html.element("small", ": " + result.reason, {{"class", "wrap"}});
  html.close();
  add_ap(html, final ? final->bbox.ap : std::nan(""), overtrained ? " †" : "");
  add_ap(html, best ? best->bbox.ap : std::nan(""),
         best ? fmt::format(" at {}", number_text(best->iteration)) : "");
  if (masks) add_ap(html, final ? final->segm.ap : std::nan(""));
  if (keypoints) add_ap(html, final ? final->keypoint_ap : std::nan(""));
  add_ap(html, final ? final->train_bbox.ap : std::nan(""));
  add_count(html, result.images_seen);
  html.element("td", result.seconds > 0 ? number_text(result.seconds, 0) : "–",
               {{"class", "n"}, {"data-seconds", exact(result.seconds)}});
  html.close();
}

/// Of a shell, where the name needs it.
std::string quoted(const std::string& name) {
  constexpr auto kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./+,@%=:";
  if (!name.empty() && name.find_first_not_of(kPlain) == std::string::npos) return name;
  std::string result = "'";
  for (const char c : name) result += c == '\'' ? "'\\''" : std::string(1, c);
  return result + "'";
}

/// The version that reports, and those that trained where they are others.
std::string versions_text(const StudyReport& report) {
  if (report.trained_by.empty() || report.trained_by == std::vector{report.version})
    return report.version;
  return fmt::format("trained by {}; reported by {}", fmt::join(report.trained_by, ", "),
                     report.version);
}

}  // namespace

void add_runs(page::HtmlWriter& html, const StudyReport& report) {
  const bool masks = !report.masks.empty(),
             keypoints = std::any_of(report.claims.begin(), report.claims.end(),
                                     [](const ArmClaims&arm) { return arm.keypoints.has_value(); });
  html.open("section").element("h2", "Every run");
  html.open("div", {{"class", "scroll"}}).open("table").open("thead").open("tr");
  html.element("th", "run").element("th", "state");
  html.element("th", "AP at the end", {{"class", "n"}}).element("th", "best AP", {{"class", "n"}});
  if (masks) html.element("th", "mask AP", {{"class", "n"}});
  if (keypoints) html.element("th", "keypoint AP", {{"class", "n"}});
  for (const char* what : {"train AP", "images seen", "seconds"})
    html.element("th", what, {{"class", "n"}});
  html.close().close().open("tbody");
  const StudyRun* before = nullptr;
  for (const RunResult& result : report.runs) {
    const StudyRun& run = result.run;
    add_run(html, report, result, masks, keypoints,
            !before || before->images != run.images || before->seed != run.seed);
    before = &run;
  }
  html.close().close().close();
  if (!report.overtrained.empty())
    html.element(
        "p",
        fmt::format("† trained too long: its best AP is above that at its end by more than "
                    "the margin of {} AP. Verdicts use the end.",
                    number_text(report.design.margin, 1)),
        {{"class", "note"}});
  html.close();
}

void add_origin(page::HtmlWriter& html, const StudyReport& report) {
  html.open("section").element("h2", "To repeat it");
  html.element("pre", fmt::format("ablate_data_size --config {} --out NEW_STUDY --device {}",
                                  quoted(report.directory + "/study.toml"), report.device));
  html.element("p", fmt::format("{}, device {}", versions_text(report), report.device),
               {{"class", "note wrap"}});
  html.element("h3", "Data, with their fingerprints");
  html.element("pre", report.data);
  html.element("h3", "Configuration of the study");
  html.element("pre", config_text(report.config));
  html.element(
      "p",
      "Every number of this page stands in report.json beside it, with all its digits; the "
      "detector's configuration is in detector.toml, each run's in its directory.",
      {{"class", "note"}});
  html.close();
}

}  // namespace denovo::study
