#include "data/shapes/corners.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "data/coco/keypoints.h"
#include "data/shapes/annotate.h"

using namespace denovo;
using namespace denovo::data;

namespace {

constexpr Outline kWithCorners[] = {Outline::kSquare, Outline::kTriangle, Outline::kStar,
                                    Outline::kCross};

RandomStream picture(uint32_t index) {
  return {1, RandomPurpose::kGeneratedData, 0, index};
}

/// The corners by index; an empty outline has none.
std::vector<const Corner*> by_name(Outline outline) {
  std::vector<const Corner*> corners(kCornerNames.size());
  for (const Corner& corner : corners_of(outline))
    corners[static_cast<size_t>(corner.name)] = &corner;
  return corners;
}

}  // namespace

TEST_CASE("corners_of: each is the outline's, and in a mirror the one of the other side") {
  const std::vector<std::string> names(kCornerNames.begin(), kCornerNames.end());
  const std::vector<int> mirror = mirrored_keypoints(names);
  CHECK(mirror == std::vector<int>{0, 7, 6, 5, 4, 3, 2, 1});
  for (const Outline outline : kWithCorners) {
    const auto corners = by_name(outline);
    for (size_t k = 0; k < corners.size(); ++k) {
      const Corner* other = corners[static_cast<size_t>(mirror[k])];
      REQUIRE((corners[k] == nullptr) == (other == nullptr));
      if (corners[k] == nullptr) continue;
      CHECK(corners[k]->u == -other->u);
      CHECK(corners[k]->v == other->v);
      CHECK(inside_outline(outline, 0.98f * corners[k]->u, 0.98f * corners[k]->v, 0));
      CHECK_FALSE(inside_outline(outline, 1.03f * corners[k]->u, 1.03f * corners[k]->v, 0));
    }
  }
  CHECK(corners_of(Outline::kDisc).empty());
}

TEST_CASE("place_of: where the figure's own frame puts a corner") {
  Figure figure;
  figure.x = 50;
  figure.y = 40;
  figure.half_width = 20;
  figure.half_height = 10;
  figure.cosine = std::cos(0.3f);
  figure.sine = std::sin(0.3f);
  figure.outline = Outline::kSquare;
  for (const Corner& corner : corners_of(figure.outline)) {
    const CornerPoint at = place_of(figure, corner);
    const auto towards = [&](float share) {
      return covers(figure, figure.x + share * (at.x - figure.x),
                    figure.y + share * (at.y - figure.y));
    };
    CHECK(towards(0.99f));
    CHECK_FALSE(towards(1.01f));
  }
}

TEST_CASE("annotate: corners lie about the box of what shows, some of them hidden") {
  int visible = 0, hidden = 0, round = 0;
  for (uint32_t i = 0; i < 60; ++i) {
    const Scene scene = compose_scene(picture(i), {});
    const Rendering rendering = render(scene);
    for (const ShapeAnnotation& annotation : annotate(scene, rendering)) {
      REQUIRE(annotation.keypoints.size() == 3 * kCornerNames.size());
      const Outline outline =
          detection_shapes()[static_cast<size_t>(annotation.class_index)].outline;
      const int labelled = count_labelled(annotation.keypoints);
      if (annotation.is_crowd || corners_of(outline).empty()) {
        CHECK(labelled == 0);
        ++round;
        continue;
      }
      CHECK(labelled <= std::ssize(corners_of(outline)));
      for (size_t k = 0; k < annotation.keypoints.size(); k += 3) {
        const double* keypoint = annotation.keypoints.data() + k;
        if (keypoint[2] == 0) continue;
        // Pixels of the image; a corner may be half a pixel off its first or last one.
        CHECK(keypoint[0] >= -0.5);
        CHECK(keypoint[0] <= scene.width - 0.5);
        (keypoint[2] == 2 ? visible : hidden) += 1;
        constexpr double slack = 3.01;  // a little more than is allowed: coordinates are rounded
        const auto& [x, y, w, h] = annotation.bbox;
        CHECK(keypoint[0] + 0.5 >= x - slack);
        CHECK(keypoint[0] + 0.5 <= x + w + slack);
        CHECK(keypoint[1] + 0.5 >= y - slack);
        CHECK(keypoint[1] + 0.5 <= y + h + slack);
      }
    }
  }
  CHECK(visible > 250);
  CHECK(hidden > 5);
  CHECK(round > 60);
}
