// What a user is told about GPUs, from reports of drivers that this machine need not have.
#include <doctest/doctest.h>

#include "core/cuda/cuda_devices.h"
#include "core/error.h"
#include "core/tensor/device.h"
#include "core/tensor/tensor.h"

using namespace denovo;

namespace {

CudaInventory one_gpu() {
  return {.driver_version = 13000,
          .runtime_version = 13000,
          .gpus = {{.name = "H100", .compute_capability = 90}}};
}

/// The first GPU can, the second one is too old.
bool only_the_first(int index) {
  return index == 0;
}

std::string problem_of(const CudaInventory& inventory, int index) {
  return device_problem(inventory, index, only_the_first);
}

}  // namespace

TEST_CASE("device: a GPU that runs this build is no problem") {
  CHECK(problem_of(one_gpu(), 0) == "");
  CudaInventory newer_minor = one_gpu();
  newer_minor.driver_version = 13000;
  newer_minor.runtime_version = 13020;
  CHECK(problem_of(newer_minor, 0) == "");
}

TEST_CASE("device: says what is missing and what to do") {
  CHECK(problem_of({.runtime_version = 13000}, 2) ==
        "cuda:2 needs an NVIDIA driver, and this machine has none; use --device cpu");
  CHECK(problem_of({.driver_version = 12040, .runtime_version = 13000}, 0) ==
        "the NVIDIA driver supports CUDA 12.4, this build needs 13.0; update the driver, or build "
        "with an older toolkit");
  CHECK(problem_of({.driver_version = 13000, .runtime_version = 13000}, 0) ==
        "cuda:0 does not exist, the driver shows no GPU; check CUDA_VISIBLE_DEVICES, or use "
        "--device cpu");
  CHECK(problem_of(one_gpu(), 3) == "cuda:3 does not exist, this machine has 1 GPU; use cuda:0");
  CudaInventory two = one_gpu();
  two.gpus.push_back({.name = "Tesla V100", .compute_capability = 70});
  CHECK(problem_of(two, 2) ==
        "cuda:2 does not exist, this machine has 2 GPUs; use cuda:0 to cuda:1");
  CHECK(problem_of(two, 1).starts_with(
      "cuda:1 (Tesla V100, compute capability 7.0) cannot run this build, which targets "));
  CHECK(problem_of(two, 1).ends_with(
      "; configure with -DCMAKE_CUDA_ARCHITECTURES=70 or use --device cpu"));
}

TEST_CASE("device: auto and cuda:0 follow what the driver reports") {
  const std::string problem = device_problem(cuda_inventory(), 0);
  if (problem.empty()) {
    CHECK(parse_device("auto") == Device{DeviceType::kCuda, 0});
    return;
  }
  CHECK(parse_device("auto") == kCpu);
  CHECK_THROWS_WITH_AS(parse_device("cuda:0"), ("device: " + problem).c_str(), DeviceError);
  CHECK_THROWS_AS(Tensor::zeros({2}, DType::kF32, {DeviceType::kCuda, 0}), DeviceError);
}
