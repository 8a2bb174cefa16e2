// What is in a picture, before it is drawn.
#pragma once

#include <vector>

#include "core/kernels/random.h"
#include "data/shapes/figure.h"
#include "data/shapes/shape_class.h"

namespace denovo::data {

struct Background {
  Texture texture = Texture::kPlain;
  Rgb colour{}, second_colour{};
  float period = 30;
  float cosine = 1, sine = 0;
  uint32_t variant = 0;
};

struct SceneFigure {
  Figure figure;
  int instance;  // index into Scene::instances; -1 for clutter and wires
};

struct SceneInstance {
  int class_index;
  bool is_crowd;
};

struct Scene {
  int height = 0, width = 0;
  Background background;
  std::vector<SceneFigure> figures;  // from the back to the front
  std::vector<SceneInstance> instances;
  float noise = 0;                 // standard deviation, fraction of full scale
  float shade_x = 0, shade_y = 0;  // brightness gained from one edge to the other
  RandomStream stream{};           // of the pixels' noise
};

struct SceneOptions {
  int size = 192;             // short side
  int num_classes = 10;       // the first of detection_shapes()
  bool small_objects = true;  // false: what would be small is of medium size
};

/// A picture for detection: 2 to 8 instances and perhaps a crowd among clutter, square or 4:3 or
/// 3:4. A pure function of the stream and the options.
Scene compose_scene(const RandomStream& stream, const SceneOptions& options);

/// A picture for classification: one object of classification_shapes()[class_index], size x size.
Scene compose_single(const RandomStream& stream, int size, int class_index);

}  // namespace denovo::data
