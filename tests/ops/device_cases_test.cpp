// Ops without a gradient, at sizes that fill several blocks, with ties and empty slots: a GPU gives
// what the CPU gives, to the last bit wherever the order of sums does not enter.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <set>

#include "core/step_state.h"
#include "ops/anchors/anchors.h"
#include "ops/append_ground_truth/append_ground_truth.h"
#include "ops/balanced_sample/balanced_sample.h"
#include "ops/box_coder/box_coder.h"
#include "ops/compact/compact.h"
#include "ops/detection_candidates/detection_candidates.h"
#include "ops/gradient_norm/gradient_norm.h"
#include "ops/loss_weights/loss_weights.h"
#include "ops/mask_probabilities/mask_probabilities.h"
#include "ops/mask_targets/mask_targets.h"
#include "ops/match_boxes/match_boxes.h"
#include "ops/nms/nms.h"
#include "ops/normalize_image/normalize_image.h"
#include "ops/roi_classes/roi_classes.h"
#include "ops/sgd/sgd.h"
#include "ops/sigmoid/sigmoid.h"
#include "ops/size_filter/size_filter.h"
#include "ops/softmax/softmax.h"
#include "ops/top_k/top_k.h"
#include "testing/device_case.h"
#include "testing/draw.h"
#include "testing/gpu.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

namespace {

using Inputs = std::span<const Tensor>;

Tensor random_ints(const Shape& shape, uint64_t seed, int32_t low, int32_t high) {
  Draw draw(seed);
  std::vector<int32_t> values(static_cast<size_t>(shape.numel()));
  for (int32_t& v : values) v = low + draw.below(high - low);
  return Tensor::from(shape, values);
}

/// [..., 4] f32 boxes of 1 to 80 pixels inside 0 to 400, on a grid of quarters so that overlaps
/// and scores tie.
Tensor random_boxes(const Shape& slots, uint64_t seed) {
  Draw draw(seed);
  std::vector<float> values;
  for (int64_t i = 0; i < slots.numel(); ++i) {
    const float x = static_cast<float>(draw.below(1280)) / 4,
                y = static_cast<float>(draw.below(1280)) / 4,
                w = 1 + static_cast<float>(draw.below(316)) / 4,
                h = 1 + static_cast<float>(draw.below(316)) / 4;
    values.insert(values.end(), {x, y, x + w, y + h});
  }
  return Tensor::from({slots.numel(), 4}, values);
}

/// f32 in steps of 1/64, so that many tie.
Tensor coarse_scores(const Shape& shape, uint64_t seed) {
  Draw draw(seed);
  std::vector<float> values(static_cast<size_t>(shape.numel()));
  for (float& v : values) v = static_cast<float>(draw.below(128)) / 64 - 1;
  return Tensor::from(shape, values);
}

Tensor image_ids(int64_t images) {
  std::vector<int64_t> ids;
  for (int64_t i = 0; i < images; ++i) ids.push_back(1000003 * (i + 1));
  return Tensor::from({images}, ids);
}

/// The fields of a state that the op left, on the host.
Tensor numbers(const DeviceStepState& state) {
  const StepState s = state.read();
  return Tensor::from<double>(
      {4}, {static_cast<double>(s.iteration), s.grad_norm, static_cast<double>(s.faulted),
            static_cast<double>(s.fault_iteration)});
}

const DeviceCases anchors("anchors", [] {
  return std::vector<DeviceCase>{
      {.name = "two levels", .inputs = {Tensor::zeros({1}, DType::kF32)}, .forward = [](Inputs in) {
         const ops::AnchorLevel levels[] = {{37, 53, 8, 8, {32}}, {19, 27, 16, 16, {64}}};
         return std::vector{ops::grid_anchors(levels, {}, DType::kF32, in[0].device())};
       }}};
});

const DeviceCases append_ground_truth("append_ground_truth", [] {
  return std::vector<DeviceCase>{
      {.name = "some slots empty",
       .inputs = {random_boxes({3, 50}, 1).view({3, 50, 4}),
                  Tensor::from<int32_t>({3}, {0, 50, 17}), random_boxes({3, 9}, 2).view({3, 9, 4}),
                  random_ints({3, 9}, 3, -1, 4)},
       .forward = [](Inputs in) {
         const auto result = ops::append_ground_truth(in[0], in[1], in[2], in[3]);
         return std::vector{result.boxes, result.valid};
       }}};
});

std::vector<Tensor> sampled(Inputs in, int64_t num) {
  DeviceStepState state(in[0].device());
  state.write({.iteration = 41});
  const auto result = ops::balanced_sample(in[0], in[1], state.get(), {.num = num, .seed = 7});
  return {result.indices, result.counts};
}

const DeviceCases balanced_sample("balanced_sample", [] {
  const auto few = [](Inputs in) { return sampled(in, 256); };
  return std::vector<DeviceCase>{
      {"anchors of three images", {random_ints({3, 20011}, 1, -1, 2), image_ids(3)}, few},
      {"few positives", {random_ints({2, 5000}, 2, -40, 2), image_ids(2)}, few},
      {"nothing to choose", {Tensor::full({2, 700}, -1, DType::kI32), image_ids(2)}, few},
      {"no boxes", {Tensor::zeros({2, 0}, DType::kI32), image_ids(2)}, few}};
});

const DeviceCases box_coder("box_coder", [] {
  return std::vector<DeviceCase>{
      {.name = "encode",
       .inputs = {random_boxes({1000}, 1), random_boxes({1000}, 2)},
       .forward =
           [](Inputs in) {
             return std::vector{ops::encode_boxes(in[0], in[1], {10, 10, 5, 5})};
           }},
      {.name = "encode matched",
       .inputs = {random_boxes({777}, 3), random_boxes({2, 6}, 4).view({2, 6, 4}),
                  random_ints({2, 777}, 5, -1, 6), random_ints({2, 777}, 6, -1, 2)},
       .forward =
           [](Inputs in) {
             return std::vector{ops::encode_matched(in[0], in[1], in[2], in[3], {})};
           }},
      {.name = "decode and clip",
       .inputs = {random_boxes({1200}, 7), random_tensor({1200, 4}, 8, -6, 6, DType::kF32),
                  Tensor::from<int32_t>({2, 2}, {300, 400, 200, 250})},
       .forward = [](Inputs in) {
         return std::vector{
             ops::clip_boxes(ops::decode_boxes(in[0], in[1], {}).view({2, 600, 4}), in[2])};
       }}};
});

const DeviceCases compact("compact", [] {
  const auto forward = [](Inputs in) {
    const auto result = ops::compact(in[0]);
    return std::vector{result.rows, result.count};
  };
  return std::vector<DeviceCase>{{"many", {random_ints({9, 1021}, 1, -1, 2)}, forward},
                                 {"none", {Tensor::zeros({1000}, DType::kI32)}, forward},
                                 {"all", {Tensor::full({4097}, 1, DType::kI32)}, forward},
                                 {"no rows", {Tensor::zeros({0}, DType::kI32)}, forward}};
});

const DeviceCases detection_candidates("detection_candidates", [] {
  return std::vector<DeviceCase>{{.name = "two images",
                                  .inputs = {random_tensor({600, 9}, 1, 0, .2, DType::kF32),
                                             Tensor::from<int32_t>({2}, {300, 113})},
                                  .forward = [](Inputs in) {
                                    const auto result =
                                        ops::detection_candidates(in[0], in[1], .05);
                                    return std::vector{result.scores, result.groups};
                                  }}};
});

const DeviceCases gradient_norm("gradient_norm", [] {
  const auto forward = [](Inputs in) {
    DeviceStepState state(in[0].device());
    state.write({.iteration = 5});
    const Tensor loss = in[1];
    ops::gradient_norm(in[0], std::span(&loss, 1), state);
    return std::vector{numbers(state)};
  };
  const Tensor one = Tensor::from<float>({}, {1.f}), broken = Tensor::from<float>({}, {NAN});
  const Tensor gradients = random_tensor({1000003}, 1, -2, 2, DType::kF32);
  const Tensor infinite = gradients.clone();
  infinite.data<float>()[999999] = INFINITY;
  return std::vector<DeviceCase>{{"a million", {gradients, one}, forward, 1e-12},
                                 {"one", {Tensor::full({1}, -3, DType::kF32), one}, forward},
                                 {"one is infinite", {infinite, one}, forward, 1e-12},
                                 {"a loss is NaN", {gradients, broken}, forward, 1e-12}};
});

const DeviceCases loss_weights("loss_weights", [] {
  const auto with = [](ops::LossNormalizer normalizer) {
    return [normalizer](Inputs in) {
      return std::vector{ops::loss_weights(
          in[0], in[1],
          {.num_images = 5, .class_end = 3, .normalizer = normalizer, .rows_per_image = 256})};
    };
  };
  const std::vector<Tensor> rows{random_ints({2560}, 1, -1, 5), random_ints({2560}, 2, -1, 5)};
  return std::vector<DeviceCase>{
      {"selected rows", rows, with(ops::LossNormalizer::kSelectedRows)},
      {"valid rows", rows, with(ops::LossNormalizer::kValidRows)},
      {"rows per image", rows, with(ops::LossNormalizer::kRowsPerImage)},
      {"no rows",
       {Tensor::zeros({0}, DType::kI32), Tensor::zeros({0}, DType::kI32)},
       with(ops::LossNormalizer::kValidRows)}};
});

const DeviceCases mask_probabilities("mask_probabilities", [] {
  return std::vector<DeviceCase>{
      {.name = "some slots empty",
       .inputs = {random_tensor({20, 28, 28, 7}, 1, -4, 4, DType::kF32),
                  random_ints({20}, 2, -1, 7)},
       .forward = [](Inputs in) { return std::vector{ops::mask_probabilities(in[0], in[1])}; },
       .tolerance = 1e-6}};
});

/// Two images of three instances, each of two polygons of seven vertices.
std::vector<Tensor> polygons() {
  Draw draw(5);
  std::vector<float> xy(2 * 42 * 2);
  for (float& v : xy) v = static_cast<float>(draw.below(40000)) / 100;
  std::vector<int32_t> starts, instances;
  for (int n = 0; n < 2; ++n) {
    for (int p = 0; p <= 6; ++p) starts.push_back(7 * p);
    for (int g = 0; g <= 3; ++g) instances.push_back(2 * g);
  }
  return {random_boxes({40}, 6),        random_ints({40}, 7, -1, 2),
          random_ints({40}, 8, -1, 3),  Tensor::from({2, 42, 2}, xy),
          Tensor::from({2, 7}, starts), Tensor::from({2, 4}, instances)};
}

const DeviceCases mask_targets("mask_targets", [] {
  return std::vector<DeviceCase>{
      {.name = "polygons", .inputs = polygons(), .forward = [](Inputs in) {
         return std::vector{ops::mask_targets(in[0], in[1], in[2], {in[3], in[4], in[5]})};
       }}};
});

const DeviceCases match_boxes("match_boxes", [] {
  const auto forward = [](Inputs in) {
    const auto result =
        ops::match_boxes(in[0], in[1], in[2], {.low = .3, .high = .7, .low_quality_matches = true});
    return std::vector{result.matched, result.labels};
  };
  return std::vector<DeviceCase>{
      {"anchors",
       {random_boxes({5003}, 1), random_boxes({2, 11}, 2).view({2, 11, 4}),
        random_ints({2, 11}, 3, -1, 4)},
       forward},
      {"an image without ground truth",
       {random_boxes({300}, 4), random_boxes({1, 3}, 5).view({1, 3, 4}),
        Tensor::full({1, 3}, -1, DType::kI32)},
       forward}};
});

const DeviceCases nms("nms", [] {
  const auto with = [](double threshold, int64_t most) {
    return [=](Inputs in) {
      const auto result = ops::batched_nms(in[0], in[1], in[2], threshold, most);
      return std::vector{result.keep, result.counts};
    };
  };
  return std::vector<DeviceCase>{
      {"proposals of five levels",
       {random_boxes({2, 2999}, 1).view({2, 2999, 4}), coarse_scores({2, 2999}, 2),
        random_ints({2, 2999}, 3, -1, 5)},
       with(.7, 1000)},
      {"fewer boxes than slots",
       {random_boxes({3, 65}, 4).view({3, 65, 4}), coarse_scores({3, 65}, 5),
        random_ints({3, 65}, 6, -1, 2)},
       with(.3, 100)},
      {"no candidate",
       {random_boxes({1, 70}, 7).view({1, 70, 4}), coarse_scores({1, 70}, 8),
        Tensor::full({1, 70}, -1, DType::kI32)},
       with(.5, 10)}};
});

const DeviceCases normalize_image("normalize_image", [] {
  Draw draw(1);
  std::vector<uint8_t> pixels(2 * 33 * 65 * 3);
  for (uint8_t& v : pixels) v = draw.below(256);
  return std::vector<DeviceCase>{
      {.name = "with padding",
       .inputs = {Tensor::from({2, 33, 65, 3}, pixels),
                  Tensor::from<int32_t>({2, 2}, {33, 40, 20, 65})},
       .forward = [](Inputs in) {
         return std::vector{ops::normalize_image(
             in[0], in[1], {.mean = {103.5, 116.3, 123.7}, .std = {57, 57, 58}})};
       }}};
});

const DeviceCases roi_classes("roi_classes", [] {
  return std::vector<DeviceCase>{
      {.name = "two images",
       .inputs = {random_ints({2, 512}, 1, -1, 2), random_ints({2, 512}, 2, 0, 7),
                  random_ints({2, 7}, 3, 0, 80)},
       .forward = [](Inputs in) {
         const auto result = ops::roi_classes(in[0], in[1], in[2], 80);
         return std::vector{result.classes, result.images};
       }}};
});

const DeviceCases sgd("sgd", [] {
  const int64_t blocks = 4099, n = blocks * ops::kSgdBlock;
  std::vector<uint8_t> groups;
  for (int64_t i = 0; i < blocks; ++i) groups.push_back(i % 3 == 0);
  return std::vector<DeviceCase>{
      {.name = "two groups, clipped",
       .inputs = {random_tensor({n}, 1, -1, 1, DType::kF32),
                  random_tensor({n}, 2, -1, 1, DType::kF32),
                  random_tensor({n}, 3, -1, 1, DType::kF32), Tensor::from({blocks}, groups),
                  Tensor::from<double>({2, 2}, {1e-4, 1, 0, 2})},
       .forward = [](Inputs in) {
         DeviceStepState state(in[0].device());
         state.write({.lr = 0.02, .grad_norm = 40});
         ops::sgd({in[0], in[1], in[2]}, {in[3], in[4]}, {.clip_norm = 35}, state);
         return std::vector{in[0], in[2], numbers(state)};
       }}};
});

const DeviceCases size_filter("size_filter", [] {
  return std::vector<DeviceCase>{
      {.name = "two images",
       .inputs = {random_boxes({2, 900}, 1).view({2, 900, 4}), random_ints({900}, 2, 0, 5)},
       .forward = [](Inputs in) { return std::vector{ops::size_filter(in[0], in[1], 12.25)}; }}};
});

const DeviceCases sigmoid("sigmoid", [] {
  return std::vector<DeviceCase>{{"many",
                                  {random_tensor({3001}, 1, -9, 9, DType::kF32)},
                                  [](Inputs in) { return std::vector{ops::sigmoid(in[0])}; },
                                  1e-6}};
});

const DeviceCases softmax("softmax", [] {
  return std::vector<DeviceCase>{{"81 classes",
                                  {random_tensor({300, 81}, 1, -9, 9, DType::kF32)},
                                  [](Inputs in) { return std::vector{ops::softmax(in[0])}; },
                                  1e-6}};
});

const DeviceCases top_k("top_k", [] {
  const auto forward = [](Inputs in) {
    const auto result = ops::top_k(in[0], {9001, 0, 2500, 77}, 1000);
    return std::vector{result.indices, result.values};
  };
  const Tensor scores = coarse_scores({2, 11578}, 1);
  const Tensor broken = scores.clone();
  for (int64_t i = 0; i < broken.numel(); i += 2) broken.data<float>()[i] = i % 4 ? NAN : INFINITY;
  return std::vector<DeviceCase>{{"many ties", {scores}, forward},
                                 {"half of them not finite", {broken}, forward}};
});

bool same(const Tensor& a, const Tensor& b, double tolerance) {
  if (a.shape() != b.shape() || a.dtype() != b.dtype()) return false;
  if (tolerance == 0) return a.bytes() == 0 || std::memcmp(a.raw(), b.raw(), a.bytes()) == 0;
  const auto x = a.to_vector<double>(), y = b.to_vector<double>();
  double scale = 1;
  for (const double v : y) scale = std::max(scale, std::abs(v));
  for (size_t i = 0; i < x.size(); ++i)
    if (!(x[i] == y[i] || std::abs(x[i] - y[i]) <= tolerance * scale)) return false;
  return true;
}

/// Every output of every case on `device` against the CPU's.
void check_against_cpu(Device device) {
  for (const auto& [folder, make] : device_cases()) {
    for (const DeviceCase& device_case : make()) {
      INFO(folder, ": ", device_case.name);
      std::vector<Tensor> expected, got;
      CHECK_NOTHROW(expected = run_on(device_case, kCpu));
      CHECK_NOTHROW(got = run_on(device_case, device));
      REQUIRE(got.size() == expected.size());
      for (size_t k = 0; k < got.size(); ++k)
        CHECK_MESSAGE(same(got[k], expected[k], device_case.tolerance), "output ", k);
    }
  }
}

}  // namespace

TEST_CASE("device cases: every op without a gradient has one, if it runs on GPUs at all") {
  std::set<std::string> known{"bias", "mask_paste"};  // in other ops' kernels; on the CPU only
  for (const auto& [folder, make] : device_cases()) known.insert(folder);
  for (const auto& [folder, reason] : no_gradient_ops()) {
    INFO("ops/", folder);
    CHECK(known.contains(folder));
  }
}

TEST_CASE("device cases: run on the CPU and repeat to the last bit") {
  check_against_cpu(kCpu);
}

TEST_CASE("device cases: a GPU gives what the CPU gives") {
  if (const auto gpu = gpu_or_skip()) check_against_cpu(*gpu);
}
