#include "tests/bench/coco_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <numbers>
#include <vector>

#include "core/files/file.h"
#include "core/raster/polygon.h"
#include "testing/draw.h"

namespace denovo::testing {
namespace {

constexpr int kWidth = 640, kHeight = 480, kCategories = 80;

/// Text that goes to its file in pieces.
class TextFile {
 public:
  explicit TextFile(const std::string& path) : file_(path, FileWriter::Mode::kReplace) {}
  ~TextFile() { file_.write(text_); }

  template <typename... Arguments>
  void put(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Arguments>(arguments)...);
    if (text_.size() < kPiece) return;
    file_.write(text_);
    text_.clear();
  }

 private:
  static constexpr size_t kPiece = 1 << 20;
  FileWriter file_;
  std::string text_;
};

struct Object {
  int category = 0;
  double x = 0, y = 0, rx = 0, ry = 0;  // centre and radii
};

Object draw_object(Draw& draw) {
  // Products of two draws: few frequent categories and large objects, many rare and small ones.
  const double size = 6 + draw.below(1000) * draw.below(1000) * 1e-6 * 160;
  return {draw.below(kCategories) * draw.below(kCategories) / kCategories,
          draw.below(kWidth * 10) / 10.0, draw.below(kHeight * 10) / 10.0,
          size * (50 + draw.below(50)) / 100, size * (50 + draw.below(50)) / 100};
}

/// The object as a detector might see it.
Object moved(Draw& draw, Object object) {
  const auto shift = [&] { return (draw.below(201) - 100) / 100.0 * 0.3; };
  object.x += shift() * object.rx;
  object.y += shift() * object.ry;
  object.rx *= 1 + shift();
  object.ry *= 1 + shift();
  if (draw.below(8) == 0) object.category = draw.below(kCategories);
  return object;
}

/// A rough ellipse of `count` vertices with two decimals, cut at the borders of the image.
std::vector<double> outline(Draw& draw, const Object& object, int count) {
  std::vector<double> xy;
  for (int i = 0; i < count; ++i) {
    const double angle = 2 * std::numbers::pi * i / count, reach = 0.8 + draw.below(41) / 100.0;
    const auto put = [&](double value, double side) {
      xy.push_back(std::round(std::clamp(value, 0.0, side) * 100) / 100);
    };
    put(object.x + object.rx * reach * std::cos(angle), kWidth);
    put(object.y + object.ry * reach * std::sin(angle), kHeight);
  }
  return xy;
}

std::array<double, 4> box_of(const std::vector<double>& xy) {
  std::array<double, 4> box = {xy[0], xy[1], xy[0], xy[1]};
  for (size_t i = 0; i < xy.size(); ++i) {
    box[i % 2] = std::min(box[i % 2], xy[i]);
    box[2 + i % 2] = std::max(box[2 + i % 2], xy[i]);
  }
  return {box[0], box[1], std::round((box[2] - box[0]) * 100) / 100,
          std::round((box[3] - box[1]) * 100) / 100};
}

void put_list(TextFile& file, const auto& values) {
  const char* separator = "[";
  for (const auto& value : values) {
    file.put("{}{}", separator, value);
    separator = ", ";
  }
  file.put("]");
}

void put_images(TextFile& file, int count) {
  file.put("{{\"info\": {{\"description\": \"benchmark\"}}, \"images\": [");
  for (int id = 1; id <= count; ++id)
    file.put(
        "{}{{\"license\": 3, \"file_name\": \"{:012}.jpg\", \"coco_url\": "
        "\"http://images.example.org/train/{:012}.jpg\", \"height\": {}, \"width\": {}, "
        "\"date_captured\": \"2013-11-14 17:02:52\", \"id\": {}}}",
        id == 1 ? "" : ", ", id, id, kHeight, kWidth, id);
  file.put("], \"annotations\": [");
}

void put_categories(TextFile& file) {
  file.put("], \"categories\": [");
  for (int k = 0; k < kCategories; ++k)
    file.put("{}{{\"supercategory\": \"thing\", \"id\": {}, \"name\": \"category {}\"}}",
             k == 0 ? "" : ", ", k + 1, k);
  file.put("]}}");
}

void put_annotation(TextFile& file, Draw& draw, const Object& object, int64_t id, int image,
                    int num_vertices, bool crowd) {
  const std::vector<double> xy = outline(draw, object, num_vertices);
  const Rle rle = rle_from_polygon(xy, kHeight, kWidth);
  file.put("{}{{\"segmentation\": ", id == 1 ? "" : ", ");
  if (crowd) {
    file.put("{{\"counts\": ");
    put_list(file, rle.counts);
    file.put(", \"size\": [{}, {}]}}", kHeight, kWidth);
  } else {
    file.put("[");
    put_list(file, xy);
    file.put("]");
  }
  file.put(", \"area\": {}, \"iscrowd\": {}, \"image_id\": {}, \"bbox\": ", rle_area(rle),
           crowd ? 1 : 0, image);
  put_list(file, box_of(xy));
  file.put(", \"category_id\": {}, \"id\": {}}}", object.category + 1, id);
}

void put_detection(TextFile& file, Draw& draw, const Object& object, int image, double score,
                   bool first) {
  const std::vector<double> xy = outline(draw, object, 20);
  file.put("{}{{\"image_id\": {}, \"category_id\": {}, \"bbox\": ", first ? "" : ", ", image,
           object.category + 1);
  put_list(file, box_of(xy));
  const std::string counts = rle_to_string(rle_from_polygon(xy, kHeight, kWidth));
  file.put(", \"score\": {}, \"segmentation\": {{\"size\": [{}, {}], \"counts\": \"", score,
           kHeight, kWidth);
  for (const char c : counts) file.put("{}{}", c == '\\' ? "\\" : "", c);
  file.put("\"}}}}");
}

}  // namespace

void write_evaluation_files(const std::string& folder) {
  constexpr int kImages = 5000, kObjects = 36'000, kDetectionsPerImage = 100;
  Draw draw(2026);
  std::vector<std::vector<Object>> objects(kImages);
  for (int i = 0; i < kObjects; ++i) objects[draw.below(kImages)].push_back(draw_object(draw));
  TextFile truth(folder + "/truth.json"), results(folder + "/results.json");
  put_images(truth, kImages);
  results.put("[");
  int64_t id = 0;
  for (int image = 0; image < kImages; ++image) {
    const std::vector<Object>& own = objects[image];
    for (const Object& object : own)
      put_annotation(truth, draw, object, ++id, image + 1, 22, draw.below(85) == 0);
    for (int i = 0; i < kDetectionsPerImage; ++i) {
      const bool guess = own.empty() || draw.below(5) < 2;
      const Object object =
          guess ? draw_object(draw) : moved(draw, own[draw.below(static_cast<int>(own.size()))]);
      const double score = draw.below(1 << 20) * 0x1p-20 * (guess ? 0.5 : 1.0);
      put_detection(results, draw, object, image + 1, score, image == 0 && i == 0);
    }
  }
  put_categories(truth);
  results.put("]");
}

void write_annotation_file(const std::string& folder) {
  constexpr int kImages = 118'287, kAnnotations = 860'001;
  Draw draw(2017);
  TextFile file(folder + "/train.json");
  put_images(file, kImages);
  for (int64_t id = 1; id <= kAnnotations; ++id)
    put_annotation(file, draw, draw_object(draw), id, 1 + draw.below(kImages), 10 + draw.below(34),
                   draw.below(85) == 0);
  put_categories(file);
}

}  // namespace denovo::testing
