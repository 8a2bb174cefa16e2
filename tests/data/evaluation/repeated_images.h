// A drawn evaluation problem in which every image stands any number of times.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "data/coco/detection.h"
#include "testing/draw.h"

namespace denovo::testing {

struct RepeatedImages {
  std::string ground_truth;  // text of a COCO file; copies of an image stand beside each other
  std::vector<data::Detection> detections;
};

/// `copies.size()` images of 100 x 100 pixels with objects of 4 categories, some of them crowds,
/// image i copies[i] times under ids of its own. About two detections of three are near an object
/// (nearer with greater `skill`, 1 … 10); all scores of an image differ from each other and from
/// those of other images. Detections depend on `seed`, objects do not.
inline RepeatedImages repeat_images(const std::vector<int>& copies, uint64_t seed, int skill) {
  RepeatedImages result;
  std::string images, annotations;
  int64_t annotation_id = 0;
  for (size_t i = 0; i < copies.size(); ++i) {
    for (int copy = 0; copy < copies[i]; ++copy) {
      const auto id = static_cast<int64_t>(100 * (i + 1)) + copy;
      images += fmt::format(R"({}{{"id":{},"file_name":"a","width":100,"height":100}})",
                            images.empty() ? "" : ",", id);
      Draw objects(17 * i), seen(1000 * seed + i);
      const int num_objects = objects.below(5);
      int score = 0;
      for (int o = 0; o < num_objects; ++o) {
        const int category = 1 + objects.below(4), x = objects.below(60), y = objects.below(60);
        const int width = 10 + objects.below(30), height = 10 + objects.below(30);
        annotations += fmt::format(
            R"({}{{"id":{},"image_id":{},"category_id":{},"iscrowd":{},"area":{},"bbox":[{},{},{},{}]}})",
            annotations.empty() ? "" : ",", ++annotation_id, id, category,
            objects.below(9) == 0 ? 1 : 0, width * height, x, y, width, height);
        for (int d = 0; d < 2; ++d) {
          const bool near = seen.below(3) > 0;
          const auto shift = [&] { return near ? (seen.below(11 - skill)) : seen.below(60); };
          const double left = x + shift(), top = y + shift();
          result.detections.push_back(
              {.image_id = id,
               .category_id = category,
               .bbox = {left, top, static_cast<double>(width), static_cast<double>(height)},
               .score =
                   (near ? 0.5 : 0.3) + 0.4 * seen.below(100) / 100 + 1e-4 * i + 1e-6 * ++score});
        }
      }
    }
  }
  result.ground_truth = R"({"categories":[{"id":1,"name":"a"},{"id":2,"name":"b"},)"
                        R"({"id":3,"name":"c"},{"id":4,"name":"d"}],"images":[)" +
                        images + R"(],"annotations":[)" + annotations + "]}";
  return result;
}

}  // namespace denovo::testing
