// Runs every registered op case through every proof, and refuses an op folder without cases or
// without a test file of its name.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "testing/gpu.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

namespace {

/// body(folder, case) under doctest, with storage that is filled with NaN and guarded.
template <class F>
void for_each_case(F&& body) {
  set_guarded_memory(true);
  for (const auto& [folder, make] : op_cases()) {
    for (const OpCase& op_case : make()) {
      INFO(folder, ": ", op_case.name);
      CHECK_NOTHROW(body(op_case));
    }
  }
  set_guarded_memory(false);
}

std::set<std::string> op_folders() {
  std::set<std::string> folders;
  for (const auto& entry : std::filesystem::directory_iterator(DENOVO_SOURCE_DIR "/ops")) {
    if (entry.is_directory()) folders.insert(entry.path().filename().string());
  }
  return folders;
}

/// Each dtype that the op has, on the device, against f64 on the CPU.
void check_precisions(const OpCase& op_case, Device device) {
  if (op_case.has_f32) {
    const auto result = check_dtype(op_case, DType::kF32, op_case.f32_tolerance, device);
    CHECK_MESSAGE(result.ok, result.report);
  }
  if (op_case.bf16_tolerance > 0) {
    const auto result = check_dtype(op_case, DType::kBF16, op_case.bf16_tolerance, device);
    CHECK_MESSAGE(result.ok, result.report);
  }
}

}  // namespace

TEST_CASE("op cases: every op folder has cases or says why it has no gradient") {
  std::set<std::string> known;
  for (const auto& [folder, make] : op_cases()) known.insert(folder);
  for (const auto& [folder, reason] : no_gradient_ops()) known.insert(folder);
  for (const std::string& folder : op_folders()) {
    INFO("ops/", folder);
    CHECK(known.contains(folder));
  }
}

TEST_CASE("op cases: every op folder has a test file of its name, and no test file another name") {
  const std::set<std::string> folders = op_folders();
  std::set<std::string> tests;
  for (const auto& entry : std::filesystem::directory_iterator(DENOVO_SOURCE_DIR "/tests/ops")) {
    const std::string file = entry.path().filename().string();
    tests.insert(file.substr(0, file.rfind("_test.cpp")));
  }
  for (const std::string& folder : folders) {
    INFO("ops/", folder);
    CHECK(tests.contains(folder));
  }
  for (const std::string& test : tests) {
    if (test == "op_cases" || test == "device_cases") continue;  // what all ops have in common
    INFO("tests/ops/", test, "_test.cpp");
    CHECK(std::any_of(folders.begin(), folders.end(), [&](const std::string& folder) {
      return test == folder || test.starts_with(folder + "_");
    }));
  }
}

TEST_CASE("op cases: values equal the double-precision reference") {
  for_each_case([](const OpCase& op_case) {
    const auto result = check_reference(op_case);
    CHECK_MESSAGE(result.ok, result.report);
  });
}

TEST_CASE("op cases: gradients equal central differences, and 1.01 times them do not") {
  for_each_case([](const OpCase& op_case) {
    const auto result = check_gradients(op_case);
    CHECK_MESSAGE(result.ok, result.report);
    CHECK_FALSE(check_gradients(op_case, 1.01).ok);
  });
}

TEST_CASE("op cases: f32 and bf16 agree with f64 within the stated bound") {
  for_each_case([](const OpCase& op_case) { check_precisions(op_case, kCpu); });
}

TEST_CASE("op cases: two runs are bit-equal, and gradients add to what a leaf holds") {
  for_each_case([](const OpCase& op_case) {
    const auto result = check_repeat_and_accumulate(op_case);
    CHECK_MESSAGE(result.ok, result.report);
  });
}

TEST_CASE("op cases: a GPU agrees with the CPU's f64 forward and backward in every dtype") {
  const auto gpu = gpu_or_skip();
  if (!gpu) return;
  for_each_case([&](const OpCase& op_case) {
    const auto result = check_dtype(op_case, DType::kF64, 1e-11, *gpu);
    CHECK_MESSAGE(result.ok, result.report);
    check_precisions(op_case, *gpu);
  });
}

TEST_CASE("op cases: two runs on a GPU are bit-equal, and gradients add to what a leaf holds") {
  const auto gpu = gpu_or_skip();
  if (!gpu) return;
  for_each_case([&](const OpCase& op_case) {
    const auto result = check_repeat_and_accumulate(op_case, *gpu);
    CHECK_MESSAGE(result.ok, result.report);
  });
}
