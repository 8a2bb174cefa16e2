// Every convolution of a training step of the paper's R50-FPN model with GroupNorm, two images at
// the padded sizes that COCO's images have, gets a plan for an H200: proven without a GPU. The
// lists are what bench_step --convolutions wrote (tests/data_files/conv2d/README.md).
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include "ops/conv2d/conv2d_plan.h"
#include "ops/conv2d/conv2d_trace.h"

using namespace denovo;

namespace {

std::string text_of(const std::string& name) {
  std::ifstream in(DENOVO_TEST_DATA "/data_files/conv2d/" + name);
  REQUIRE(in.good());
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Planned {
  int count = 0, fused = 0, products = 0;
  int64_t workspace_bytes = 0;  // the largest of those that cuDNN runs
  std::string largest;
};

/// portrait: of the images turned by a quarter.
Planned plan_all(const std::string& list, bool portrait, DType dtype, bool tf32,
                 const CudnnTarget& target) {
  Planned planned;
  std::istringstream lines(text_of(list));
  for (std::string line; std::getline(lines, line);) {
    ops::Conv2dKey key = ops::key_of_line(line, dtype);
    key.tf32 = tf32;
    if (portrait) {
      std::swap(key.h, key.w);
      std::swap(key.out_h, key.out_w);
    }
    INFO(to_string(key));
    auto plan = ops::make_conv2d_plan(key, target);
    planned.fused += plan && key.bias;
    if (!plan && key.bias) {  // then bias and ReLU run apart, as conv2d_cuda.cpp does
      key.bias = key.relu = 0;
      plan = ops::make_conv2d_plan(key, target);
    }
    CHECK(plan.has_value());
    if (!plan) continue;
    ++planned.count;
    planned.products += ops::is_product(key);
    if (ops::is_product(key)) continue;
    if (plan->workspace_bytes <= planned.workspace_bytes) continue;
    planned.workspace_bytes = plan->workspace_bytes;
    planned.largest = to_string(key);
  }
  return planned;
}

}  // namespace

TEST_CASE("conv2d plans: every convolution of a training step has one for sm_90") {
  const CudnnTarget h200(text_of("h200_deviceprop.json"));
  const std::pair<const char*, int> lists[] = {
      {"r50_gn_800x1088.txt", 141}, {"r50_gn_800x1216.txt", 141}, {"r50_gn_800x1344.txt", 141}};
  for (const auto& [list, count] : lists) {
    for (const auto& [precision, dtype] :
         {std::pair("f32", DType::kF32), {"tf32", DType::kF32}, {"bf16", DType::kBF16}}) {
      const bool tf32 = precision == std::string_view("tf32");
      const Planned planned = plan_all(list, false, dtype, tf32, h200);
      CHECK(planned.count == count);
      CHECK(plan_all(list, true, dtype, tf32, h200).count == count);
      MESSAGE(fmt::format(
          "{} {}: {} plans, {} with a fused bias, {} left to cuBLASLt, workspace of the others "
          "at most {:.1f} MiB ({})",
          list, precision, planned.count, planned.fused, planned.products,
          static_cast<double>(planned.workspace_bytes) / (1 << 20), planned.largest));
    }
  }
}

TEST_CASE("conv2d plans: a fused bias asks for no more of y's address than y's own numbers do") {
  const CudnnTarget h200(text_of("h200_deviceprop.json"));
  for (const int64_t alignment : {2, 4, 8, 16}) {
    for (const bool relu : {false, true}) {
      ops::Conv2dKey key =
          ops::key_of_line("forward 2 50 76 256 50 76 256 3 3 1 1 1 1 0 1 0", DType::kBF16);
      key.alignment = alignment;
      key.relu = relu;
      CAPTURE(alignment);
      CAPTURE(relu);
      // Without an engine conv2d_cuda.cpp runs convolution and bias apart; it must not throw.
      CHECK_NOTHROW(ops::make_conv2d_plan(key, h200));
      key.bias = key.relu = 0;
      CHECK(ops::make_conv2d_plan(key, h200).has_value());
    }
  }
}
