// Reference numbers: tests/oracles/roi_align.py.
#include "ops/roi_align/roi_align.h"

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>

#include "core/autograd/autograd.h"
#include "core/kernels/backend.h"
#include "core/kernels/random.h"
#include "ops/roi_align/roi_align_math.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

namespace {

using Strides = std::vector<double>;

/// One bilinear sample as in Caffe2's and torchvision's kernel.
double published_sample(const double* plane, int64_t height, int64_t width, int64_t channels,
                        int64_t c, double y, double x) {
  if (y < -1 || y > static_cast<double>(height) || x < -1 || x > static_cast<double>(width)) {
    return 0;
  }
  y = std::max(y, 0.0), x = std::max(x, 0.0);
  auto y0 = static_cast<int64_t>(y), x0 = static_cast<int64_t>(x), y1 = y0 + 1, x1 = x0 + 1;
  if (y0 >= height - 1) y = static_cast<double>(y0 = y1 = height - 1);
  if (x0 >= width - 1) x = static_cast<double>(x0 = x1 = width - 1);
  const double fy = y - static_cast<double>(y0), fx = x - static_cast<double>(x0);
  const auto at = [&](int64_t row, int64_t column) {
    return plane[(row * width + column) * channels + c];
  };
  return (1 - fy) * ((1 - fx) * at(y0, x0) + fx * at(y0, x1)) +
         fy * ((1 - fx) * at(y1, x0) + fx * at(y1, x1));
}

/// Sample by sample, in f64.
Tensor published_roi_align(std::span<const Tensor> features, const Strides& strides,
                           const Tensor& boxes, const Tensor& images,
                           const ops::RoiAlignOptions& options) {
  const int64_t bins = options.output_size, channels = features[0].size(3);
  const Tensor result = Tensor::zeros({boxes.size(0), bins, bins, channels}, DType::kF64);
  double* y = result.data<double>();
  for (int64_t r = 0; r < boxes.size(0); ++r) {
    const double* box = boxes.data<double>() + 4 * r;
    const int32_t image = images.data<int32_t>()[r];
    const double size = std::sqrt((box[2] - box[0]) * (box[3] - box[1]));
    const double level = std::floor(4 + std::log2(size / 224 + 1e-8)) - std::log2(strides[0]);
    const auto last = static_cast<double>(features.size() - 1);
    const auto l = static_cast<size_t>(std::clamp(level, 0.0, last));
    const Tensor& map = features[l];
    const int64_t height = map.size(1), width = map.size(2);
    const double offset = options.aligned ? 0.5 : 0;
    const double x0 = box[0] / strides[l] - offset, y0 = box[1] / strides[l] - offset;
    double w = box[2] / strides[l] - offset - x0, h = box[3] / strides[l] - offset - y0;
    if (!options.aligned) w = std::max(w, 1.0), h = std::max(h, 1.0);
    const double bin_w = w / static_cast<double>(bins), bin_h = h / static_cast<double>(bins);
    const int grid_h =
        options.sampling_ratio > 0 ? options.sampling_ratio : static_cast<int>(std::ceil(bin_h));
    const int grid_w =
        options.sampling_ratio > 0 ? options.sampling_ratio : static_cast<int>(std::ceil(bin_w));
    for (int64_t i = 0; i < bins * bins * channels && image >= 0; ++i, ++y) {
      const auto p = static_cast<double>(i / channels / bins);
      const auto q = static_cast<double>(i / channels % bins);
      for (int a = 0; a < grid_h; ++a) {
        for (int b = 0; b < grid_w; ++b) {
          *y += published_sample(map.data<double>() + image * height * width * channels, height,
                                 width, channels, i % channels,
                                 y0 + p * bin_h + (a + 0.5) * bin_h / grid_h,
                                 x0 + q * bin_w + (b + 0.5) * bin_w / grid_w) /
                (grid_h * grid_w);
        }
      }
    }
    if (image < 0) y += bins * bins * channels;
  }
  return result;
}

OpCase make_case(std::string name, std::vector<Tensor> features, Strides strides, Tensor boxes,
                 Tensor images, ops::RoiAlignOptions options) {
  return {
      .name = std::move(name),
      .inputs = std::move(features),
      .forward =
          [=](std::span<const Tensor> in) {
            const Device device = in[0].device();
            return std::vector{ops::roi_align(in, strides,
                                              boxes.to(compute_dtype(in[0].dtype())).to(device),
                                              images.to(device), options)};
          },
      .reference =
          [=](std::span<const Tensor> in) {
            return std::vector{published_roi_align(in, strides, boxes, images, options)};
          },
      .bf16_tolerance = 1e-2,  // features and results each rounded to eight bits, sums of a few
  };
}

std::vector<OpCase> cases() {
  // Three levels of an image of 96 x 128; the third gets no RoI.
  const std::vector<Tensor> pyramid = {random_tensor({2, 12, 16, 2}, 1),
                                       random_tensor({2, 6, 8, 2}, 2),
                                       random_tensor({2, 3, 4, 2}, 3)};
  const Tensor boxes = Tensor::from<double>(
      {5, 4}, {3.1,   7.3,  41.7, 52.9, -20.3, -9.1, 100.7, 110.3, 60.1, 30.2,
               140.9, 80.3, 1,    2,    3,     4,    70.3,  80.1,  75.2, 99.4});
  const Tensor images = Tensor::from<int32_t>({5}, {0, 1, 0, -1, 1});
  const std::vector<Tensor> wide = {random_tensor({1, 9, 10, 67}, 4)};  // 8 x 8 + 3 channels
  const Tensor one = Tensor::from<double>({1, 4}, {5.2, 4.1, 30.9, 28.3});
  const Tensor first = Tensor::from<int32_t>({1}, {0});
  return {make_case("pyramid, adaptive, aligned", pyramid, {8, 16, 32}, boxes, images,
                    {.output_size = 3}),
          make_case("pyramid, two samples, not aligned", pyramid, {8, 16, 32}, boxes, images,
                    {.output_size = 4, .sampling_ratio = 2, .aligned = false}),
          make_case("one level, many channels", wide, {4}, one, first, {.output_size = 2})};
}

const OpCases roi_align_cases("roi_align", cases);

/// Multiples of 1/128, as in tests/oracles/roi_align.py.
Tensor formula(const Shape& shape, int64_t multiplier, DType dtype) {
  std::vector<double> values(static_cast<size_t>(shape.numel()));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<double>(static_cast<int64_t>(i) * multiplier % 257 % 256) / 128 - 1;
  }
  return Tensor::from(shape, values).to(dtype);
}

double worst(const Tensor& got, std::istream& expected) {
  double worst = 0, value = 0;
  for (const double v : got.to_vector<double>()) {
    expected >> value;
    worst = std::max(worst, std::abs(v - value));
  }
  return expected ? worst : INFINITY;
}

/// Output and gradient of the features for the gradient probe.
std::pair<Tensor, Tensor> run_both(const Tensor& x, const Strides& strides, const Tensor& boxes,
                                   const Tensor& images, const ops::RoiAlignOptions& options) {
  const Tensor leaf = x.clone();
  leaf.set_requires_grad(true);
  const Tensor y = ops::roi_align(std::span(&leaf, 1), strides, boxes, images, options);
  backward(y, formula(y.shape(), 101, y.dtype()));
  return {y, leaf.grad()};
}

}  // namespace

TEST_CASE("roi_align: equals torchvision forward and backward, aligned or not, ratios 0 to 3") {
  const Tensor boxes = Tensor::from<double>(
      {6, 4}, {4.5, 3.25, 30.75, 28.5, -12, -9, 17.5, 20, 200,    100,  260,   190,
               20,  16,   20,    16,   0,   0,  48,   36, 33.125, 21.5, 34.25, 22});
  const Tensor images = Tensor::from<int32_t>({6}, {0, 1, 0, 1, 1, 0});
  std::ifstream file(DENOVO_TEST_DATA "/data_files/roi_align/reference.txt");
  int aligned = 0, ratio = 0, rows = 0;
  while (file >> aligned >> ratio) {
    INFO("aligned ", aligned, ", sampling ratio ", ratio);
    const ops::RoiAlignOptions options{
        .output_size = 3, .sampling_ratio = ratio, .aligned = aligned == 1};
    const auto position = file.tellg();
    for (const DType dtype : {DType::kF32, DType::kF64}) {
      file.seekg(position);
      const auto [y, grad] =
          run_both(formula({2, 9, 12, 3}, 37, dtype), {4}, boxes.to(dtype), images, options);
      const double tolerance = dtype == DType::kF64 ? 1e-10 : 4e-6;  // 12 digits are in the file
      CHECK(worst(y, file) < tolerance);
      CHECK(worst(grad, file) < tolerance);
    }
    ++rows;
  }
  CHECK(rows == 8);
}

TEST_CASE("roi_align: bins of a 5 x 5 ramp are where detectron2 draws them") {
  // x[y, x] = 5 y + x, a RoI from (1, 1) to (3, 3), 4 x 4 bins of half a cell. The centre of the
  // first bin is (1.25, 1.25) in continuous coordinates, (0.75, 0.75) between cell centres: 4.5.
  std::vector<float> ramp(25);
  for (size_t i = 0; i < ramp.size(); ++i) ramp[i] = static_cast<float>(i);
  const Tensor x = Tensor::from<float>({1, 5, 5, 1}, ramp);
  const Tensor box = Tensor::from<float>({1, 4}, {1, 1, 3, 3});
  const Tensor image = Tensor::from<int32_t>({1}, {0});
  const Strides stride = {1};
  for (const bool aligned : {true, false}) {
    const Tensor y = ops::roi_align(std::span(&x, 1), stride, box, image,
                                    {.output_size = 4, .aligned = aligned});
    std::vector<float> expected;
    for (int i = 0; i < 16; ++i) {
      const int row = i / 4, column = i % 4;
      expected.push_back((aligned ? 4.5f : 7.5f) + 2.5f * static_cast<float>(row) +
                         0.5f * static_cast<float>(column));
    }
    CHECK(y.to_vector<float>() == expected);
  }
}

TEST_CASE("roi_align: two linear taps are the published border rule on a million points") {
  constexpr int kHeight = 5, kWidth = 7;
  const RandomStream stream{.seed = 1, .purpose = RandomPurpose::kTest};
  std::vector<double> plane(kHeight * kWidth);
  for (size_t i = 0; i < plane.size(); ++i) plane[i] = stream.uniform(static_cast<uint32_t>(i));
  int64_t wrong = 0;
  for (uint32_t i = 0; i < 1000000; ++i) {
    // Every fourth point lies on a multiple of 1/2: borders and centres are hit exactly.
    double y = stream.uniform(2 * i, -2, kHeight + 2),
           x = stream.uniform(2 * i + 1, -2, kWidth + 2);
    if (i % 4 == 0) y = std::round(2 * y) / 2, x = std::round(2 * x) / 2;
    const auto rows = ops::linear_tap(y, kHeight), columns = ops::linear_tap(x, kWidth);
    double value = 0;
    if (rows.inside && columns.inside) {
      const auto at = [&](int row, int column) {
        return plane[static_cast<size_t>(row * kWidth + column)];
      };
      value = rows.weight0 * (columns.weight0 * at(rows.cell0, columns.cell0) +
                              columns.weight1 * at(rows.cell0, columns.cell1)) +
              rows.weight1 * (columns.weight0 * at(rows.cell1, columns.cell0) +
                              columns.weight1 * at(rows.cell1, columns.cell1));
    }
    wrong += std::abs(value - published_sample(plane.data(), kHeight, kWidth, 1, 0, y, x)) > 1e-15;
  }
  CHECK(wrong == 0);
  CHECK_FALSE(ops::linear_tap(static_cast<float>(NAN), 5).inside);
}

TEST_CASE("roi_align: a RoI reads the level of its size, 224 pixels at stride 16") {
  std::vector<Tensor> features;
  for (int64_t l = 0; l < 4; ++l) {
    features.push_back(
        Tensor::full({1, 64 >> l, 64 >> l, 1}, static_cast<double>(l + 2), DType::kF32));
  }
  const std::vector<float> sizes = {1, 111.9f, 112, 223.9f, 224, 447.9f, 448, 5000};
  std::vector<float> boxes;
  for (const float size : sizes) boxes.insert(boxes.end(), {8, 8, 8 + size, 8 + size});
  const Tensor y =
      ops::roi_align(features, Strides{4, 8, 16, 32}, Tensor::from<float>({8, 4}, boxes),
                     Tensor::zeros({8}, DType::kI32), {.output_size = 1, .sampling_ratio = 1});
  // The centre of the last one lies outside the image.
  CHECK(y.to_vector<float>() == std::vector<float>{2, 2, 3, 3, 4, 4, 5, 0});
}

TEST_CASE("roi_align: empty slots and boxes that are not finite give zeros and no gradient") {
  const float inf = INFINITY;
  const Tensor boxes =
      Tensor::from<float>({6, 4}, {0, 0, 8, 8, NAN, 0, 8, 8, 0,      -inf,   8,     inf,
                                   8, 8, 2, 2, 0,   0, 8, 8, -3e38f, -3e38f, 3e38f, 3e38f});
  const Tensor images = Tensor::from<int32_t>({6}, {-1, 0, 0, 0, 1, 0});  // there is no image 1
  for (const int ratio : {0, 2}) {
    const auto [y, grad] = run_both(formula({1, 4, 4, 2}, 37, DType::kF32), {2}, boxes, images,
                                    {.output_size = 2, .sampling_ratio = ratio});
    CHECK(y.to_vector<float>() == std::vector<float>(48, 0.f));
    CHECK(grad.to_vector<float>() == std::vector<float>(32, 0.f));
  }
}

TEST_CASE("roi_align: no RoIs give an empty tensor and a gradient of zeros") {
  const auto [y, grad] =
      run_both(formula({1, 4, 4, 2}, 37, DType::kF32), {2}, Tensor::zeros({0, 4}, DType::kF32),
               Tensor::zeros({0}, DType::kI32), {});
  CHECK(y.shape() == Shape{0, 7, 7, 2});
  CHECK(grad.to_vector<float>() == std::vector<float>(32, 0.f));
}

TEST_CASE("roi_align: the gradient is the same to the bit on one thread and on several") {
  const RandomStream stream{.seed = 2, .purpose = RandomPurpose::kTest};
  std::vector<float> boxes;
  std::vector<int32_t> images;
  for (uint32_t r = 0; r < 200; ++r) {
    const float x = stream.uniform(4 * r, -10, 90), y = stream.uniform(4 * r + 1, -10, 60);
    boxes.insert(boxes.end(), {x, y, x + stream.uniform(4 * r + 2, 1, 60),
                               y + stream.uniform(4 * r + 3, 1, 60)});
    images.push_back(static_cast<int32_t>(r % 2));
  }
  const Tensor x = formula({2, 20, 27, 9}, 37, DType::kF32);
  const Tensor box_tensor = Tensor::from<float>({200, 4}, boxes);
  const Tensor image_tensor = Tensor::from<int32_t>({200}, images);
  const int threads = cpu_context().num_threads();
  std::vector<std::vector<float>> results;
  for (const int n : {1, 2, 3}) {
    cpu_context().set_num_threads(n);
    results.push_back(run_both(x, {4}, box_tensor, image_tensor, {}).second.to_vector<float>());
  }
  cpu_context().set_num_threads(threads);
  CHECK(results[0] == results[1]);
  CHECK(results[0] == results[2]);
}

TEST_CASE("roi_align: names what is wrong") {
  const std::vector<Tensor> features = {Tensor::zeros({1, 8, 8, 2}, DType::kF32),
                                        Tensor::zeros({1, 4, 4, 3}, DType::kF32)};
  const std::span<const Tensor> first(features.data(), 1);
  const Tensor boxes = Tensor::zeros({2, 4}, DType::kF32), images = Tensor::zeros({2}, DType::kI32);
  CHECK_THROWS_WITH_AS(ops::roi_align(features, Strides{4, 8}, boxes, images, {}),
                       "roi_align: features must be [N, h, w, C] of one floating dtype, got f32 "
                       "[1, 4, 4, 3] beside f32 [1, 8, 8, 2]",
                       ShapeError);
  const std::vector<Tensor> twice = {features[0], features[0]};
  CHECK_THROWS_WITH_AS(
      ops::roi_align(twice, Strides{4, 16}, boxes, images, {}),
      "roi_align: strides must be 2^k, 2^(k+1), ... or one positive number, got 4, 16", ShapeError);
  CHECK_THROWS_WITH_AS(ops::roi_align(first, Strides{4, 8}, boxes, images, {}),
                       "roi_align: strides must be one per level (1), got 2", ShapeError);
  CHECK_THROWS_WITH_AS(ops::roi_align(first, Strides{4}, boxes.to(DType::kBF16), images, {}),
                       "roi_align: boxes must be f32 or f64 [R, 4], got bf16 [2, 4]", ShapeError);
  CHECK_THROWS_WITH_AS(
      ops::roi_align(first, Strides{4}, boxes, Tensor::zeros({3}, DType::kI32), {}),
      "roi_align: images must be i32 [2], got i32 [3]", ShapeError);
  CHECK_THROWS_WITH_AS(
      ops::roi_align(first, Strides{4}, boxes, images, {.output_size = 0}),
      "roi_align: output_size must be positive and sampling_ratio not negative, got 0 and 0",
      ShapeError);
}
