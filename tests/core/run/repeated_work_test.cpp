#include "core/run/repeated_work.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "core/tensor/transfer.h"
#include "testing/gpu.h"

using namespace denovo;
using denovo::testing::gpu_or_skip;

namespace {

/// result := 2 * input + result, with a tensor of its own in between.
void double_and_add(const Tensor& input, const Tensor& result) {
  const Tensor twice = input.clone();
  accumulate(twice, input);
  accumulate(result, twice);
}

void check_repeats(Device device) {
  const Tensor input = Tensor::zeros({1000}, DType::kF32, device);
  const Tensor result = Tensor::zeros({1000}, DType::kF32, device);
  RepeatedWork work(device);
  double expected = 0;
  for (int i = 1; i <= 5; ++i) {
    upload_into(input, Tensor::full({1000}, i, DType::kF32));
    work.run([&] { double_and_add(input, result); });
    expected += 2 * i;
    CHECK(result.to_vector<float>() == std::vector<float>(1000, static_cast<float>(expected)));
  }
}

/// The second call, which records, throws this.
void check_refused(const std::function<void()>& work, const char* message) {
  RepeatedWork repeated(kCpu);
  CHECK_NOTHROW(repeated.run(work));
  CHECK_THROWS_WITH_AS(repeated.run(work), message, InternalError);
}

}  // namespace

TEST_CASE("repeated work: every call works on what its inputs hold then") {
  check_repeats(kCpu);
}

TEST_CASE("repeated work: a GPU replays it") {
  if (const auto gpu = gpu_or_skip()) check_repeats(*gpu);
}

TEST_CASE("repeated work: the host must not take part in what is recorded") {
  const Tensor tensor = Tensor::zeros({4}, DType::kF32);
  check_refused([&] { tensor.to_vector<float>(); },
                "recorded work: must not call Tensor::to_vector");
  check_refused([&] { tensor.rows(0, 1).item(); },
                "recorded work: must not call Tensor::to_vector");
  check_refused([&] { upload(tensor, kCpu); }, "recorded work: must not call upload");
  check_refused([&] { upload_into(tensor, tensor); }, "recorded work: must not call upload_into");
  check_refused([&] { HostCopy copy(tensor); }, "recorded work: must not call HostCopy");
  check_refused([] { synchronize(kCpu); }, "recorded work: must not call synchronize");
  // And outside it may again.
  CHECK(tensor.to_vector<float>().size() == 4);
}

TEST_CASE("repeated work: memory that it leaves behind is refused") {
  std::vector<Tensor> kept;
  RepeatedWork work(kCpu);
  const auto leak = [&] { kept.push_back(Tensor::zeros({1000}, DType::kF32)); };
  work.run(leak);
  CHECK_THROWS_WITH_AS(
      work.run(leak),
      "recorded work: must free what it allocates and nothing else, got 4000 bytes more",
      InternalError);
}
