// A chart as SVG. Colours and widths are classes of page_style.cpp: "arm0" ... "arm5" set the
// colour of what has them; "line", "band", "dash" and others say how it is drawn.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apps/page/axis.h"
#include "apps/page/html_writer.h"

namespace denovo::page {

inline constexpr int kNumColours = 6;

/// "arm3"; colours repeat after kNumColours.
std::string colour_class(size_t index);

struct Point {
  double x = 0, y = 0;
};

/// Sizes in units that are pixels where the chart has its full width.
struct PlotFrame {
  double width = 420, height = 270;
  double left = 40, right = 16, top = 26, bottom = 44;
  bool grid = true;  // horizontal lines at the ticks of y
};

class Plot {
 public:
  /// Opens the picture and draws the axes; `what` is said to those who cannot see it.
  Plot(HtmlWriter& html, const PlotFrame& frame, Axis x, Axis y, std::string_view what);
  void end() { html_.close(); }

  const Axis& x() const { return x_; }
  const Axis& y() const { return y_; }
  double pixel_x(double x) const;
  double pixel_y(double y) const;

  void line(std::span<const Point> points, std::string_view css);
  /// Between two curves over the same x.
  void band(std::span<const Point> low, std::span<const Point> high, std::string_view css);
  /// Over the whole width, or the whole height.
  void stripe_y(double low, double high, std::string_view css);
  void stripe_x(double low, double high, std::string_view css);
  void line_at_x(double x, std::string_view css);
  void line_at_y(double y, std::string_view css);
  /// Intervals with caps, `shift` pixels to the right.
  void whisker_y(double x, double low, double high, std::string_view css, double shift = 0);
  /// Along x; one without upper end leaves the chart as an arrow.
  void whisker_x(double y, double low, double high, std::string_view css);
  /// Shape `index` of circle, square, triangle, diamond, ...; `hover` shows under a pointer.
  void marker(Point at, size_t index, double radius, std::string_view css, std::string_view hover,
              double shift = 0);
  /// Text at a pixel; `anchor`: start, middle or end.
  void label(double pixel_x, double pixel_y, std::string_view text, std::string_view anchor,
             std::string_view css = "");

 private:
  void draw_axes();
  void segment(double x1, double y1, double x2, double y2, std::string_view css);

  HtmlWriter& html_;
  const PlotFrame frame_;
  const Axis x_, y_;
};

/// A sample of a line with its marker, for legends in the text.
void legend_key(HtmlWriter& html, size_t index, std::string_view css);

}  // namespace denovo::page
