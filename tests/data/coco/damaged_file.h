// Random COCO files with the faults that people's annotations have, on images that are sound.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "testing/draw.h"

namespace denovo::data::testing {

struct PictureSize {
  int width, height;
};
/// Of the files 0.png, 1.png, …, which a damaged file's images are.
inline constexpr PictureSize kPictures[] = {{40, 20}, {16, 24}, {7, 5}, {2, 2}};

/// What it is depends on the seed alone: how many images and annotations, how many of those are
/// damaged and how, whether all of them are crowds, without masks, or in 0..1.
class DamagedFile {
 public:
  explicit DamagedFile(uint64_t seed) : draw_(seed) {}

  std::string text() {
    static constexpr int kSizes[] = {4, 40, 40, 400, 1500}, kDamaged[] = {0, 5, 20, 100, 600, 1000};
    const int num_images = 1 + draw_.below(6);
    const int num_annotations = draw_.below(kSizes[draw_.below(5)] + 1);
    per_mille_ = kDamaged[draw_.below(6)];
    const int kind = draw_.below(16);
    no_masks_ = kind == 0;
    all_crowds_ = kind == 1;
    normalised_ = kind == 2;
    std::string images, annotations;
    for (int i = 0; i < num_images; ++i) {
      pictures_.push_back(draw_.below(4));
      images += fmt::format(R"({}{{"id": {}, "file_name": "{}.png", "width": {}, "height": {}}})",
                            i ? ", " : "", i + 1, pictures_.back(),
                            kPictures[pictures_.back()].width, kPictures[pictures_.back()].height);
    }
    for (int i = 0; i < num_annotations; ++i)
      annotations += (i ? ",\n" : "") + annotation(i + 1, draw_.below(num_images));
    return fmt::format(R"({{"images": [{}], "categories": [{{"id": 1, "name": "x"}}],)"
                       "\n\"annotations\": [{}]}}",
                       images, annotations);
  }

 private:
  bool chance(int per_mille) { return draw_.below(1000) < per_mille; }
  /// In 0 … extent, two decimals.
  double within(double extent) { return draw_.below(static_cast<int>(extent * 100) + 1) / 100.0; }

  std::string annotation(int id, int image) {
    const auto [w, h] = kPictures[pictures_[static_cast<size_t>(image)]];
    const double scale = normalised_ ? 1.0 / std::max(w, h) : 1;
    width_ = w, height_ = h;
    x0_ = within(w * 0.6) * scale, y0_ = within(h * 0.6) * scale;
    x1_ = x0_ + (0.3 * w + within(w * 0.1)) * scale,
    y1_ = y0_ + (0.3 * h + within(h * 0.1)) * scale;
    std::string box = fmt::format("[{}, {}, {}, {}]", x0_, y0_, x1_ - x0_, y1_ - y0_);
    std::string mask = outline(0, 0);
    if (!normalised_ && chance(200)) mask = runs(h, w, 0);
    if (chance(per_mille_)) (chance(500) ? damage_box(box) : damage_mask(mask));
    std::string text = fmt::format(R"({{"id": {}, "image_id": {}, "category_id": 1, "bbox": {})",
                                   id, image + 1, box);
    if (all_crowds_ || chance(30)) text += R"(, "iscrowd": 1)";
    if (chance(700)) text += fmt::format(R"(, "area": {})", within(w * h));
    if (!mask.empty() && !no_masks_) text += R"(, "segmentation": )" + mask;
    return text + "}";
  }

  /// The box as a polygon, moved.
  std::string outline(double x, double y) const {
    return fmt::format("[[{0}, {1}, {2}, {1}, {2}, {3}, {0}, {3}]]", x0_ + x, y0_ + y, x1_ + x,
                       y1_ + y);
  }
  static std::string runs(int height, int width, int too_many) {
    return fmt::format(R"({{"size": [{}, {}], "counts": [0, 2, {}]}})", height, width,
                       height * width - 2 + too_many);
  }

  void damage_box(std::string& box) {
    const double w = width_, h = height_;
    const std::string boxes[] = {
        fmt::format("[{}, {}, 0, 3]", x0_, y0_),
        fmt::format("[{}, {}, 3, -2]", x0_, y0_),
        fmt::format("[{}, {}, 1e-9, 2]", x0_, y0_),
        fmt::format("[{}, 0, 3, 3]", w),
        fmt::format("[{}, 0, 3, 3]", w - 1e-6),
        fmt::format("[-3, -3, 3, {}]", h),
        fmt::format("[{}, {}, {}, {}]", -2, -1, w, h + 4),
        fmt::format("[{}, {}, 1, 1]", w * 0.5, h * 0.5),
        fmt::format("[{}, {}, 1e12, 1e300]", x0_, y0_),
    };
    box = boxes[draw_.below(std::size(boxes))];
  }

  void damage_mask(std::string& mask) {
    const double w = width_, h = height_;
    const std::string masks[] = {
        "",
        "null",
        "[]",
        "[[]]",
        "[[1, 1, 2, 2]]",
        "[[1, 1, 2, 1, 2, 2, 1]]",
        "[[1, 1, 2, 1, 2, 2, 1], [0, 0, 2, 0, 2, 2]]",
        "[[1, 1], [0, 0, 2, 0, 2, 2]]",
        "[[1, 1, 1, 1, 1, 1]]",
        outline(w + 1, 0),
        outline(0, -h - 1),
        outline(w * 0.5, 0),
        outline(0, -h * 0.5),
        fmt::format("[[{0}, 1.1, {1}, 1.1, {1}, 1.3]]", 0, w),
        fmt::format("[[0, 0, 1, 0, 1, {}]]", draw_.below(2) ? 4e7 : 6e7),
        runs(height_, width_, 1),
        runs(height_, width_, -1),
        runs(height_ + 1, width_, 0),
        runs(width_ + 1, height_, 0),
        fmt::format(R"({{"size": [{}, {}], "counts": [{}]}})", height_, width_, height_ * width_),
        fmt::format(R"({{"size": [{}, {}], "counts": "0?k~"}})", height_, width_),
    };
    mask = masks[draw_.below(std::size(masks))];
  }

  denovo::testing::Draw draw_;
  std::vector<int> pictures_;  // by image
  int per_mille_ = 0;
  bool no_masks_ = false, all_crowds_ = false, normalised_ = false;
  // The instance at work.
  int width_ = 0, height_ = 0;
  double x0_ = 0, y0_ = 0, x1_ = 0, y1_ = 0;
};

}  // namespace denovo::data::testing
