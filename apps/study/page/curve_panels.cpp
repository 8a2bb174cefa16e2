#include "apps/study/page/curve_panels.h"

#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <map>

#include "apps/page/plot.h"
#include "apps/study/page/answer.h"
#include "apps/study/statistics/wording.h"

namespace denovo::study {
namespace {

using page::Plot;
using page::Point;
using ScoreOf = std::function<double(const RunPoint&)>;

/// Mean, lowest and highest over the seeds at each evaluation that all of them have.
struct SeedCurve {
  std::vector<Point> mean, low, high;
  size_t n = 0;
};

/// The finished runs; where none is, those that have begun.
SeedCurve seed_curve(const StudyReport& report, const std::string& arm, int64_t images,
                     int64_t schedule, const ScoreOf& score) {
  std::vector<const RunResult*> runs;
  for (const bool finished : {true, false}) {
    if (!runs.empty()) break;
    for (const RunResult& run : report.runs)
      if (run.run.arm == arm && run.run.images == images && run.run.schedule == schedule &&
          !run.curve.empty() && (run.state == JobState::kFinished) == finished)
        runs.push_back(&run);
  }
  std::map<int64_t, std::vector<double>> values;
  for (const RunResult* run : runs)
    for (const RunPoint& point : run->curve)
      if (const double value = score(point); !std::isnan(value))
        values[point.iteration].push_back(value);
  SeedCurve curve;
  curve.n = runs.size();
  for (const auto& [iteration, seeds] : values) {
    if (seeds.size() < runs.size()) continue;
    const auto x = static_cast<double>(iteration);
    const auto [low, high] = std::minmax_element(seeds.begin(), seeds.end());
    curve.mean.push_back({x, mean(seeds)});
    curve.low.push_back({x, *low});
    curve.high.push_back({x, *high});
  }
  return curve;
}

/// One row of panels.
struct Panels {
  std::string title;      // of the y axis
  ScoreOf solid, dashed;  // dashed: may be empty
  bool all_schedules = true;
  double height = 270;
};

class CurvePanels {
 public:
  CurvePanels(page::HtmlWriter& html, const StudyReport& report, const Panels& panels)
      : html_(html), report_(report), design_(report.design), panels_(panels) {}

  void add() {
    double highest = 0;
    for (const RunResult& run : report_.runs)
      for (const RunPoint& point : run.curve)
        for (const ScoreOf& score : {panels_.solid, panels_.dashed})
          if (score && score(point) > highest) highest = score(point);
    y_ = page::linear_axis(panels_.title, 0, highest, 6, page::Fit::kOutward);
    x_ = page::linear_axis("iterations", 0, static_cast<double>(design_.longest()), 6,
                           page::Fit::kExact);
    html_.open("div", {{"class", "panels"}});
    for (const int64_t images : design_.sizes) panel(images);
    html_.close();
  }

 private:
  void panel(int64_t images) {
    html_.open("figure").element("h4", number_text(images) + " training images");
    Plot plot(html_, {.height = panels_.height}, x_, y_,
              fmt::format("{} against iterations at {} images", panels_.title, images));
    const int64_t longest = design_.longest(images);
    for (const int64_t schedule : design_.schedules_of(images))
      if (panels_.all_schedules) plot.line_at_x(static_cast<double>(schedule), "end");
    const std::vector<std::string> arms = arm_names(design_);
    for (size_t arm = 0; arm < arms.size(); ++arm) {
      if (panels_.dashed)
        curve(plot, seed_curve(report_, arms[arm], images, longest, panels_.dashed), arm, "dash");
      curve(plot, seed_curve(report_, arms[arm], images, longest, panels_.solid), arm, "");
    }
    if (panels_.all_schedules)
      for (size_t arm = 0; arm < arms.size(); ++arm)
        for (const int64_t schedule : design_.schedules_of(images))
          if (schedule != longest) shorter(plot, arms[arm], arm, images, schedule);
    plot.end();
    html_.close();
  }

  void curve(Plot& plot, const SeedCurve& curve, size_t arm, const std::string& style) {
    const std::string colour = page::colour_class(arm);
    if (curve.n > 1) plot.band(curve.low, curve.high, colour + " band");
    plot.line(curve.mean, colour + " line " + style);
    for (size_t i = 0; i < curve.mean.size(); ++i)
      plot.marker(curve.mean[i], arm, 3.3, colour + " mark", hover(curve, arm, i));
  }

  /// From the evaluations before its learning rate drops to its own end, which stands out.
  void shorter(Plot& plot, const std::string& name, size_t arm, int64_t images, int64_t schedule) {
    const SeedCurve curve = seed_curve(report_, name, images, schedule, panels_.solid);
    if (curve.mean.empty()) return;
    const std::string colour = page::colour_class(arm);
    plot.line(curve.mean, colour + " line thin");
    const size_t last = curve.mean.size() - 1;
    if (curve.mean[last].x != static_cast<double>(schedule)) return;
    if (curve.n > 1)
      plot.whisker_y(curve.mean[last].x, curve.low[last].y, curve.high[last].y,
                     colour + " whisker");
    plot.marker(curve.mean[last], arm, 4.4, colour + " hollow", hover(curve, arm, last));
  }

  std::string hover(const SeedCurve& curve, size_t arm, size_t i) const {
    return fmt::format("{}, {} iterations: {} ({} to {}), {}", arm_names(design_)[arm],
                       number_text(static_cast<int64_t>(curve.mean[i].x)),
                       number_text(curve.mean[i].y, 1), number_text(curve.low[i].y, 1),
                       number_text(curve.high[i].y, 1), counted(curve.n, "seed"));
  }

  page::HtmlWriter& html_;
  const StudyReport& report_;
  const Design& design_;
  const Panels& panels_;
  page::Axis x_, y_;
};

bool any(const StudyReport& report, const ScoreOf& score) {
  for (const RunResult& run : report.runs)
    for (const RunPoint& point : run.curve)
      if (!std::isnan(score(point))) return true;
  return false;
}

}  // namespace

void add_curves(page::HtmlWriter& html, const StudyReport& report) {
  const ScoreOf box = [](const RunPoint& point) { return point.bbox.ap; };
  const ScoreOf mask = [](const RunPoint& point) { return point.segm.ap; };
  const ScoreOf keypoints = [](const RunPoint& point) { return point.keypoint_ap; };
  const ScoreOf train = [](const RunPoint& point) { return point.train_bbox.ap; };
  html.open("section").element("h2", "AP against iterations");
  if (!any(report, box)) {
    html.element("p", "No run has been evaluated yet.").close();
    return;
  }
  add_arm_legend(
      html, report,
      fmt::format(
          "Mean over seeds; the band reaches from the lowest seed to the highest. Full lines are "
          "the longest schedule{} Dotted verticals mark the ends of schedules.",
          report.design.schedules.size() > 1 ? ", thin ones the shorter schedules, whose learning "
                                               "rate drops earlier and which end "
                                               "in hollow markers with the range of the seeds."
                                             : "."));
  CurvePanels(html, report, {.title = "box AP (%)", .solid = box, .dashed = {}}).add();
  if (any(report, mask)) {
    html.element("h3", "Masks");
    CurvePanels(html, report, {.title = "mask AP (%)", .solid = mask, .dashed = {}}).add();
  }
  if (any(report, keypoints)) {
    html.element("h3", "Keypoints");
    CurvePanels(html, report, {.title = "keypoint AP (%)", .solid = keypoints, .dashed = {}}).add();
  }
  if (any(report, train)) {
    html.element("h3", "On the training images");
    html.element("p",
                 "Dashed: AP on as many training images as there are validation images. The gap to "
                 "the full line, the same validation AP as above, is what claim 5 is about.",
                 {{"class", "note"}});
    CurvePanels(html, report,
                {.title = "box AP (%)",
                 .solid = box,
                 .dashed = train,
                 .all_schedules = false,
                 .height = 220})
        .add();
  }
  html.close();
}

}  // namespace denovo::study
