// Committed reference numbers, and how a result is compared with them.
#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/files/safetensors.h"

namespace denovo::testing {

inline double max_magnitude(const std::vector<double>& values) {
  double most = 0;
  for (const double value : values) most = std::max(most, std::abs(value));
  return most;
}

/// Infinite when a difference is not finite.
inline double max_difference(const std::vector<double>& actual,
                             const std::vector<double>& expected) {
  double most = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const double difference = std::abs(actual[i] - expected[i]);
    if (!std::isfinite(difference)) return std::numeric_limits<double>::infinity();
    most = std::max(most, difference);
  }
  return most;
}

class ReferenceFile {
 public:
  /// name under tests/data_files/detection.
  explicit ReferenceFile(const std::string& name)
      : file_(std::string(DENOVO_TEST_DATA) + "/data_files/detection/" + name) {}

  Tensor tensor(const std::string& name) const { return file_.read(name); }
  const std::vector<SafetensorsEntry>& entries() const { return file_.entries(); }

  /// Checks shape and max|difference| / max|reference| <= tolerance.
  void check_close(const std::string& name, const Tensor& actual, double tolerance) const {
    const Tensor expected = tensor(name);
    REQUIRE_MESSAGE(actual.shape() == expected.shape(), name);
    const auto values = expected.to_vector<double>();
    const double error = max_difference(actual.to_vector<double>(), values) / max_magnitude(values);
    CHECK_MESSAGE(error <= tolerance, fmt::format("{}: relative error {:.3g}", name, error));
  }

  /// As check_close, but the file holds `name.sample`, values at flat indices
  /// ((i * 0x9E3779B97F4A7C15 mod 2^64) >> 20) mod numel, and `name.max`, the largest magnitude.
  void check_sample_close(const std::string& name, const Tensor& actual, double tolerance) const {
    const auto expected = tensor(name + ".sample").to_vector<double>();
    const auto all = actual.to_vector<double>();
    std::vector<double> sample;
    for (uint64_t i = 0; i < expected.size(); ++i)
      sample.push_back(all[((i * 0x9E3779B97F4A7C15u) >> 20) % all.size()]);
    const double scale = tensor(name + ".max").item();
    const double error =
        std::max(max_difference(sample, expected), std::abs(max_magnitude(all) - scale)) / scale;
    CHECK_MESSAGE(error <= tolerance, fmt::format("{}: relative error {:.3g}", name, error));
  }

  /// Checks integer tensors for equality, element by element.
  void check_equal(const std::string& name, const Tensor& actual) const {
    const Tensor expected = tensor(name);
    REQUIRE_MESSAGE(actual.shape() == expected.shape(), name);
    const auto a = actual.to_vector<int64_t>(), e = expected.to_vector<int64_t>();
    const auto [at, other] = std::mismatch(a.begin(), a.end(), e.begin());
    if (at == a.end()) return;
    FAIL_CHECK(fmt::format("{}: element {} is {}, expected {}", name, at - a.begin(), *at, *other));
  }

 private:
  SafetensorsFile file_;
};

}  // namespace denovo::testing
