#include "apps/study/page/verdict_cards.h"

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

constexpr double kRowHeight = 21;

/// Disk, cross or ring: verdicts are told apart without colour.
void add_sign(page::HtmlWriter& html, Verdict verdict) {
  html.open("svg", {{"viewBox", "0 0 12 12"}, {"aria-hidden", "true"}});
  switch (verdict) {
    case Verdict::kSupported:
      html.empty("circle", {{"cx", "6"}, {"cy", "6"}, {"r", "5.5"}, {"class", "mark"}});
      break;
    case Verdict::kContradicted:
      html.empty("path", {{"d", "M1.5 1.5L10.5 10.5M10.5 1.5L1.5 10.5"}, {"class", "line"}});
      break;
    default:
      html.empty("circle", {{"cx", "6"}, {"cy", "6"}, {"r", "4.7"}, {"class", "hollow"}});
  }
  html.close();
}

/// The row of the size that decided has the claim's own interval: that of a search is wider.
SizeRow shown_row(const Claim& claim, const SizeRow& row) {
  SizeRow shown = row;
  if (row.images == claim.images) {
    shown.interval = claim.interval;
    shown.verdict = claim.verdict;
  }
  return shown;
}

/// All that the line must show, with some room.
page::Axis value_axis(const Claim& claim) {
  double low = claim.threshold, high = claim.threshold;
  const auto include = [&](double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  };
  const auto include_interval = [&](const std::optional<Interval>& interval) {
    if (!interval) return;
    include(interval->low);
    include(interval->high);
  };
  for (const SizeRow& row : claim.by_size) {
    include(row.estimate);
    include_interval(shown_row(claim, row).interval);
  }
  include_interval(claim.validation_noise);
  // Differences of rounding are none.
  if (high - low < 1e-6) {
    low -= 1;
    high += 1;
  }
  const double room = 0.08 * (high - low);
  return page::linear_axis(claim.unit, low - room, high + room, 6, page::Fit::kExact);
}

/// Beside the threshold, to its right or left as asked for where there is room, else on the other
/// side.
void add_beside_threshold(Plot& plot, const page::PlotFrame& frame, const Claim& claim, double y,
                          const std::string& text, bool right) {
  const double at = plot.pixel_x(claim.threshold);
  const double width = 7.0 * static_cast<double>(text.size());  // of most fonts
  if (right ? at + width > frame.width : at - width < 0) right = !right;
  plot.label(at + (right ? 5 : -5), y, text, right ? "start" : "end");
}

void add_row(Plot& plot, const page::PlotFrame& frame, const Claim& claim, const SizeRow& row,
             double y) {
  const bool decides = row.images == claim.images;
  const std::string css = verdict_name(row.verdict);
  if (row.interval)
    plot.whisker_x(y, row.interval->low, row.interval->high,
                   css + (decides ? " whisker decides" : " whisker"));
  if (decides && claim.validation_noise)
    plot.whisker_x(y, claim.validation_noise->low, claim.validation_noise->high, "noise");
  if (std::isnan(row.estimate)) {
    add_beside_threshold(plot, frame, claim, plot.pixel_y(y) + 4, "no complete pair", true);
    return;
  }
  std::string hover = fmt::format("{} images: {}", number_text(row.images),
                                  estimate_text(row.estimate, row.interval, claim.threshold));
  if (row.interval) hover += fmt::format(" ({})", range_text(*row.interval, claim.threshold));
  plot.marker({row.estimate, y}, 0, decides ? 4.6 : 3.2, css + (row.interval ? " mark" : " hollow"),
              fmt::format("{}, n = {}", hover, row.n));
}

void add_line(page::HtmlWriter& html, const Claim& claim) {
  std::vector<std::string> labels;
  for (const SizeRow& row : claim.by_size) labels.push_back(number_text(row.images));
  size_t longest = 0;
  for (const std::string& label : labels) longest = std::max(longest, label.size());
  const page::PlotFrame frame{.width = 300,
                              .height = 62 + kRowHeight * static_cast<double>(labels.size()),
                              .left = 14 + 7.2 * static_cast<double>(longest),
                              .right = 4,
                              .top = 20,
                              .bottom = 42,
                              .grid = false};
  page::Axis axis = value_axis(claim);
  Plot plot(html, frame, axis, page::row_axis(labels),
            fmt::format("interval of claim {} by size: {}", claim.id, claim.why));
  const bool above = kRules[static_cast<size_t>(claim.id) - 1].supports == Side::kAbove;
  plot.stripe_x(above ? claim.threshold : axis.low, above ? axis.high : claim.threshold,
                "supports");
  plot.label(0, 11, "images", "start");
  plot.line_at_x(claim.threshold, "threshold");
  const std::string value = page::typeset(fmt::format("{}", claim.threshold));
  add_beside_threshold(plot, frame, claim, 11,
                       above ? fmt::format("above {} →", value) : fmt::format("← below {}", value),
                       above);
  for (size_t i = 0; i < claim.by_size.size(); ++i)
    add_row(plot, frame, claim, shown_row(claim, claim.by_size[i]), static_cast<double>(i) + 0.5);
  plot.end();
}

void add_estimate(page::HtmlWriter& html, const Claim& claim) {
  html.open("p", {{"class", "estimate"}});
  if (std::isnan(claim.estimate)) {
    html.element("small", "nothing measured");
  } else {
    const bool is_difference = claim.unit == "AP";
    html.text(is_difference
                  ? signed_text(claim.estimate, claim.interval, claim.threshold)
                  : number_text(claim.estimate, claim.interval
                                                    ? decimals_of(*claim.interval, claim.threshold)
                                                    : 2));
    std::string more = " " + claim.unit;
    if (claim.interval) more += fmt::format(" ({})", range_text(*claim.interval, claim.threshold));
    html.element("small", fmt::format("{}, n = {}", more, claim.n));
  }
  html.close();
}

void add_card(page::HtmlWriter& html, const Claim& claim) {
  const std::string verdict = verdict_name(claim.verdict);
  std::string title = claim.title;
  title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(title[0])));
  html.open("article", {{"class", "card " + verdict},
                        {"data-claim", std::to_string(claim.id)},
                        {"data-arm", claim.arm},
                        {"data-estimate", exact(claim.estimate)},
                        {"data-low", claim.interval ? exact(claim.interval->low) : ""},
                        {"data-high", claim.interval ? exact(claim.interval->high) : ""},
                        {"data-threshold", exact(claim.threshold)},
                        {"data-n", std::to_string(claim.n)}});
  html.open("h4").element("span", std::to_string(claim.id), {{"class", "number"}});
  html.text(title).close();
  html.open("p", {{"class", "verdict"}});
  add_sign(html, claim.verdict);
  html.text(verdict).close();
  add_estimate(html, claim);
  add_line(html, claim);
  std::string why = claim.why;
  if (claim.validation_noise)
    why += fmt::format(
        "; the choice of validation images alone leaves {} (dashed), which decides "
        "nothing",
        range_text(*claim.validation_noise, claim.threshold));
  why[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(why[0])));
  html.element("p", page::typeset(why) + ".", {{"class", "why"}});
  html.element("p", page::typeset("Rule: " + claim.rule) + ".", {{"class", "rule"}});
  html.close();
}

void add_cards(page::HtmlWriter& html, const ArmClaims& arm, const std::string& heading) {
  if (!heading.empty()) html.element("h3", heading);
  html.open("div", {{"class", "cards"}});
  for (const Claim& claim : arm.claims) add_card(html, claim);
  if (arm.keypoints) add_card(html, *arm.keypoints);
  html.close();
}

}  // namespace

void add_verdicts(page::HtmlWriter& html, const StudyReport& report) {
  const Design& design = report.design;
  html.open("section").element("h2", "Six claims, six verdicts");
  html.element(
      "p",
      fmt::format(
          "S is {}, P the pre-trained arm. Differences are taken within pairs of one seed; the bar "
          "is the {:.0f} % interval of their mean, the dot the mean, a thick bar the size that "
          "decides; where the claim holds is shaded. A verdict compares that interval with the "
          "threshold by the rule that was fixed "
          "before the first run, and nothing else.",
          design.reference, 100 * kConfidence),
      {{"class", "note"}});
  const bool several = report.claims.size() > 1, masks = !report.masks.empty();
  for (size_t i = 0; i < report.claims.size(); ++i) {
    const std::string of_arm = several ? fmt::format(" of {}", report.claims[i].arm) : "";
    add_cards(html, report.claims[i], several || masks ? "Box AP" + of_arm : "");
    if (masks) add_cards(html, report.masks[i], "Mask AP" + of_arm);
  }
  html.close();
}

}  // namespace denovo::study
