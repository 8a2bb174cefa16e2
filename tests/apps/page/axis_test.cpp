#include "apps/page/axis.h"

#include <doctest/doctest.h>

#include <limits>

using namespace denovo;
using page::Axis;
using page::Fit;

namespace {

std::string labels(const Axis& axis) {
  std::string text;
  for (const page::Tick& tick : axis.ticks) text += (text.empty() ? "" : " ") + tick.label;
  return text;
}

std::string linear(double low, double high, int most, Fit fit = Fit::kExact) {
  return labels(page::linear_axis("", low, high, most, fit));
}

}  // namespace

TEST_CASE("linear_axis: round ticks with the digits of their step") {
  CHECK(linear(0, 1600, 6) == "0 500 1,000 1,500");
  CHECK(linear(0, 1, 6) == "0.0 0.2 0.4 0.6 0.8 1.0");
  CHECK(linear(-6.3, 4.02, 6) == "−5 0");
  CHECK(linear(-0.031, 0.012, 5) == "−0.02 0.00");
  CHECK(linear(0, 0.3, 4) == "0.0 0.1 0.2 0.3");
  CHECK(linear(90'000, 540'000, 6) == "100,000 200,000 300,000 400,000 500,000");
}

TEST_CASE("linear_axis: outward means to the next ticks") {
  const Axis axis = page::linear_axis("", -6.3, 23.9, 6, Fit::kOutward);
  CHECK(labels(axis) == "−10 0 10 20 30");
  CHECK(axis.low == -10);
  CHECK(axis.high == 30);
  CHECK(linear(0, 30, 6, Fit::kOutward) == "0 10 20 30");
}

TEST_CASE("linear_axis: nothing to show, or a single value, is an axis all the same") {
  CHECK(linear(0, 0, 6, Fit::kOutward) == "−1.0 −0.5 0.0 0.5 1.0");
  CHECK(linear(std::numeric_limits<double>::quiet_NaN(), 1, 5) == "0.0 0.5 1.0 1.5 2.0");
}

TEST_CASE("axes: where values stand") {
  const Axis line = page::linear_axis("", 10, 20, 5, Fit::kExact);
  CHECK(line.place(10) == 0);
  CHECK(line.place(15) == 0.5);
  const Axis sizes = page::log_axis("", {100, 1000, 10'000});
  CHECK(labels(sizes) == "100 1,000 10,000");
  CHECK(sizes.place(1000) == doctest::Approx(0.5));
  CHECK(sizes.place(100) > 0.05);
  CHECK(page::log_axis("", {60}).place(60) == doctest::Approx(0.5));
  const Axis rows = page::row_axis({"60", "480"});
  CHECK(rows.place(0.5) == 0.75);
  CHECK(rows.place(1.5) == 0.25);
}
