#include "data/shapes/scene.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string>

#include "core/raster/polygon.h"
#include "data/shapes/annotate.h"
#include "data/shapes/difficulty.h"

using namespace denovo;
using namespace denovo::data;

namespace {

RandomStream picture(uint32_t index) {
  return {1, RandomPurpose::kGeneratedData, 0, index};
}

}  // namespace

TEST_CASE("compose_scene: objects of all three COCO ranges, 2 to 8 a picture, some crowds") {
  std::array<int, 3> by_range{};
  int crowds = 0, wide = 0, objects = 0;
  std::array<int, 10> by_class{};
  for (uint32_t i = 0; i < 300; ++i) {
    const Scene scene = compose_scene(picture(i), {});
    int instances = 0;
    for (const ShapeAnnotation& annotation : annotate(scene, render(scene))) {
      if (annotation.is_crowd) {
        ++crowds;
        continue;
      }
      ++instances;
      ++by_class[annotation.class_index];
      ++by_range[annotation.area < 32 * 32 ? 0 : annotation.area < 96 * 96 ? 1 : 2];
      const double aspect = double(annotation.bbox[2]) / annotation.bbox[3];
      wide += aspect > 1.5 || aspect < 1 / 1.5;
    }
    CAPTURE(i);
    CHECK(instances >= 2);
    CHECK(instances <= 8);
    objects += instances;
  }
  for (const int count : by_range) CHECK(count >= 0.2 * objects);
  CHECK(crowds >= 15);
  CHECK(wide >= 0.2 * objects);
  // 1200 objects in ten classes: 120 each, and five standard deviations of 10.
  for (const int count : by_class) CHECK(std::abs(count - objects / 10) < 55);
}

TEST_CASE("compose_scene: the first classes alone, and no small objects") {
  int classes = 0, objects = 0, small = 0;
  for (uint32_t i = 0; i < 60; ++i) {
    const Scene scene = compose_scene(picture(i), {.num_classes = 3, .small_objects = false});
    for (const ShapeAnnotation& annotation : annotate(scene, render(scene))) {
      classes |= 1 << annotation.class_index;
      if (annotation.is_crowd) continue;
      ++objects;
      small += annotation.area < 22 * 22;  // a medium one of which two thirds are hidden
    }
  }
  CHECK(classes == 0b111);
  CHECK(objects > 120);
  CHECK(small == 0);
}

TEST_CASE("annotate: polygons give back the visible mask, boxes and areas are the mask's") {
  int num_slits = 0, num_parts = 0;
  for (uint32_t i = 0; i < 60; ++i) {
    const Scene scene = compose_scene(picture(i), {});
    const Rendering rendering = render(scene);
    std::vector<uint8_t> all(rendering.owner.size());
    for (const ShapeAnnotation& annotation : annotate(scene, rendering)) {
      if (annotation.is_crowd) {
        CHECK(rle_area(annotation.rle) == annotation.area);
        continue;
      }
      num_slits += detection_shapes()[annotation.class_index].outline == Outline::kRing;
      num_parts += annotation.polygons.size() > 1;
      std::vector<double> xy;
      std::vector<uint32_t> sizes;
      for (const auto& polygon : annotation.polygons) {
        xy.insert(xy.end(), polygon.begin(), polygon.end());
        sizes.push_back(static_cast<uint32_t>(polygon.size()));
      }
      const Rle rle = rle_from_polygons(xy, sizes, scene.height, scene.width);
      CAPTURE(i);
      CHECK(std::abs(double(rle_area(rle)) - double(annotation.area)) <= 0.05 * annotation.area);
      const auto [x, y, width, height] = annotation.bbox;
      const RleBox box = rle_bounding_box(rle);
      CHECK(std::abs(box.x - x) <= 2);
      CHECK(std::abs(box.y - y) <= 2);
      CHECK(std::abs(box.x + box.width - x - width) <= 2);
      CHECK(std::abs(box.y + box.height - y - height) <= 2);
    }
  }
  CHECK(num_slits > 5);
  CHECK(num_parts > 5);
}

TEST_CASE("compose_scene: crowds are clusters of at least six overlapping figures of one class") {
  int crowds = 0;
  for (uint32_t i = 0; i < 100; ++i) {
    const Scene scene = compose_scene(picture(i), {});
    for (size_t instance = 0; instance < scene.instances.size(); ++instance) {
      if (!scene.instances[instance].is_crowd) continue;
      ++crowds;
      const auto members = std::count_if(
          scene.figures.begin(), scene.figures.end(),
          [&](const SceneFigure& f) { return f.instance == static_cast<int>(instance); });
      CHECK(members >= difficulty::kMinCrowd);
    }
  }
  CHECK(crowds >= 3);
}

TEST_CASE(
    "shapes: classes share outlines and textures, and a third of the folder's are other ones") {
  const auto shapes = detection_shapes();
  CHECK(shapes.size() >= 8);
  std::set<std::pair<Outline, Texture>> kinds;
  int same_outline = 0, same_texture = 0;
  for (const ShapeClass& a : shapes) {
    kinds.insert({a.outline, a.texture});
    for (const ShapeClass& b : shapes) {
      same_outline += a.outline == b.outline && a.texture != b.texture;
      same_texture += a.outline != b.outline && a.texture == b.texture;
    }
  }
  CHECK(kinds.size() == shapes.size());
  CHECK(same_outline >= 4);
  CHECK(same_texture >= 4);
  const auto others = classification_shapes();
  CHECK(others.size() == 12 * 4 - shapes.size());
  for (const ShapeClass& c : others)
    for (const ShapeClass& d : shapes) {
      CHECK(c.name != d.name);
      CHECK((c.outline != d.outline || c.texture != d.texture));
    }
}

TEST_CASE("compose_scene: sizes grow with the picture") {
  const auto largest = [](int size) {
    int64_t sum = 0;
    for (uint32_t i = 0; i < 20; ++i) {
      const Scene scene = compose_scene(picture(i), {.size = size});
      for (const ShapeAnnotation& a : annotate(scene, render(scene))) sum += a.area;
    }
    return static_cast<double>(sum);
  };
  CHECK(largest(288) / largest(192) == doctest::Approx(2.25).epsilon(0.15));
}
