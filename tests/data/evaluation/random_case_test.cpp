#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/raster/polygon.h"
#include "testing/draw.h"
#include "tests/data/evaluation/random_case.h"

namespace denovo::testing {
namespace {

using Box = std::array<double, 4>;

struct Image {
  int id, width, height;
};

struct Truth {
  int64_t id;
  int image_id, category;
  Box box;
};

std::string rectangle_counts(const Box& box, int height, int width) {
  const int x0 = static_cast<int>(box[0]), y0 = static_cast<int>(box[1]);
  const int x1 = std::min(static_cast<int>(box[0] + box[2]), width);
  const int y1 = std::min(static_cast<int>(box[1] + box[3]), height);
  std::vector<uint8_t> mask(static_cast<size_t>(height) * width);
  for (int x = x0; x < x1; ++x)
    for (int y = y0; y < y1; ++y) mask[x * height + y] = 1;
  return fmt::format(
      "{}", fmt::join(rle_encode(mask.data(), height, width, MaskOrder::kColumnMajor).counts, ","));
}

std::vector<double> outline(Draw& draw, const Box& box) {
  const auto [x, y, w, h] = box;
  const double cut = draw.below(5) / 8.0;
  std::vector<double> points = {x, y, x + w, y, x + w, y + h, x + w * cut, y + h};
  if (draw.below(2)) points.insert(points.end(), {x, y + h * (1 - cut)});
  return points;
}

Box random_box(Draw& draw, const Image& image) {
  const double w = (1 + draw.below(4 * image.width / 2)) / 4.0;
  const double h = (1 + draw.below(4 * image.height / 2)) / 4.0;
  const double x = draw.below(4 * image.width) / 4.0 * 0.75;
  const double y = draw.below(4 * image.height) / 4.0 * 0.75;
  return {x, y, w, h};
}

Box truth_box(Draw& draw, const Image& image) {
  if (draw.below(3) > 0) return random_box(draw, image);
  const double w = 10.0 * (1 + draw.below(4));
  const double h = 10.0 * (1 + draw.below(4));
  const double x = draw.below(image.width);
  const double y = draw.below(image.height);
  return {x, y, w, h};
}

double truth_area(Draw& draw, const Box& box) {
  const int kind = draw.below(8);
  if (kind == 0) return 1024;
  if (kind == 1) return 9216;
  if (kind == 2) return draw.below(12000);
  return box[2] * box[3];
}

Box near_box(Draw& draw, const Box& box) {
  auto [x, y, w, h] = box;
  const int kind = draw.below(8);
  if (kind < 2) return box;
  if (kind == 2) return {x, y, 2 * w, h};
  if (kind == 3) return {x, y, w, h * 9 / 10};
  const auto shift = [&](double side) { return (draw.below(9) - 4) / 16.0 * side; };
  const double nx = x + shift(w), ny = y + shift(h), nw = w + shift(w), nh = h + shift(h);
  return {nx, ny, nw, nh};
}

/// Draws the parts in the oracle's order.
class CaseWriter {
 public:
  explicit CaseWriter(int index) : draw_(1000003ull * index + 17) {
    dense_ = draw_.below(10) == 0;
    crowded_ = draw_.below(25) == 0;
    many_crowds_ = draw_.below(12) == 0;
    const int num_images = 1 + draw_.below(4), num_categories = 1 + draw_.below(3);
    const int first_category = draw_.below(3);
    for (int k = 0; k < num_categories; ++k) categories_.push_back(first_category + 4 * k);
    for (int i = 0; i < num_images; ++i) {
      Image image;
      image.id = draw_.below(2) ? 9 - 2 * i : 29 - 2 * i;
      image.width = 24 + draw_.below(120);
      image.height = 24 + draw_.below(100);
      images_.push_back(image);
    }
  }

  RandomCase write() {
    int64_t next_id = draw_.below(4);
    for (const Image& image : images_) {
      const int count = dense_ ? 20 : draw_.below(5);
      for (int i = 0; i < count; ++i) write_truth(image, next_id++);
    }
    for (const Image& image : images_) write_detections(image);
    finish_text();
    for (size_t i = 0; i < case_.masks.size(); ++i) case_.detections[i].mask = case_.masks[i];
    return std::move(case_);
  }

 private:
  int random_category() { return categories_[draw_.below(static_cast<int>(categories_.size()))]; }

  void write_truth(const Image& image, int64_t next_id) {
    Truth truth{next_id, image.id, 0, truth_box(draw_, image)};
    if (draw_.below(30) == 0) truth.box[2] = 0;
    truth.category = dense_ ? categories_[0] : random_category();
    const double area = truth_area(draw_, truth.box);
    const bool crowd = draw_.below(many_crowds_ ? 2 : 9) == 0;
    const bool ignore = draw_.below(10) == 0;
    if (!truths_.empty() && draw_.below(60) == 0)
      truth.id = truths_[draw_.below(static_cast<int>(truths_.size()))].id;
    std::string segmentation;
    if (crowd && draw_.below(3) > 0) {
      segmentation = fmt::format("{{\"size\":[{},{}],\"counts\":[{}]}}", image.height, image.width,
                                 rectangle_counts(truth.box, image.height, image.width));
    } else {
      segmentation = fmt::format("[[{}]", fmt::join(outline(draw_, truth.box), ","));
      if (draw_.below(6) == 0)
        segmentation +=
            fmt::format(",[{}]", fmt::join(outline(draw_, random_box(draw_, image)), ","));
      segmentation += "]";
    }
    annotations_ += fmt::format(
        "{}{{\"id\":{},\"image_id\":{},\"bbox\":[{}],\"category_id\":{},\"area\":{},\"iscrowd\":{}{"
        "},"
        "\"segmentation\":{}}}",
        truths_.empty() ? "" : ",", truth.id, image.id, fmt::join(truth.box, ","), truth.category,
        area, crowd ? 1 : 0, ignore ? ",\"ignore\":1" : "", segmentation);
    truths_.push_back(truth);
  }

  void write_detections(const Image& image) {
    std::vector<const Truth*> own;
    for (const Truth& truth : truths_)
      if (truth.image_id == image.id) own.push_back(&truth);
    const int num_own = static_cast<int>(own.size());
    const int count = crowded_ ? 110 + draw_.below(10) : draw_.below(9) + num_own;
    for (int i = 0; i < count; ++i) {
      const Truth* like = num_own > 0 && draw_.below(4) > 0 ? own[draw_.below(num_own)] : nullptr;
      data::Detection detection;
      detection.image_id = image.id;
      detection.bbox = like ? near_box(draw_, like->box) : random_box(draw_, image);
      detection.category_id = like && draw_.below(8) > 0 ? like->category : random_category();
      if (crowded_) detection.category_id = categories_[0];
      if (draw_.below(40) == 0) detection.category_id = 77;
      if (draw_.below(400) == 0)
        detection.score = std::numeric_limits<double>::quiet_NaN();
      else
        detection.score = draw_.below(2) ? draw_.below(12) / 8.0 : draw_.below(1 << 30) * 0x1p-30;
      case_.masks.push_back(
          rle_from_polygon(outline(draw_, detection.bbox), image.height, image.width));
      case_.detections.push_back(detection);
    }
  }

  void finish_text() {
    std::string images, categories;
    for (const Image& image : images_)
      images += fmt::format("{}{{\"id\":{},\"width\":{},\"height\":{}}}", images.empty() ? "" : ",",
                            image.id, image.width, image.height);
    for (size_t k = 0; k < categories_.size(); ++k)
      categories +=
          fmt::format("{}{{\"id\":{},\"name\":\"c{}\"}}", k ? "," : "", categories_[k], k);
    case_.ground_truth = fmt::format("{{\"images\":[{}],\"annotations\":[{}],\"categories\":[{}]}}",
                                     images, annotations_, categories);
  }

  Draw draw_;
  bool dense_, crowded_, many_crowds_;
  std::vector<int> categories_;
  std::vector<Image> images_;
  std::vector<Truth> truths_;
  std::string annotations_;
  RandomCase case_;
};

}  // namespace

RandomCase draw_case(int index) {
  return CaseWriter(index).write();
}

uint64_t digest(const double* values, size_t n) {
  uint64_t sum = 0;
  for (size_t i = 0; i < n; ++i) {
    uint64_t bits;
    std::memcpy(&bits, &values[i], sizeof bits);
    sum += (bits ^ (bits >> 31)) * 0x9E3779B97F4A7C15ull * (2 * i + 1);
  }
  return sum;
}

}  // namespace denovo::testing
