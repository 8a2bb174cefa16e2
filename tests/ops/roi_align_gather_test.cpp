// The phases that the GPU runs, on the CPU, against the CPU's own kernels.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "core/kernels/random.h"
#include "ops/roi_align/roi_align_gather_passes.h"
#include "testing/difference.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

namespace {

constexpr int64_t kImages = 2;
const std::vector<double> kStrides{4, 8, 16};

/// RoIs of every kind: inside, over the border, outside, tiny, huge, empty slots, not finite.
Tensor draw_boxes(int64_t count, DType dtype) {
  const Tensor draws = random_tensor({count, 4}, 11, 0, 1);
  std::vector<double> boxes;
  for (int64_t r = 0; r < count; ++r) {
    const double* d = draws.data<double>() + 4 * r;
    const double size = 2 * std::pow(2, 7 * d[2]), x = 160 * d[0] - 20, y = 120 * d[1] - 20;
    boxes.insert(boxes.end(), {x, y, x + size, y + size * (0.3 + 2 * d[3])});
  }
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double special[][4] = {{nan, 0, 5, 5},   {8, 8, 2, 2},   {5, 5, 5, 5},
                               {1e9, 0, 2e9, 9}, {-3, -3, 1, 1}, {0, 0, 128, 96}};
  for (size_t i = 0; i < std::size(special) && static_cast<int64_t>(4 * i) < 4 * count; ++i)
    std::copy_n(special[i], 4, boxes.begin() + static_cast<int64_t>(4 * i));
  return Tensor::from({count, 4}, boxes).to(dtype);
}

Tensor draw_images(int64_t count) {
  std::vector<int32_t> images;
  for (int64_t r = 0; r < count; ++r)
    images.push_back(static_cast<int32_t>(r * 7 % 5) % 3 - (r % 11 == 3));
  for (int32_t& image : images) image = image > 1 ? 1 : image;
  return Tensor::from({count}, images);
}

std::vector<Tensor> draw_features(int64_t channels, DType dtype) {
  std::vector<Tensor> features;
  for (const double stride : kStrides) {
    const auto side = [&](double pixels) {
      return static_cast<int64_t>(std::ceil(pixels / stride));
    };
    features.push_back(
        random_tensor({kImages, side(96), side(128), channels}, static_cast<uint64_t>(stride))
            .to(dtype));
  }
  return features;
}

void check_close(const Tensor& expected, const Tensor& got, double tolerance) {
  const Difference apart = difference(expected, got);
  CHECK_MESSAGE(apart.within(tolerance), apart.worst, " apart, largest ", apart.largest);
}

void check_both_directions(int64_t num_rois, int64_t channels, DType dtype, DType box_dtype,
                           const ops::RoiAlignOptions& options, double tolerance) {
  CAPTURE(num_rois);
  CAPTURE(channels);
  CAPTURE(options.sampling_ratio);
  const Tensor boxes = draw_boxes(num_rois, box_dtype), images = draw_images(num_rois);
  const auto features = draw_features(channels, dtype);
  const int64_t bins = options.output_size;
  const Tensor expected = Tensor::empty({num_rois, bins, bins, channels}, dtype),
               got = expected.empty_like();
  const auto forward = [&](const Tensor& y) {
    return ops::RoiAlignForward{features, kStrides, boxes, images, options, y};
  };
  ops::run(cpu_context(), forward(expected));
  ops::roi_align_gather::run(cpu_context(), forward(got));
  check_close(expected, got, tolerance);

  const Tensor grad_y = random_tensor({num_rois, bins, bins, channels}, 5).to(dtype);
  const auto levels = [&] {
    std::vector<ops::RoiAlignLevelGrad> grads;
    for (size_t l = 0; l < features.size(); ++l) {
      // The second level is not wanted, the third has a gradient already.
      const Tensor grad = l == 1 ? Tensor() : random_tensor(features[l].shape(), 9).to(dtype);
      grads.push_back({features[l].shape(), grad, l == 2 ? 1.0 : 0.0});
    }
    return grads;
  };
  const auto expected_levels = levels(), got_levels = levels();
  ops::run(cpu_context(),
           ops::RoiAlignBackward{expected_levels, kStrides, boxes, images, options, grad_y});
  ops::roi_align_gather::run(
      cpu_context(), ops::RoiAlignBackward{got_levels, kStrides, boxes, images, options, grad_y});
  for (const size_t l : {0u, 2u})
    check_close(expected_levels[l].grad, got_levels[l].grad, tolerance);
}

}  // namespace

TEST_CASE("roi_align: the phases of the GPU give what the CPU's kernels give") {
  for (const bool aligned : {true, false}) {
    for (const int sampling_ratio : {0, 2}) {
      for (const int bins : {7, 14}) {
        const ops::RoiAlignOptions options{.output_size = bins,
                                           .sampling_ratio = sampling_ratio,
                                           .aligned = aligned,
                                           .canonical_size = 56,
                                           .canonical_level = 4};
        check_both_directions(70, 8, DType::kF64, DType::kF64, options, 1e-12);
        // Coordinates in f32: a bin's weights are sums in another order.
        check_both_directions(70, 12, DType::kF32, DType::kF32, options, 1e-5);
        check_both_directions(33, 6, DType::kF32, DType::kF32, options, 1e-5);  // no 16 bytes
        check_both_directions(70, 16, DType::kBF16, DType::kF32, options, 1.0 / 128);
        check_both_directions(0, 8, DType::kF32, DType::kF32, options, 1e-5);
      }
    }
  }
}
