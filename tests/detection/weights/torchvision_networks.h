// Classifiers of torchvision with weights by a formula, as tests/oracles/vgg_f64.py and
// classifier_logits.py fill them, given to our classifier through the tables of names.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "detection/parity/formula.h"
#include "detection/pretraining/image_classifier.h"
#include "detection/weights/codebases.h"
#include "nn/state_dict.h"

namespace denovo::detection::testing {

/// How the values of a script are drawn.
struct WeightRule {
  std::string salt;
  double gain = 6;     // of weights: symmetric * sqrt(gain / fan_in)
  int64_t period = 0;  // after which the values of a tensor repeat; 0: never
};

/// A tensor of theirs, f64 or f32.
inline Tensor drawn_weight(const WeightRule& rule, const std::string& name, const Shape& shape,
                           DType dtype) {
  double offset = 0, scale = 0.1;
  if (name.ends_with("running_var")) {
    offset = 1, scale = 0.2;
  } else if (name.ends_with("weight") && shape.rank() == 1) {
    offset = 1;
  } else if (name.ends_with("weight")) {
    scale = std::sqrt(rule.gain / static_cast<double>(shape.numel() / shape[0]));
  }
  const std::string salted = rule.salt + "/" + name;
  if (rule.period == 0 || shape.numel() <= rule.period)
    return denovo::testing::drawn(salted, shape, offset, scale, dtype);
  const Tensor once = denovo::testing::drawn(salted, {rule.period}, offset, scale, dtype);
  const Tensor all = Tensor::empty(shape, dtype);
  for (size_t at = 0; at < all.bytes(); at += once.bytes())
    std::copy_n(once.raw(), std::min(once.bytes(), all.bytes() - at), all.raw() + at);
  return all;
}

struct NamedShapes {
  std::vector<std::string> ours, theirs;
  std::vector<Shape> shapes;  // in files
};

/// Every tensor of the classifier under torchvision's name.
inline NamedShapes torchvision_tensors(const ImageClassifier& model, Codebase codebase) {
  NamedShapes found;
  model.for_each_parameter([&](const std::string& name, const nn::Parameter& parameter) {
    found.ours.push_back(name);
    found.shapes.push_back(nn::file_shape(parameter.tensor().shape(), parameter.format()));
  });
  model.for_each_buffer([&](const std::string& name, const nn::Buffer& buffer) {
    found.ours.push_back(name);
    found.shapes.push_back(buffer.tensor().shape());
  });
  found.theirs = rename(found.ours, reversed(rename_rules(codebase, found.ours)), "ours");
  return found;
}

/// Fills the model by torchvision's names, one tensor at a time: VGG-16 has half a gigabyte.
inline void load_drawn(const ImageClassifier& model, Codebase codebase, const WeightRule& rule) {
  const NamedShapes tensors = torchvision_tensors(model, codebase);
  const std::vector<std::string> names =
      rename(tensors.theirs, rename_rules(codebase, tensors.theirs), "theirs");
  CHECK(names == tensors.ours);
  for (size_t i = 0; i < names.size(); ++i) {
    const Tensor weight = drawn_weight(rule, tensors.theirs[i], tensors.shapes[i], DType::kF32);
    const nn::LoadReport report = nn::load_state_dict(model, {{names[i], weight}});
    CHECK_MESSAGE((report.unexpected.empty() && report.mismatched.empty()), report.summary());
  }
}

/// floor(128 (symmetric + 1)), u8.
inline Tensor drawn_pixels(const Shape& shape) {
  const Tensor drawn = denovo::testing::drawn("pixels", shape, 128, 128, DType::kF64);
  const Tensor pixels = Tensor::empty(shape, DType::kU8);
  for (int64_t i = 0; i < shape.numel(); ++i)
    pixels.data<uint8_t>()[i] = static_cast<uint8_t>(std::floor(drawn.data<double>()[i]));
  return pixels;
}

inline PixelConfig torchvision_pixels() {
  ModelFileConfig config;
  set_conventions(Codebase::kTorchvisionResnet, config);
  return config.model.pixel;
}

}  // namespace denovo::detection::testing
