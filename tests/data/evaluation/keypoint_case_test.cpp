#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "testing/draw.h"
#include "tests/data/evaluation/keypoint_case.h"

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
  std::vector<double> keypoints;
};

double coordinate(Draw& draw, int side) {
  if (draw.below(2)) return draw.below(side);
  return draw.below(16 * side) / 16.0;
}

std::vector<double> truth_keypoints(Draw& draw, const Box& box, int num_keypoints) {
  const bool unlabelled = draw.below(8) == 0;
  const bool few = draw.below(4) == 0;
  std::vector<double> keypoints;
  for (int k = 0; k < num_keypoints; ++k) {
    int v = 0;
    if (!unlabelled && !(few && draw.below(3) > 0)) v = std::min(draw.below(5), 2);
    const double x = box[0] + coordinate(draw, static_cast<int>(box[2]) + 1);
    const double y = box[1] + coordinate(draw, static_cast<int>(box[3]) + 1);
    const bool written = v > 0 || draw.below(4) == 0;
    keypoints.insert(keypoints.end(), {written ? x : 0, written ? y : 0, double(v)});
  }
  return keypoints;
}

double truth_area(Draw& draw, const Box& box) {
  const int kind = draw.below(8);
  if (kind == 0) return 1024;
  if (kind == 1) return 9216;
  if (kind == 2) return draw.below(12000);
  return box[2] * box[3] * 0.75;
}

int num_keypoints_of(Draw& draw, const std::vector<double>& keypoints) {
  const int kind = draw.below(12);
  if (kind < 2) return kind;
  int count = 0;
  for (size_t i = 2; i < keypoints.size(); i += 3) count += keypoints[i] > 0;
  return count;
}

std::vector<double> near_keypoints(Draw& draw, const Truth& truth) {
  static constexpr int kReach[] = {0, 1, 2, 4, 8, 16};
  const int reach = kReach[draw.below(6)];
  const auto moved = [&](double at, double side) {
    return reach ? at + (draw.below(2 * reach + 1) - reach) / 64.0 * side : at;
  };
  std::vector<double> found;
  for (size_t i = 0; i < truth.keypoints.size(); i += 3) {
    const double x = moved(truth.keypoints[i], truth.box[2]);
    const double y = moved(truth.keypoints[i + 1], truth.box[3]);
    found.insert(found.end(), {x, y, draw.below(100) / 100.0});
  }
  return found;
}

std::vector<double> far_keypoints(Draw& draw, const Image& image, int num_keypoints) {
  std::vector<double> found;
  for (int k = 0; k < num_keypoints; ++k) {
    const double x = coordinate(draw, image.width);
    const double y = coordinate(draw, image.height);
    found.insert(found.end(), {x, y, 1});
  }
  return found;
}

/// Draws the parts in the oracle's order.
class CaseWriter {
 public:
  explicit CaseWriter(int index) : draw_(1000003ull * index + 29) {
    dense_ = draw_.below(10) == 0;
    crowded_ = draw_.below(12) == 0;
    many_crowds_ = draw_.below(12) == 0;
    const bool own_sigmas = draw_.below(3) == 0;
    num_keypoints_ = own_sigmas ? 1 + draw_.below(12) : 17;
    for (int k = 0; own_sigmas && k < num_keypoints_; ++k)
      case_.sigmas.push_back((1 + draw_.below(200)) / 1000.0);
    const int num_images = 1 + draw_.below(4), num_categories = 1 + draw_.below(2);
    const int first_category = draw_.below(3);
    for (int k = 0; k < num_categories; ++k) categories_.push_back(first_category + 4 * k);
    for (int i = 0; i < num_images; ++i) {
      Image image;
      image.id = draw_.below(2) ? 9 - 2 * i : 29 - 2 * i;
      image.width = 24 + draw_.below(200);
      image.height = 24 + draw_.below(200);
      images_.push_back(image);
    }
  }

  KeypointCase write() {
    int64_t next_id = draw_.below(4);
    for (const Image& image : images_) {
      const int count = dense_ ? 20 : draw_.below(5);
      for (int i = 0; i < count; ++i) write_truth(image, next_id++);
    }
    for (const Image& image : images_) write_detections(image);
    finish_text();
    for (size_t i = 0; i < case_.keypoints.size(); ++i)
      case_.detections[i].keypoints = case_.keypoints[i];
    return std::move(case_);
  }

 private:
  int random_category() { return categories_[draw_.below(categories_.size())]; }
  const Truth& random_truth() { return truths_[draw_.below(truths_.size())]; }

  void write_truth(const Image& image, int64_t next_id) {
    Truth truth{next_id, image.id, 0, {}, {}};
    truth.box[0] = draw_.below(image.width);
    truth.box[1] = draw_.below(image.height);
    truth.box[2] = (1 + draw_.below(4 * image.width)) / 4.0;
    truth.box[3] = (1 + draw_.below(4 * image.height)) / 4.0;
    if (!truths_.empty() && draw_.below(10) == 0)
      truth.keypoints = random_truth().keypoints;
    else
      truth.keypoints = truth_keypoints(draw_, truth.box, num_keypoints_);
    truth.category = dense_ ? categories_[0] : random_category();
    const double area = truth_area(draw_, truth.box);
    const bool crowd = draw_.below(many_crowds_ ? 2 : 9) == 0;
    const int num_keypoints = num_keypoints_of(draw_, truth.keypoints);
    const bool ignore = draw_.below(10) == 0;
    if (!truths_.empty() && draw_.below(60) == 0) truth.id = random_truth().id;
    annotations_ += fmt::format(
        "{}{{\"id\":{},\"image_id\":{},\"bbox\":[{}],\"category_id\":{},\"area\":{},\"iscrowd\":{}{"
        "},\"num_keypoints\":{},\"keypoints\":[{}]}}",
        truths_.empty() ? "" : ",", truth.id, image.id, fmt::join(truth.box, ","), truth.category,
        area, crowd ? 1 : 0, ignore ? ",\"ignore\":1" : "", num_keypoints,
        fmt::join(truth.keypoints, ","));
    truths_.push_back(truth);
  }

  void write_detections(const Image& image) {
    std::vector<const Truth*> own;
    for (const Truth& truth : truths_)
      if (truth.image_id == image.id) own.push_back(&truth);
    const size_t count = crowded_ ? 25 + draw_.below(10) : draw_.below(9) + own.size();
    for (size_t i = 0; i < count; ++i) {
      const bool is_near = !own.empty() && draw_.below(4) > 0;
      const Truth* like = is_near ? own[draw_.below(own.size())] : nullptr;
      case_.keypoints.push_back(like ? near_keypoints(draw_, *like)
                                     : far_keypoints(draw_, image, num_keypoints_));
      data::Detection detection;
      detection.image_id = image.id;
      detection.category_id = like && draw_.below(8) > 0 ? like->category : random_category();
      if (crowded_) detection.category_id = categories_[0];
      if (draw_.below(40) == 0) detection.category_id = 77;
      detection.score = draw_.below(2) ? draw_.below(12) / 8.0 : draw_.below(1 << 30) * 0x1p-30;
      case_.detections.push_back(detection);
    }
  }

  void finish_text() {
    std::string images, categories;
    for (const Image& image : images_)
      images += fmt::format("{}{{\"id\":{},\"width\":{},\"height\":{}}}", images.empty() ? "" : ",",
                            image.id, image.width, image.height);
    std::string names;
    for (int k = 0; k < num_keypoints_; ++k) names += fmt::format("{}\"k{}\"", k ? "," : "", k);
    for (size_t k = 0; k < categories_.size(); ++k)
      categories += fmt::format("{}{{\"id\":{},\"name\":\"c{}\",\"keypoints\":[{}]}}", k ? "," : "",
                                categories_[k], k, names);
    case_.ground_truth = fmt::format("{{\"images\":[{}],\"annotations\":[{}],\"categories\":[{}]}}",
                                     images, annotations_, categories);
  }

  Draw draw_;
  bool dense_, crowded_, many_crowds_;
  int num_keypoints_;
  std::vector<int> categories_;
  std::vector<Image> images_;
  std::vector<Truth> truths_;
  std::string annotations_;
  KeypointCase case_;
};

}  // namespace

KeypointCase draw_keypoint_case(int index) {
  return CaseWriter(index).write();
}

}  // namespace denovo::testing
