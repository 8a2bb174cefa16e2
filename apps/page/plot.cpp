#include "apps/page/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace denovo::page {
namespace {

std::string px(double value) {
  return fmt::format("{:.1f}", value);
}

std::string path_of(const std::vector<Point>& pixels) {
  std::string path;
  for (const Point& p : pixels)
    path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", p.x, p.y);
  return path;
}

/// Outline of shape `index` around a pixel, of about equal area for equal radius.
std::string shape_path(size_t index, Point at, double r) {
  const auto polygon = [&](std::initializer_list<Point> corners) {
    std::vector<Point> pixels;
    for (const Point& c : corners) pixels.push_back({at.x + c.x * r, at.y + c.y * r});
    return path_of(pixels) + "Z";
  };
  switch (index % kNumColours) {
    case 0:
      return fmt::format(
          "M{0:.1f} {1:.1f}a{2:.1f} {2:.1f} 0 1 0 {3:.1f} 0a{2:.1f} {2:.1f} 0 1 0 "
          "-{3:.1f} 0Z",
          at.x - r, at.y, r, 2 * r);
    case 1:
      return polygon({{-.9, -.9}, {.9, -.9}, {.9, .9}, {-.9, .9}});
    case 2:
      return polygon({{0, -1.25}, {1.15, .85}, {-1.15, .85}});
    case 3:
      return polygon({{0, -1.3}, {1.3, 0}, {0, 1.3}, {-1.3, 0}});
    case 4:
      return polygon({{0, 1.25}, {1.15, -.85}, {-1.15, -.85}});
    default:
      return polygon({{-.4, -1.2},
                      {.4, -1.2},
                      {.4, -.4},
                      {1.2, -.4},
                      {1.2, .4},
                      {.4, .4},
                      {.4, 1.2},
                      {-.4, 1.2},
                      {-.4, .4},
                      {-1.2, .4},
                      {-1.2, -.4},
                      {-.4, -.4}});
  }
}

}  // namespace

std::string colour_class(size_t index) {
  return fmt::format("arm{}", index % kNumColours);
}

Plot::Plot(HtmlWriter& html, const PlotFrame& frame, Axis x, Axis y, std::string_view what)
    : html_(html), frame_(frame), x_(std::move(x)), y_(std::move(y)) {
  const std::string box = fmt::format("0 0 {} {}", frame_.width, frame_.height);
  html_.open("svg", {{"viewBox", box}, {"role", "img"}, {"aria-label", what}});
  draw_axes();
}

double Plot::pixel_x(double x) const {
  return frame_.left + x_.place(x) * (frame_.width - frame_.left - frame_.right);
}

double Plot::pixel_y(double y) const {
  return frame_.height - frame_.bottom - y_.place(y) * (frame_.height - frame_.top - frame_.bottom);
}

void Plot::draw_axes() {
  const double bottom = frame_.height - frame_.bottom, right = frame_.width - frame_.right;
  for (const Tick& tick : y_.ticks) {
    const double y = pixel_y(tick.value);
    if (frame_.grid) segment(frame_.left, y, right, y, "grid");
    label(frame_.left - 7, y + 4, tick.label, "end");
  }
  segment(frame_.left, bottom, right, bottom, "axis");
  for (const Tick& tick : x_.ticks) {
    const double x = pixel_x(tick.value);
    segment(x, bottom, x, bottom + 4, "axis");
    label(x, bottom + 17, tick.label, "middle");
  }
  if (!y_.title.empty()) label(0, 12, y_.title, "start", "title");
  if (!x_.title.empty()) label(right, frame_.height - 6, x_.title, "end");
}

void Plot::segment(double x1, double y1, double x2, double y2, std::string_view css) {
  html_.empty("line",
              {{"x1", px(x1)}, {"y1", px(y1)}, {"x2", px(x2)}, {"y2", px(y2)}, {"class", css}});
}

void Plot::line(std::span<const Point> points, std::string_view css) {
  std::vector<Point> pixels;
  for (const Point& p : points) pixels.push_back({pixel_x(p.x), pixel_y(p.y)});
  if (pixels.size() > 1) html_.empty("path", {{"d", path_of(pixels)}, {"class", css}});
}

void Plot::band(std::span<const Point> low, std::span<const Point> high, std::string_view css) {
  std::vector<Point> pixels;
  for (const Point& p : low) pixels.push_back({pixel_x(p.x), pixel_y(p.y)});
  for (size_t i = high.size(); i-- > 0;) pixels.push_back({pixel_x(high[i].x), pixel_y(high[i].y)});
  if (low.size() > 1) html_.empty("path", {{"d", path_of(pixels) + "Z"}, {"class", css}});
}

void Plot::stripe_y(double low, double high, std::string_view css) {
  const double top = pixel_y(std::min(high, y_.high)), bottom = pixel_y(std::max(low, y_.low));
  html_.empty("rect", {{"x", px(frame_.left)},
                       {"y", px(top)},
                       {"width", px(frame_.width - frame_.left - frame_.right)},
                       {"height", px(std::max(bottom - top, 0.0))},
                       {"class", css}});
}

void Plot::stripe_x(double low, double high, std::string_view css) {
  const double left = pixel_x(std::max(low, x_.low)), right = pixel_x(std::min(high, x_.high));
  html_.empty("rect", {{"x", px(left)},
                       {"y", px(frame_.top)},
                       {"width", px(std::max(right - left, 0.0))},
                       {"height", px(frame_.height - frame_.top - frame_.bottom)},
                       {"class", css}});
}

void Plot::line_at_x(double x, std::string_view css) {
  segment(pixel_x(x), frame_.top - 4, pixel_x(x), frame_.height - frame_.bottom, css);
}

void Plot::line_at_y(double y, std::string_view css) {
  segment(frame_.left, pixel_y(y), frame_.width - frame_.right, pixel_y(y), css);
}

void Plot::whisker_y(double x, double low, double high, std::string_view css, double shift) {
  const double at = pixel_x(x) + shift;
  segment(at, pixel_y(low), at, pixel_y(high), css);
  for (const double end : {low, high}) segment(at - 4, pixel_y(end), at + 4, pixel_y(end), css);
}

void Plot::whisker_x(double y, double low, double high, std::string_view css) {
  const double at = pixel_y(y), left = pixel_x(low);
  segment(left, at - 4, left, at + 4, css);
  if (std::isfinite(high)) {
    segment(left, at, pixel_x(high), at, css);
    segment(pixel_x(high), at - 4, pixel_x(high), at + 4, css);
    return;
  }
  const double right = frame_.width - frame_.right;
  segment(left, at, right, at, css);
  segment(right - 6, at - 4, right, at, css);
  segment(right - 6, at + 4, right, at, css);
}

void Plot::marker(Point at, size_t index, double radius, std::string_view css,
                  std::string_view hover, double shift) {
  const std::string path = shape_path(index, {pixel_x(at.x) + shift, pixel_y(at.y)}, radius);
  html_.open("path", {{"d", path}, {"class", css}}).element("title", hover).close();
}

void Plot::label(double pixel_x, double pixel_y, std::string_view text, std::string_view anchor,
                 std::string_view css) {
  const std::string x = px(pixel_x), y = px(pixel_y);
  if (css.empty()) {
    html_.element("text", text, {{"x", x}, {"y", y}, {"text-anchor", anchor}});
  } else {
    html_.element("text", text, {{"x", x}, {"y", y}, {"text-anchor", anchor}, {"class", css}});
  }
}

void legend_key(HtmlWriter& html, size_t index, std::string_view css) {
  html.open("svg", {{"viewBox", "0 0 30 12"}, {"class", "key"}, {"aria-hidden", "true"}});
  const std::string colour = colour_class(index);
  html.empty("path", {{"d", "M0 6H30"}, {"class", fmt::format("{} line {}", colour, css)}});
  html.empty("path", {{"d", shape_path(index, {15, 6}, 4)}, {"class", colour + " mark"}});
  html.close();
}

}  // namespace denovo::page
