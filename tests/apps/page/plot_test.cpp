#include "apps/page/plot.h"

#include <doctest/doctest.h>

#include <limits>

#include "apps/page/page_frame.h"
#include "tests/testing/html_text.h"

using namespace denovo;
using page::Plot;

namespace {

constexpr page::PlotFrame kFrame{
    .width = 120, .height = 70, .left = 10, .right = 10, .top = 10, .bottom = 10};

/// 0 … 10 along both axes: 10 pixels, and 5 pixels, a unit.
template <typename Draw>
std::string drawn(const Draw& draw) {
  page::HtmlWriter html;
  page::begin_page(html, "");
  Plot plot(html, kFrame, page::linear_axis("x", 0, 10, 3, page::Fit::kExact),
            page::linear_axis("y", 0, 10, 3, page::Fit::kExact), "<what>");
  draw(plot);
  plot.end();
  std::string page = page::end_page(html);
  CHECK(testing::html_fault(page) == "");
  return page;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("Plot: data stand where the axes say") {
  const page::Point points[] = {{0, 0}, {10, 10}};
  const std::string page = drawn([&](Plot& plot) {
    plot.line(points, "arm0 line");
    plot.marker({5, 5}, 1, 2, "arm1 mark", "5 < 6");
    plot.stripe_y(-5, 5, "margin");
  });
  CHECK(has(page, R"(d="M10.0 60.0L110.0 10.0" class="arm0 line")"));
  CHECK(has(page, R"(d="M58.2 33.2L61.8 33.2L61.8 36.8L58.2 36.8Z")"));
  CHECK(has(page, "<title>5 &lt; 6</title>"));
  // A stripe that reaches beyond the axis ends with it.
  CHECK(has(page, R"(x="10.0" y="35.0" width="100.0" height="25.0" class="margin")"));
  CHECK(has(page, R"(aria-label="&lt;what&gt;")"));
}

TEST_CASE("Plot: one point is no line, and an interval without upper end is an arrow to the edge") {
  const page::Point point[] = {{1, 1}};
  const std::string page = drawn([&](Plot& plot) {
    plot.line(point, "arm0 line");
    plot.whisker_x(5, 2, std::numeric_limits<double>::infinity(), "whisker");
  });
  CHECK_FALSE(has(page, "arm0 line"));
  CHECK(has(page, R"(x1="30.0" y1="35.0" x2="110.0" y2="35.0" class="whisker")"));
  CHECK(has(page, R"(x1="104.0" y1="31.0" x2="110.0" y2="35.0" class="whisker")"));
  CHECK_FALSE(has(page, "inf"));
  CHECK_FALSE(has(page, "nan"));
}
