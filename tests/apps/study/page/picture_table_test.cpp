#include "apps/study/page/picture_table.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>

#include "data/drawing/draw.h"
#include "data/image/image_file.h"
#include "tests/apps/study/page/report_case.h"
#include "tests/testing/html_text.h"
#include "tests/testing/temporary_directory.h"

using namespace denovo;
using namespace denovo::study;

namespace {

/// Noise does not compress.
data::Image filled(int height, int width, int shade, bool noise) {
  data::Image image(height, width);
  uint32_t state = 1;
  for (uint8_t& byte : image.rgb) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<uint8_t>(noise ? state >> 24 : shade);
  }
  return image;
}

/// Pictures a … e of one run at its end; truth is of shade 200.
void draw(const StudyReport& report, const std::string& arm, int64_t seed, int shade,
          data::ImageSize size = {40, 30}, bool noise = false) {
  const std::string folder =
      fmt::format("{}/runs/{}/vis", report.directory, run_name(arm, 2000, 4000, seed));
  std::filesystem::create_directories(folder);
  for (const char* name : {"a", "b", "c", "d", "e"})
    data::write_image(fmt::format("{}/0004000_{}.png", folder, name),
                      data::side_by_side({filled(size.height, size.width, 200, noise),
                                          filled(size.height, size.width, shade, noise)},
                                         {"ground truth", "predictions"}));
  data::write_image(folder + "/0002000_early.png", data::Image(4, 10));
}

std::string section(const StudyReport& report) {
  page::HtmlWriter html;
  add_pictures(html, report);
  return html.finished();
}

size_t count(const std::string& text, const std::string& part) {
  size_t n = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++n;
  return n;
}

}  // namespace

TEST_CASE("study_pictures: the same images under each arm, of the first seed that every arm has") {
  const testing::TemporaryDirectory folder;
  StudyReport report = testing::report_case(testing::small_design(3));
  report.directory = folder.path();
  draw(report, "scratch", 1, 10);
  draw(report, "scratch", 2, 20);
  draw(report, "pretrained", 2, 30);
  const StudyPictures found = study_pictures(report);
  CHECK(found.seed == 2);
  REQUIRE(found.pictures.size() == kNumPictures);
  CHECK(found.pictures[3].name == "d");
  CHECK(found.pictures[0].ground_truth == filled(40, 30, 200, false));
  REQUIRE(found.pictures[0].predictions.size() == 2);
  CHECK(found.pictures[0].predictions[0] == filled(40, 30, 20, false));
  CHECK(found.pictures[0].predictions[1] == filled(40, 30, 30, false));
  const std::string html = section(report);
  CHECK(count(html, "src=\"data:image/png;base64,") == 12);
}

TEST_CASE("add_pictures: large ones are made smaller and JPEG") {
  const testing::TemporaryDirectory folder;
  StudyReport report = testing::report_case(testing::small_design(3));
  report.directory = folder.path();
  draw(report, "scratch", 1, 0, {600, 700}, true);
  draw(report, "pretrained", 1, 0, {600, 700}, true);
  CHECK(study_pictures(report).pictures[0].ground_truth.width == 480);
  const std::string html = section(report);
  CHECK(count(html, "src=\"data:image/jpeg;base64,/9j/") == 12);
  CHECK(count(html, "image/png") == 0);
}

TEST_CASE("add_pictures: a study without pictures says so") {
  StudyReport report = testing::report_case(testing::small_design(3));
  report.directory = "/nowhere";
  CHECK(section(report).find("No pictures: ") != std::string::npos);
}
