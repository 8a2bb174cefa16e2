#include "apps/study/page/end_charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "apps/page/plot.h"
#include "apps/study/page/answer.h"
#include "apps/study/statistics/wording.h"

namespace denovo::study {
namespace {

using page::exact;
using page::Plot;
using page::Point;

/// Of boxes or of masks.
struct Ends {
  const StudyReport& report;
  const std::vector<EndScores>& scores;
  const std::vector<EndDifference>& differences;
  bool boxes;

  const Design& design() const { return report.design; }
  const EndScores& score(const std::string& arm, int64_t images, int64_t schedule) const {
    return *std::find_if(scores.begin(), scores.end(), [&](const EndScores& end) {
      return end.arm == arm && end.images == images && end.schedule == schedule;
    });
  }
  const EndDifference& difference(const std::string& arm, int64_t images, int64_t schedule) const {
    return *std::find_if(differences.begin(), differences.end(), [&](const EndDifference& end) {
      return end.arm == arm && end.images == images && end.schedule == schedule;
    });
  }
};

/// Three stand beside each other.
constexpr page::PlotFrame kFrame{.width = 320, .height = 250, .left = 36, .right = 12};

page::Axis size_axis(const Design& design) {
  return page::log_axis("training images", design.sizes);
}

void add_score_chart(page::HtmlWriter& html, const Ends& ends) {
  const Design& design = ends.design();
  double highest = 0;
  for (const EndScores& end : ends.scores)
    if (end.schedule == design.longest(end.images) && end.high > highest) highest = end.high;
  html.open("figure").element(
      "h4", design.longest_by_size.empty()
                ? fmt::format("After {} iterations", number_text(design.longest()))
                : "After the longest schedule of each size");
  Plot plot(html, kFrame, size_axis(design),
            page::linear_axis(ends.boxes ? "box AP (%)" : "mask AP (%)", 0, highest, 6,
                              page::Fit::kOutward),
            "AP at the end of the longest schedule against the number of training images");
  const std::vector<std::string> arms = arm_names(design);
  for (size_t arm = 0; arm < arms.size(); ++arm) {
    const std::string colour = page::colour_class(arm);
    std::vector<Point> means;
    for (const int64_t images : design.sizes) {
      const EndScores& end = ends.score(arms[arm], images, design.longest(images));
      if (end.n > 0) means.push_back({static_cast<double>(images), end.mean});
    }
    plot.line(means, colour + " line");
    for (const RunResult& result : ends.report.runs) {
      const RunPoint* final = result.final();
      if (result.state != JobState::kFinished || !final || result.run.arm != arms[arm] ||
          result.run.schedule != design.longest(result.run.images))
        continue;
      const double ap = (ends.boxes ? final->bbox : final->segm).ap;
      if (!std::isnan(ap))
        plot.marker({static_cast<double>(result.run.images), ap}, 0, 2.4, colour + " seed",
                    fmt::format("{}: {}", result.run.id, number_text(ap, 1)),
                    5.0 * static_cast<double>(arm) - 2.5);
    }
    for (const Point& point : means)
      plot.marker(point, arm, 4, colour + " mark",
                  fmt::format("{}, {} images: {}", arms[arm],
                              number_text(static_cast<int64_t>(point.x)), number_text(point.y, 1)));
  }
  plot.end();
  html.close();
}

/// What a difference chart shows: one score, or two beside each other.
struct ShownScore {
  Estimate EndDifference::*score;
  std::string name;
  bool hollow;
};

page::Axis difference_axis(const Ends& ends, const std::vector<ShownScore>& shown,
                           const std::string& title) {
  const Design& design = ends.design();
  double low = -design.margin, high = design.margin;
  for (const EndDifference& difference : ends.differences) {
    if (difference.schedule != design.longest(difference.images)) continue;
    for (const ShownScore& each : shown) {
      const Estimate& estimate = difference.*each.score;
      if (difference.n == 0) continue;
      low = std::min({low, estimate.mean, estimate.interval ? estimate.interval->low : low});
      high = std::max({high, estimate.mean, estimate.interval ? estimate.interval->high : high});
    }
  }
  return page::linear_axis(title, low, high, 7, page::Fit::kOutward);
}

void add_difference_chart(page::HtmlWriter& html, const Ends& ends, const std::string& heading,
                          const std::string& title, const std::vector<ShownScore>& shown) {
  const Design& design = ends.design();
  html.open("figure").element("h4", heading);
  Plot plot(html, kFrame, size_axis(design), difference_axis(ends, shown, title),
            heading + " against the number of training images");
  plot.stripe_y(-design.margin, design.margin, "margin");
  plot.line_at_y(0, "threshold");
  const auto marks = static_cast<double>(design.others.size() * shown.size());
  const double step = std::min(14.0, 28 / marks);
  double place = 0;
  for (size_t arm = 0; arm < design.others.size(); ++arm)
    for (const ShownScore& each : shown) {
      const double shift = step * (place - (marks - 1) / 2);
      place += 1;
      const std::string colour = page::colour_class(arm + 1);
      for (const int64_t images : design.sizes) {
        const EndDifference& difference =
            ends.difference(design.others[arm], images, design.longest(images));
        const Estimate& estimate = difference.*each.score;
        if (difference.n == 0 || std::isnan(estimate.mean)) continue;
        const auto x = static_cast<double>(images);
        if (estimate.interval)
          plot.whisker_y(x, estimate.interval->low, estimate.interval->high, colour + " whisker",
                         shift);
        plot.marker({x, estimate.mean}, arm + 1, 4.2, colour + (each.hollow ? " hollow" : " mark"),
                    fmt::format("{} less {}, {}, {} images: {}", design.reference,
                                design.others[arm], each.name, number_text(images),
                                signed_text(estimate.mean, estimate.interval, 0)),
                    shift);
      }
    }
  plot.end();
  html.close();
}

void add_difference_cell(page::HtmlWriter& html, const EndDifference& difference,
                         const Estimate& estimate, double threshold) {
  if (difference.n == 0) {
    html.element("td", "–", {{"class", "n"}});
    return;
  }
  html.open("td", {{"class", "n"},
                   {"data-difference", exact(estimate.mean)},
                   {"data-low", estimate.interval ? exact(estimate.interval->low) : ""},
                   {"data-high", estimate.interval ? exact(estimate.interval->high) : ""}});
  html.text(signed_text(estimate.mean, estimate.interval, threshold));
  if (estimate.interval)
    html.element("small", fmt::format(" ({})", range_text(*estimate.interval, threshold)));
  html.close();
}

void add_row(page::HtmlWriter& html, const Ends& ends, int64_t images, int64_t schedule) {
  const Design& design = ends.design();
  html.open("tr", {{"class", schedule == design.shortest() ? "group" : "more"}});
  html.element("td", schedule == design.shortest() ? number_text(images) : "", {{"class", "n"}});
  html.element("td", number_text(schedule), {{"class", "n"}});
  for (const std::string& arm : arm_names(design)) {
    const EndScores& end = ends.score(arm, images, schedule);
    html.open("td", {{"class", "n"}, {"data-ap", exact(end.mean)}});
    html.text(end.n > 0 ? number_text(end.mean, 1) : "–");
    if (end.n > 1)
      html.element("small",
                   fmt::format(" ({} to {})", number_text(end.low, 1), number_text(end.high, 1)));
    html.close();
  }
  for (const std::string& arm : design.others) {
    const EndDifference& difference = ends.difference(arm, images, schedule);
    add_difference_cell(html, difference, difference.ap, -design.margin);
    add_difference_cell(html, difference, difference.ap50, 0);
    add_difference_cell(html, difference, difference.ap75, 0);
  }
  html.close();
}

void add_table(page::HtmlWriter& html, const Ends& ends) {
  const Design& design = ends.design();
  const std::string what = ends.boxes ? "box AP" : "mask AP";
  html.open("div", {{"class", "scroll"}});
  html.open("table", {{"class", design.others.size() > 1 ? "dense" : "plain"}});
  html.open("thead").open("tr");
  html.element("th", "images", {{"class", "n"}}).element("th", "iterations", {{"class", "n"}});
  for (const std::string& arm : arm_names(design))
    html.element("th", fmt::format("{}, {}", what, arm), {{"class", "n"}});
  for (const std::string& arm : design.others) {
    const std::string pair = design.others.size() == 1 ? "S − P" : "S − " + arm;
    for (const char* score : {"AP", "AP50", "AP75"})
      html.element("th", fmt::format("{}, {}", pair, score), {{"class", "n"}});
  }
  html.close().close().open("tbody");
  for (const int64_t images : design.sizes)
    for (const int64_t schedule : design.schedules_of(images))
      add_row(html, ends, images, schedule);
  html.close().close().close();
}

void add_charts(page::HtmlWriter& html, const Ends& ends) {
  html.open("div", {{"class", "panels three"}});
  add_score_chart(html, ends);
  add_difference_chart(html, ends, "What is missing without pre-training", "S − P, AP",
                       {{&EndDifference::ap, "AP", false}});
  add_difference_chart(
      html, ends, "Loose and exact boxes", "S − P: AP50 full, AP75 hollow",
      {{&EndDifference::ap50, "AP50", false}, {&EndDifference::ap75, "AP75", true}});
  html.close();
  add_table(html, ends);
}

}  // namespace

void add_ends(page::HtmlWriter& html, const StudyReport& report) {
  html.open("section").element("h2", "AP at the end, against the size of the training set");
  add_arm_legend(
      html, report,
      fmt::format("Small dots are seeds. Differences are of pairs of one seed, with the "
                  "{:.0f} % interval of their mean; the grey stripe is the margin of {} "
                  "AP on either side of nothing. In the table AP is the mean over the seeds "
                  "(lowest to highest).",
                  100 * kConfidence, number_text(report.design.margin, 1)));
  add_charts(html, {report, report.ends, report.differences, true});
  if (!report.mask_ends.empty()) {
    html.element("h3", "Masks");
    add_charts(html, {report, report.mask_ends, report.mask_differences, false});
  }
  html.close();
}

}  // namespace denovo::study
