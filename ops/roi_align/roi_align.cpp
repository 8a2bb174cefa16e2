#include "ops/roi_align/roi_align.h"

#include <fmt/format.h>

#include <cmath>

#include "core/autograd/autograd.h"
#include "ops/roi_align/roi_align_kernels.h"

namespace denovo::ops {
namespace {

struct RoiAlignNode : Node {
  Saved boxes{*this}, images{*this};
  std::vector<Shape> shapes;
  std::vector<double> strides;
  RoiAlignOptions options;
  std::string_view name() const override { return "roi_align"; }
  void backward(std::span<const Tensor> grad_outputs, std::span<GradSlot> grad_inputs) override {
    std::vector<RoiAlignLevelGrad> levels;
    for (size_t l = 0; l < shapes.size(); ++l) {
      GradSlot& slot = grad_inputs[l];
      if (slot) {
        levels.push_back({shapes[l], slot.buffer(), slot.beta()});
      } else {
        levels.push_back({shapes[l], Tensor(), 0});
      }
    }
    with_backend(grad_outputs[0].device(), [&](auto& ctx) {
      run(ctx,
          RoiAlignBackward{levels, strides, boxes.get(), images.get(), options, grad_outputs[0]});
    });
  }
};

void check_features(std::span<const Tensor> features) {
  if (features.empty() || features.size() > kMaxRoiLevels) {
    throw ShapeError(fmt::format("roi_align: features must have 1 to {} levels, got {}",
                                 kMaxRoiLevels, features.size()));
  }
  const Tensor& first = features[0];
  for (const Tensor& level : features) {
    if (level.rank() != 4 || level.size(0) != first.size(0) || level.size(3) != first.size(3) ||
        level.dtype() != first.dtype() || !is_floating(level.dtype())) {
      throw ShapeError(fmt::format(
          "roi_align: features must be [N, h, w, C] of one floating dtype, got {} {} beside {} {}",
          name(level.dtype()), to_string(level.shape()), name(first.dtype()),
          to_string(first.shape())));
    }
    if (level.device() != first.device()) {
      throw DeviceError(fmt::format("roi_align: a level is on {}, the first on {}",
                                    to_string(level.device()), to_string(first.device())));
    }
  }
}

void check_strides(std::span<const double> strides, size_t num_levels) {
  if (strides.size() != num_levels) {
    throw ShapeError(fmt::format("roi_align: strides must be one per level ({}), got {}",
                                 num_levels, strides.size()));
  }
  int exponent = 0;
  for (size_t l = 0; l < num_levels; ++l) {
    const bool pyramid = std::frexp(strides[0], &exponent) == 0.5 &&
                         strides[l] == std::ldexp(strides[0], static_cast<int>(l));
    if (!(strides[l] > 0) || (num_levels > 1 && !pyramid)) {
      throw ShapeError(
          fmt::format("roi_align: strides must be 2^k, 2^(k+1), ... or one positive number, got {}",
                      fmt::join(strides, ", ")));
    }
  }
}

void check_rois(const Tensor& boxes, const Tensor& images, Device device) {
  if (boxes.rank() != 2 || boxes.size(1) != 4 ||
      (boxes.dtype() != DType::kF32 && boxes.dtype() != DType::kF64)) {
    throw ShapeError(fmt::format("roi_align: boxes must be f32 or f64 [R, 4], got {} {}",
                                 name(boxes.dtype()), to_string(boxes.shape())));
  }
  if (images.shape() != Shape{boxes.size(0)} || images.dtype() != DType::kI32) {
    throw ShapeError(fmt::format("roi_align: images must be i32 [{}], got {} {}", boxes.size(0),
                                 name(images.dtype()), to_string(images.shape())));
  }
  for (const Tensor* tensor : {&boxes, &images}) {
    if (tensor->device() != device) {
      throw DeviceError(fmt::format("roi_align: boxes or images are on {}, features are on {}",
                                    to_string(tensor->device()), to_string(device)));
    }
  }
}

}  // namespace

Tensor roi_align(std::span<const Tensor> features, std::span<const double> strides,
                 const Tensor& boxes, const Tensor& images, const RoiAlignOptions& options) {
  check_features(features);
  check_strides(strides, features.size());
  const Device device = features[0].device();
  check_rois(boxes, images, device);
  if (options.output_size < 1 || options.sampling_ratio < 0) {
    throw ShapeError(fmt::format(
        "roi_align: output_size must be positive and sampling_ratio not negative, got {} and {}",
        options.output_size, options.sampling_ratio));
  }
  const int64_t size = options.output_size;
  const Tensor y =
      Tensor::empty({boxes.size(0), size, size, features[0].size(3)}, features[0].dtype(), device);
  with_backend(device, [&](auto& ctx) {
    run(ctx, RoiAlignForward{features, strides, boxes, images, options, y});
  });
  if (wants_grad(features)) {
    auto node = std::make_shared<RoiAlignNode>();
    node->boxes = boxes;
    node->images = images;
    for (const Tensor& level : features) node->shapes.push_back(level.shape());
    node->strides.assign(strides.begin(), strides.end());
    node->options = options;
    attach(node, features, std::span(&y, 1));
  }
  return y;
}

}  // namespace denovo::ops
