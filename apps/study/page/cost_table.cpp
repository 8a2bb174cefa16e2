#include "apps/study/page/cost_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "apps/study/page/answer.h"
#include "apps/study/statistics/wording.h"

namespace denovo::study {
namespace {

using page::exact;

std::string whole(double value) {
  return number_text(value, 0);
}

void add_number(page::HtmlWriter& html, double value, const std::string& text) {
  html.element("td", text, {{"class", "n"}, {"data-value", exact(value)}});
}

bool trained_here(const StudyReport& report, const std::string& arm) {
  return std::any_of(report.pretraining.begin(), report.pretraining.end(),
                     [&](const PretrainingResult& each) { return each.arm == arm; });
}

void add_cost_row(page::HtmlWriter& html, const StudyReport& report, const ArmCost& cost) {
  html.open("tr", {{"class", "group"}});
  html.element("td", cost.arm);
  if (cost.iterations == 0) {
    html.element("td", "no finished run of the longest schedule at the largest size",
                 {{"colspan", "5"}});
    html.close();
    return;
  }
  add_number(html, cost.iterations, whole(cost.iterations));
  add_number(html, cost.images, whole(cost.images));
  add_number(html, cost.instances, whole(cost.instances));
  add_number(html, cost.pixels / 1e6, number_text(cost.pixels / 1e6, 1));
  add_number(html, cost.seconds, seconds_text(cost.seconds));
  html.close();
  if (!trained_here(report, cost.arm)) return;
  html.open("tr").element("td", "its pre-training").element("td", "", {{"class", "n"}});
  add_number(html, cost.pretraining_images, whole(cost.pretraining_images));
  html.element("td", "", {{"class", "n"}});
  add_number(html, cost.pretraining_pixels / 1e6, number_text(cost.pretraining_pixels / 1e6, 1));
  add_number(html, cost.pretraining_seconds, seconds_text(cost.pretraining_seconds));
  html.close();
}

/// Digits as claim 2's interval at this size allows.
std::string ratio_text(const StudyReport& report, const ParityCost& cost, double ratio) {
  for (const ArmClaims& arm : report.claims) {
    if (arm.arm != cost.arm) continue;
    const Claim& iterations = arm.claim(2);
    for (const SizeRow& row : iterations.by_size)
      if (row.images == cost.images)
        return estimate_text(ratio, row.interval, iterations.threshold);
  }
  return number_text(ratio, 1);
}

void add_parity(page::HtmlWriter& html, const StudyReport& report, const ParityCost& cost) {
  const Design& design = report.design;
  const std::string where =
      fmt::format("With {} images, {}", number_text(cost.images), design.reference);
  const std::string target = fmt::format("for what {} reaches in {} (less the margin)", cost.arm,
                                         number_text(design.shortest()));
  const std::string ratio = ratio_text(report, cost, cost.iterations_ratio);
  html.open("li", {{"data-images", std::to_string(cost.images)},
                   {"data-iterations", exact(cost.iterations)},
                   {"data-ratio", exact(cost.iterations_ratio)},
                   {"data-pixels-ratio", exact(cost.pixels_ratio)}});
  if (cost.at_least) {
    html.text(
        fmt::format("{} was not trained long enough {} in every seed: it needs at least {} "
                    "times the iterations",
                    where, target, ratio));
  } else {
    html.text(fmt::format("{} needs {} iterations and {} {} {}: {} times the iterations", where,
                          whole(cost.iterations), cost.arm,
                          whole(cost.iterations / cost.iterations_ratio), target, ratio));
  }
  if (!std::isnan(cost.pixels_ratio))
    html.text(fmt::format(", {} times the pixels", ratio_text(report, cost, cost.pixels_ratio)));
  html.text(".").close();
}

void add_cost_table(page::HtmlWriter& html, const StudyReport& report) {
  html.open("div", {{"class", "scroll"}}).open("table").open("thead").open("tr");
  html.element("th", "arm");
  for (const char* what : {"iterations", "images", "instances", "pixels (million)", "time"})
    html.element("th", what, {{"class", "n"}});
  html.close().close().open("tbody");
  for (const ArmCost& cost : report.costs) add_cost_row(html, report, cost);
  html.close().close().close();
}

}  // namespace

std::string seconds_text(double seconds) {
  if (seconds < 100) return number_text(seconds, seconds < 10 ? 1 : 0) + " s";
  if (seconds < 100 * 60) return number_text(seconds / 60, 0) + " min";
  return number_text(seconds / 3600, 1) + " h";
}

void add_costs(page::HtmlWriter& html, const StudyReport& report) {
  html.open("section").element("h2", "What it costs");
  html.element(
      "p",
      fmt::format(
          "A run of {} images over {} iterations, mean over its seeds. What a step has seen "
          "is counted, time is that of training steps.",
          number_text(report.design.largest()), number_text(report.design.longest())),
      {{"class", "note"}});
  add_cost_table(html, report);
  for (const PretrainingResult& each : report.pretraining) {
    std::string text = fmt::format("Pre-training of {}: {}", each.arm, name_of(each.state));
    if (!std::isnan(each.top1)) text += fmt::format(", top-1 {} %", number_text(each.top1, 1));
    if (report.config.study.pretraining_uses > 1)
      text += fmt::format("; its cost is shared by {} uses", report.config.study.pretraining_uses);
    html.element("p", text + ".", {{"class", "note"}});
  }
  for (const Arm& arm : arms_of(report.config))
    if (arm.start == Arm::Start::kFile)
      html.element("p",
                   fmt::format("The weights of {} came from a file: what they cost is not known "
                               "here and not counted.",
                               arm.name),
                   {{"class", "note"}});
  if (!report.parity_costs.empty()) {
    html.element("h3", "Where both are level").open("ul");
    for (const ParityCost& cost : report.parity_costs) add_parity(html, report, cost);
    html.close();
  }
  html.close();
}

}  // namespace denovo::study
