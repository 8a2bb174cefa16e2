#include "apps/evaluation/evaluation_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "apps/evaluation/confusion_table.h"
#include "apps/page/page_frame.h"
#include "apps/page/plot.h"
#include "apps/study/statistics/wording.h"
#include "core/program/version.h"

namespace denovo::evaluation {
namespace {

using data::EvaluationResult;
using data::IouType;
using page::Point;
using study::number_text;

constexpr size_t kMostPanels = 12;  // of classes, the worst ones
constexpr const char* kAreaNames[] = {"all", "small", "medium", "large"};

/// Thresholds 0 and 5 are 0.5 and 0.75.
constexpr struct {
  int threshold;
  const char* name;
} kThresholds[] = {{-1, "0.5 to 0.95"}, {0, "0.5"}, {5, "0.75"}};

std::string title_of(IouType type) {
  switch (type) {
    case IouType::kSegm:
      return "Masks";
    case IouType::kKeypoints:
      return "Keypoints";
    default:
      return "Boxes";
  }
}

/// In percent; "–" where nothing is defined. `bar`: drawn behind it too.
void add_percent(page::HtmlWriter& html, double fraction, bool bar = false) {
  const std::string value = page::exact(fraction),
                    share = fmt::format("--share:{:.0f}%", std::max(0.0, 100 * fraction));
  const std::string text = fraction < 0 ? "–" : number_text(100 * fraction, 1);
  if (bar) {
    html.element("td", text, {{"class", "n bar"}, {"style", share}, {"data-value", value}});
  } else {
    html.element("td", text, {{"class", "n"}, {"data-value", value}});
  }
}

void begin_table(page::HtmlWriter& html, const char* what,
                 std::initializer_list<const char*> heads) {
  html.open("div", {{"class", "scroll"}}).open("table", {{"data-table", what}});
  html.open("thead").open("tr");
  for (const char* head : heads)
    html.element("th", head, {{"class", head == *heads.begin() ? "" : "n"}});
  html.close().close().open("tbody");
}

void end_table(page::HtmlWriter& html) {
  html.close().close().close();
}

void add_numbers(page::HtmlWriter& html, std::span<const EvaluationResult> results) {
  html.open("dl", {{"class", "facts"}});
  for (const EvaluationResult& result : results)
    for (const auto& [name, value] : result.numbers()) {
      html.open("div").element("dt", fmt::format("{} {}", title_of(result.iou_type), name));
      html.element(
          "dd", value < 0 ? "–" : number_text(100 * value, 1),
          {{"data-score", fmt::format("{}/{}", data::iou_type_name(result.iou_type), name)},
           {"data-value", page::exact(value)}});
      html.close();
    }
  html.close();
}

std::vector<Point> curve(const EvaluationResult& result,
                         const data::EvaluationCurves::Cells& cells) {
  std::vector<Point> points;
  const std::vector<double> precision = result.curves.precision_at_recalls(cells);
  for (size_t r = 0; r < precision.size(); ++r)
    if (precision[r] >= 0)
      points.push_back({static_cast<double>(r), 100 * precision[r]});  // 101 points: percents
  return points;
}

void add_curves(page::HtmlWriter& html, const EvaluationResult& result, int category,
                const std::string& title) {
  html.open("figure").element("h4", title);
  const auto axis = [](const char* name) {
    return page::linear_axis(name, 0, 100, 6, page::Fit::kExact);
  };
  page::Plot plot(html, {.width = 320, .height = 250, .left = 40, .right = 12}, axis("recall (%)"),
                  axis("precision (%)"), title + ": precision against recall");
  size_t colour = 0;
  for (const auto& [threshold, name] : kThresholds)
    plot.line(curve(result, {.threshold = threshold, .category = category}),
              page::colour_class(colour++) + " line");
  plot.end();
  html.close();
}

void add_legend(page::HtmlWriter& html, IouType type) {
  html.open("div", {{"class", "legend"}});
  size_t colour = 0;
  for (const auto& [threshold, name] : kThresholds) {
    html.open("span");
    page::legend_key(html, colour++, "");
    html.text(fmt::format("{} {}", type == IouType::kKeypoints ? "OKS" : "IoU", name)).close();
  }
  html.close();
}

int64_t objects_of(const EvaluationResult& result, int area) {
  int64_t sum = 0;
  for (const auto& category : result.per_category)
    sum += category.objects[static_cast<size_t>(area)];
  return sum;
}

void add_sizes(page::HtmlWriter& html, const EvaluationResult& result) {
  begin_table(html, "sizes", {"size", "objects", "AP", "AP50", "AP75", "AR"});
  const auto areas = data::EvaluationAxes::of(result.iou_type).areas;
  for (int a = 0; a < std::ssize(areas); ++a) {
    const int area = areas[static_cast<size_t>(a)];
    html.open("tr", {{"class", "group"}}).element("td", kAreaNames[area]);
    html.element("td", number_text(objects_of(result, area)), {{"class", "n"}});
    for (const int threshold : {-1, 0, 5})
      add_percent(html, result.curves.mean_precision({.threshold = threshold, .area = a}),
                  threshold < 0);
    add_percent(html, result.curves.mean_recall({.area = a}));
    html.close();
  }
  end_table(html);
  html.element("p", "Sizes are the reference's: below 32 and below 96 pixels squared, and above.",
               {{"class", "note"}});
}

/// Class indices, those without objects last, the lowest AP first where there are too many to show.
std::vector<int> worst_first(const EvaluationResult& result) {
  std::vector<int> order;
  for (int k = 0; k < std::ssize(result.per_category); ++k) order.push_back(k);
  const auto ap = [&](int k) {
    const double value = result.per_category[static_cast<size_t>(k)].AP;
    return value < 0 ? 2 : value;
  };
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return ap(a) < ap(b); });
  return order;
}

void add_classes(page::HtmlWriter& html, const EvaluationResult& result) {
  html.element("h3", "By class, the worst first");
  begin_table(html, "classes", {"class", "objects", "AP", "AP50", "AP75", "AR"});
  const std::vector<int> order = worst_first(result);
  for (const int k : order) {
    const data::CategoryPrecision& category = result.per_category[static_cast<size_t>(k)];
    html.open("tr", {{"class", "group"}}).element("td", category.name);
    html.element("td", number_text(category.objects[0]), {{"class", "n"}});
    for (const int threshold : {-1, 0, 5})
      add_percent(html, result.curves.mean_precision({.threshold = threshold, .category = k}),
                  threshold < 0);
    add_percent(html, result.curves.mean_recall({.category = k}));
    html.close();
  }
  end_table(html);
}

void add_result(page::HtmlWriter& html, const EvaluationResult& result) {
  html.element("h2", title_of(result.iou_type));
  add_legend(html, result.iou_type);
  html.open("div", {{"class", "panels three"}});
  add_curves(html, result, -1, "All classes");
  const std::vector<int> order = worst_first(result);
  size_t shown = 0;
  if (order.size() > 1)
    for (const int k : order)
      if (result.per_category[static_cast<size_t>(k)].AP >= 0 && shown++ < kMostPanels)
        add_curves(html, result, k, result.per_category[static_cast<size_t>(k)].name);
  html.close();
  if (shown > kMostPanels)
    html.element("p", fmt::format("Of the classes the {} with the lowest AP.", kMostPanels),
                 {{"class", "note"}});
  html.element("h3", "By size");
  add_sizes(html, result);
  if (order.size() > 1) add_classes(html, result);
}

}  // namespace

std::string evaluation_page(const std::string& what, std::span<const EvaluationResult> results) {
  page::HtmlWriter html;
  page::begin_page(html, "Evaluation: " + what);
  html.element("div", "denovo · evaluation", {{"class", "eyebrow"}});
  html.element("h1", what);
  add_numbers(html, results);
  for (const EvaluationResult& result : results)
    for (const std::string& warning : result.warnings)
      html.element("p", warning, {{"class", "notice"}});
  for (const EvaluationResult& result : results) add_result(html, result);
  for (const EvaluationResult& result : results)
    if (result.confusion) add_confusion(html, *result.confusion, result.per_category);
  html.element("footer", version_line());
  return page::end_page(html);
}

}  // namespace denovo::evaluation
