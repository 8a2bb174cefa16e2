#include "apps/study/page/picture_table.h"

#include <fmt/format.h>

#include <filesystem>
#include <set>

#include "apps/page/page_frame.h"
#include "apps/study/page/answer.h"
#include "apps/study/statistics/wording.h"
#include "data/drawing/draw.h"
#include "data/image/image_file.h"
#include "data/image/resize.h"

namespace denovo::study {
namespace {

namespace fs = std::filesystem;

constexpr int kMostWidth = 480;            // pixels: what three columns of the page can show
constexpr int kSmallWidth = 240;           // below, pixels are shown as they are
constexpr size_t kMostPngBytes = 150'000;  // of all pictures; more are JPEG

/// Names of the pictures of an iteration, without it.
std::set<std::string> picture_names(const std::string& folder, const std::string& prefix) {
  std::set<std::string> names;
  std::error_code ignored;  // no folder: no pictures
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename();
    if (name.starts_with(prefix) && name.ends_with(".png"))
      names.insert(name.substr(prefix.size()));
  }
  return names;
}

data::Image shown(const data::Image& sheet, int index) {
  const data::SheetPlace place = data::place_in_sheet({sheet.height, sheet.width}, 2, index);
  data::Image image = data::crop(sheet, place.y, place.x, place.height, place.width);
  if (image.width <= kMostWidth) return image;
  return data::resize_bilinear(image, image.height * kMostWidth / image.width, kMostWidth);
}

std::string view_of(const std::vector<uint8_t>& bytes) {
  return {bytes.begin(), bytes.end()};
}

class Encoder {
 public:
  explicit Encoder(const std::vector<StudyPicture>& pictures) {
    size_t bytes = 0;
    for (const StudyPicture& picture : pictures) {
      bytes += data::encode_png(picture.ground_truth).size();
      for (const data::Image& image : picture.predictions) bytes += data::encode_png(image).size();
    }
    png_ = bytes <= kMostPngBytes;
  }

  std::string uri(const data::Image& image) const {
    constexpr int kQuality = 92;  // above 90 colour is not subsampled, and labels stay readable
    return png_ ? page::data_uri("image/png", view_of(data::encode_png(image)))
                : page::data_uri("image/jpeg", view_of(data::encode_jpeg(image, kQuality)));
  }

 private:
  bool png_ = true;
};

void add_picture(page::HtmlWriter& html, const Encoder& encoder, const data::Image& image,
                 const std::string& what) {
  html.open("figure");
  html.element("figcaption", what);
  html.empty("img", {{"src", encoder.uri(image)},
                     {"alt", what},
                     {"width", std::to_string(image.width)},
                     {"height", std::to_string(image.height)},
                     {"class", image.width < kSmallWidth ? "small" : "large"}});
  html.close();
}

}  // namespace

StudyPictures study_pictures(const StudyReport& report) {
  const Design& design = report.design;
  const std::vector<std::string> arms = arm_names(design);
  const std::string prefix = fmt::format("{:07d}_", design.longest());
  for (const int64_t seed : design.seeds) {
    std::vector<std::string> folders;
    for (const std::string& arm : arms)
      folders.push_back(fmt::format("{}/runs/{}/vis", report.directory,
                                    run_name(arm, design.largest(), design.longest(), seed)));
    std::set<std::string> common = picture_names(folders.front(), prefix);
    for (const std::string& folder : folders) {
      const std::set<std::string> names = picture_names(folder, prefix);
      std::erase_if(common, [&](const std::string& name) { return !names.contains(name); });
    }
    if (common.empty()) continue;
    StudyPictures result{.seed = seed, .pictures = {}};
    for (const std::string& name : common) {
      if (result.pictures.size() == kNumPictures) break;
      StudyPicture picture{.name = fs::path(name).stem(), .ground_truth = {}, .predictions = {}};
      for (const std::string& folder : folders) {
        const data::Image sheet = data::read_image(fmt::format("{}/{}{}", folder, prefix, name));
        if (picture.predictions.empty()) picture.ground_truth = shown(sheet, 0);
        picture.predictions.push_back(shown(sheet, 1));
      }
      result.pictures.push_back(std::move(picture));
    }
    return result;
  }
  return {};
}

void add_pictures(page::HtmlWriter& html, const StudyReport& report) {
  const Design& design = report.design;
  html.open("section").element("h2", "What it sees");
  const StudyPictures found = study_pictures(report);
  if (found.pictures.empty()) {
    html.element("p",
                 "No pictures: none of the pairs of the longest schedule at the largest size has "
                 "drawn any (eval.pictures).");
    html.close();
    return;
  }
  html.element(
      "p",
      fmt::format("The same validation images after {} iterations on {} images, seed {}; "
                  "detections with scores of at least 50 %.",
                  number_text(design.longest()), number_text(design.largest()), found.seed),
      {{"class", "note"}});
  const std::vector<std::string> arms = arm_names(design);
  const Encoder encoder(found.pictures);
  html.open("div", {{"class", "pictures"}, {"style", fmt::format("--arms:{}", arms.size() + 1)}});
  for (const StudyPicture& picture : found.pictures) {
    add_picture(html, encoder, picture.ground_truth, "ground truth");
    for (size_t arm = 0; arm < arms.size(); ++arm)
      add_picture(html, encoder, picture.predictions[arm], arms[arm]);
  }
  html.close().close();
}

}  // namespace denovo::study
