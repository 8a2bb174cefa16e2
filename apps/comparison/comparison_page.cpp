#include "apps/comparison/comparison_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "apps/page/page_frame.h"
#include "apps/page/plot.h"
#include "apps/study/statistics/wording.h"
#include "core/program/version.h"

namespace denovo::comparison {
namespace {

using page::exact;
using page::Plot;
using page::Point;
using study::number_text;

constexpr size_t kMostPoints = 200;  // of a curve: more than the page has pixels say nothing more

struct Score {
  const char *key, *title;
};

/// Those that some run has; the first is what runs are ranked by.
std::vector<Score> scores_of(const std::vector<ComparedRun>& runs) {
  constexpr Score kDetector[] = {{"bbox/AP", "box AP (%)"},
                                 {"bbox/AP50", "box AP50 (%)"},
                                 {"bbox/AP75", "box AP75 (%)"},
                                 {"segm/AP", "mask AP (%)"}};
  constexpr Score kClassifier[] = {{"top1", "top-1 (%)"}, {"top5", "top-5 (%)"}};
  std::vector<Score> scores;
  const auto add = [&](const auto& all) {
    for (const Score& score : all)
      if (std::any_of(runs.begin(), runs.end(),
                      [&](const ComparedRun& run) { return run.last(score.key); }))
        scores.push_back(score);
  };
  if (runs.front().kind == RunKind::kDetector) {
    add(kDetector);
  } else {
    add(kClassifier);
  }
  return scores;
}

std::string style_of(size_t run) {
  return page::colour_class(run) + (run >= page::kNumColours ? " line dash" : " line");
}

std::vector<Point> curve_of(const std::vector<MetricsLine>& lines, const std::string& key) {
  std::vector<Point> points;
  for (const MetricsLine& line : lines)
    if (const double value = line.value(key); std::isfinite(value))
      points.push_back({static_cast<double>(line.iteration), value});
  return points;
}

/// Means of neighbours, so that at most kMostPoints are left; each at its last iteration.
std::vector<Point> thinned(const std::vector<Point>& points) {
  const size_t width = (points.size() + kMostPoints - 1) / kMostPoints;
  if (width <= 1) return points;
  std::vector<Point> result;
  for (size_t begin = 0; begin < points.size(); begin += width) {
    const size_t end = std::min(begin + width, points.size());
    double sum = 0;
    for (size_t i = begin; i < end; ++i) sum += points[i].y;
    result.push_back({points[end - 1].x, sum / static_cast<double>(end - begin)});
  }
  return result;
}

class CurveFigures {
 public:
  CurveFigures(page::HtmlWriter& html, const std::vector<ComparedRun>& runs)
      : html_(html), runs_(runs) {
    double last = 0;
    for (const ComparedRun& run : runs_) {
      last = std::max(last, static_cast<double>(run.totals.iteration));
      if (!run.evaluations.empty())
        last = std::max(last, static_cast<double>(run.evaluations.back().iteration));
    }
    x_ = page::linear_axis("iterations", 0, last, 6, page::Fit::kExact);
  }

  void add_score(const Score& score) {
    std::vector<std::vector<Point>> curves;
    for (const ComparedRun& run : runs_) curves.push_back(curve_of(run.evaluations, score.key));
    add(score.title, curves, true);
  }

  void add_loss() {
    std::vector<std::vector<Point>> curves;
    for (const ComparedRun& run : runs_)
      curves.push_back(thinned(curve_of(run.training, "total_loss")));
    add("total loss", curves, false);
  }

 private:
  void add(const std::string& title, const std::vector<std::vector<Point>>& curves, bool markers) {
    double highest = 0;
    for (const std::vector<Point>& curve : curves)
      for (const Point& point : curve) highest = std::max(highest, point.y);
    html_.open("figure");
    Plot plot(html_, {}, x_, page::linear_axis(title, 0, highest, 6, page::Fit::kOutward),
              title + " against iterations");
    for (size_t run = 0; run < curves.size(); ++run) {
      plot.line(curves[run], style_of(run));
      for (const Point& point : curves[run])
        if (markers)
          plot.marker(
              point, run, 3.3, page::colour_class(run) + " mark",
              fmt::format("{}, {} iterations: {}", runs_[run].name,
                          number_text(static_cast<int64_t>(point.x)), number_text(point.y, 1)));
    }
    plot.end();
    html_.close();
  }

  page::HtmlWriter& html_;
  const std::vector<ComparedRun>& runs_;
  page::Axis x_;
};

void add_legend(page::HtmlWriter& html, const std::vector<ComparedRun>& runs) {
  html.open("div", {{"class", "legend"}});
  for (size_t i = 0; i < runs.size(); ++i) {
    html.open("span");
    page::legend_key(html, i, i >= page::kNumColours ? "dash" : "");
    html.text(runs[i].name).close();
  }
  html.close();
}

void add_value(page::HtmlWriter& html, const MetricsLine* line, const char* key, bool say_when) {
  const double value = line ? line->value(key) : std::nan("");
  html.open("td", {{"class", "n"}, {"data-score", key}, {"data-value", exact(value)}});
  html.text(std::isnan(value) ? "–" : number_text(value, 1));
  if (line && say_when) html.element("small", fmt::format(" at {}", number_text(line->iteration)));
  html.close();
}

void add_table(page::HtmlWriter& html, const std::vector<ComparedRun>& runs,
               const std::vector<Score>& scores, const std::string& folder) {
  html.open("div", {{"class", "scroll"}}).open("table").open("thead").open("tr");
  html.element("th", "run").element("th", "state").element("th", "iterations", {{"class", "n"}});
  for (const Score& score : scores) {
    html.element("th", score.title, {{"class", "n"}});
    if (&score == &scores.front())
      html.element("th", fmt::format("best {}", score.title), {{"class", "n"}});
  }
  for (const char* what : {"last loss", "images seen", "seconds"})
    html.element("th", what, {{"class", "n"}});
  html.close().close().open("tbody");
  for (const ComparedRun& run : runs) {
    html.open("tr", {{"class", "group"}, {"data-run", run.name}});
    const std::string link = page::link_to(
        std::filesystem::absolute(run.path).lexically_proximate(folder).string() + "/");
    html.open("td").element("a", run.name, {{"href", link}}).close();
    html.element("td", run.finished ? "finished" : "not finished");
    html.element("td", number_text(run.totals.iteration), {{"class", "n"}});
    for (const Score& score : scores) {
      add_value(html, run.last(score.key), score.key, false);
      if (&score == &scores.front()) add_value(html, run.best(score.key), score.key, true);
    }
    const double loss =
        run.training.empty() ? std::nan("") : run.training.back().value("total_loss");
    html.element("td", std::isnan(loss) ? "–" : number_text(loss, 3),
                 {{"class", "n"}, {"data-value", exact(loss)}});
    html.element("td", number_text(run.totals.images_seen), {{"class", "n"}});
    html.element("td", number_text(run.totals.seconds, 0), {{"class", "n"}});
    html.close();
  }
  html.close().close().close();
}

void add_config(page::HtmlWriter& html, const std::vector<ComparedRun>& runs) {
  if (runs.size() == 1) {
    html.element("h2", "Configuration");
    std::string text;
    for (const auto& [key, value] : runs.front().config)
      text += fmt::format("{} = {}\n", key, value);
    html.element("pre", text);
    return;
  }
  html.element("h2", "Where their configurations differ");
  const std::vector<ConfigRow> rows = config_rows(runs);
  if (rows.empty()) {
    html.element("p", "Nowhere: all keys have the same values.");
    return;
  }
  html.open("div", {{"class", "scroll"}}).open("table").open("thead").open("tr");
  html.element("th", "key");
  for (const ComparedRun& run : runs) html.element("th", run.name);
  html.close().close().open("tbody");
  for (const ConfigRow& row : rows) {
    html.open("tr", {{"class", "group"}}).element("td", row.key);
    for (const std::string& value : row.values) html.element("td", value, {{"class", "wrap"}});
    html.close();
  }
  html.close().close().close();
}

}  // namespace

std::string comparison_page(const std::vector<ComparedRun>& runs, const std::string& folder) {
  page::HtmlWriter html;
  const std::string title = runs.size() == 1 ? "A run: " + runs.front().name
                                             : fmt::format("{} runs compared", runs.size());
  const std::vector<Score> scores = scores_of(runs);
  page::begin_page(html, title);
  html.element(
      "div",
      runs.front().kind == RunKind::kDetector ? "denovo · detectors" : "denovo · classifiers",
      {{"class", "eyebrow"}});
  html.element("h1", title);
  add_legend(html, runs);
  html.open("div", {{"class", "panels"}});
  CurveFigures figures(html, runs);
  for (const Score& score : scores)
    if (const std::string key = score.key; key == "bbox/AP" || key == "segm/AP" || key == "top1")
      figures.add_score(score);
  figures.add_loss();
  html.close();
  if (scores.empty())
    html.element("p", "No evaluation has been made yet: the loss is all there is.",
                 {{"class", "note"}});
  html.element("h2", "What came of them");
  add_table(html, runs, scores, folder);
  add_config(html, runs);
  html.element("footer", version_line());
  return page::end_page(html);
}

}  // namespace denovo::comparison
