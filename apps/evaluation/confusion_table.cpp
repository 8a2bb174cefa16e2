#include "apps/evaluation/confusion_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "apps/study/statistics/wording.h"

namespace denovo::evaluation {
namespace {

using study::number_text;

constexpr int kMostColumns = 12;  // of a table that still fits
constexpr size_t kMostMistakes = 20;

std::string percent(int64_t part, int64_t whole) {
  return whole == 0
             ? "–"
             : fmt::format(
                   "{} %",
                   number_text(100.0 * static_cast<double>(part) / static_cast<double>(whole), 0));
}

struct Totals {
  int64_t objects = 0, detections = 0, right = 0, confused = 0, missed = 0, invented = 0;

  explicit Totals(const data::Confusion& c) {
    for (int i = 0; i < c.num_categories; ++i) {
      objects += c.objects(i);
      detections += c.detections(i);
      right += c.count(i, i);
      missed += c.count(i, c.none());
      invented += c.count(c.none(), i);
    }
    confused = objects - right - missed;
  }
};

void add_sentences(page::HtmlWriter& html, const data::Confusion& c) {
  const Totals totals(c);
  html.open("p").text(
      fmt::format("With scores of {:g} and above, {} of {} objects are found as what they are "
                  "({}), {} are taken "
                  "for another class and {} are missed. ",
                  c.rule.min_score, number_text(totals.right), number_text(totals.objects),
                  percent(totals.right, totals.objects), number_text(totals.confused),
                  number_text(totals.missed)));
  html.text(fmt::format("Of {} detections {} lie on no object ({}).",
                        number_text(totals.detections), number_text(totals.invented),
                        percent(totals.invented, totals.detections)));
  html.close();
  html.element("p",
               fmt::format("An object is found where the IoU of the boxes is at least {:g}; each "
                           "once, own classes first.",
                           c.rule.min_iou),
               {{"class", "note"}});
}

/// Rows are objects, columns what they are taken for; bars are shares of the row.
void add_table(page::HtmlWriter& html, const data::Confusion& c,
               std::span<const data::CategoryPrecision> classes) {
  const auto name = [&](int category, const char* none) {
    return category == c.none() ? none : classes[static_cast<size_t>(category)].name;
  };
  html.open("div", {{"class", "scroll"}}).open("table", {{"data-table", "confusion"}});
  html.open("thead").open("tr").element("th", "object");
  for (int k = 0; k <= c.num_categories; ++k)
    html.element("th", name(k, "missed"), {{"class", "n"}});
  html.close().close().open("tbody");
  for (int i = 0; i <= c.num_categories; ++i) {
    html.open("tr", {{"class", "group"}}).element("td", name(i, "no object"));
    for (int k = 0; k <= c.num_categories; ++k) {
      if (i == c.none() && k == c.none()) {
        html.element("td", "");
        continue;
      }
      const int64_t count = c.count(i, k);
      const double share = i == c.none() || count == 0 ? 0
                                                       : 100.0 * static_cast<double>(count) /
                                                             static_cast<double>(c.objects(i));
      html.element("td", count == 0 ? "·" : number_text(count),
                   {{"class", "n bar"}, {"style", fmt::format("--share:{:.0f}%", share)}});
    }
    html.close();
  }
  html.close().close().close();
}

void add_mistakes(page::HtmlWriter& html, const data::Confusion& c,
                  std::span<const data::CategoryPrecision> classes) {
  std::vector<std::tuple<int64_t, int, int>> mistakes;  // count, object, detection
  for (int i = 0; i < c.num_categories; ++i)
    for (int k = 0; k < c.num_categories; ++k)
      if (i != k && c.count(i, k) > 0) mistakes.emplace_back(c.count(i, k), i, k);
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [](const auto& a, const auto& b) { return std::get<0>(a) > std::get<0>(b); });
  if (mistakes.empty()) return;
  const size_t shown = std::min(mistakes.size(), kMostMistakes);
  html.element("h3", shown == mistakes.size()
                         ? "Classes that are taken for another"
                         : fmt::format("The {} pairs of classes that are confused most", shown));
  html.open("div", {{"class", "scroll"}}).open("table", {{"data-table", "mistakes"}});
  html.open("thead").open("tr").element("th", "object").element("th", "taken for");
  html.element("th", "times", {{"class", "n"}}).element("th", "of its objects", {{"class", "n"}});
  html.close().close().open("tbody");
  for (size_t m = 0; m < shown; ++m) {
    const auto& [count, i, k] = mistakes[m];
    html.open("tr", {{"class", "group"}});
    html.element("td", classes[static_cast<size_t>(i)].name);
    html.element("td", classes[static_cast<size_t>(k)].name);
    html.element("td", number_text(count), {{"class", "n"}});
    html.element("td", percent(count, c.objects(i)), {{"class", "n"}});
    html.close();
  }
  html.close().close().close();
}

}  // namespace

void add_confusion(page::HtmlWriter& html, const data::Confusion& confusion,
                   std::span<const data::CategoryPrecision> classes) {
  html.element("h2", "What objects are taken for");
  add_sentences(html, confusion);
  if (confusion.num_categories < kMostColumns) {
    add_table(html, confusion, classes);
  } else {
    add_mistakes(html, confusion, classes);
  }
}

}  // namespace denovo::evaluation
