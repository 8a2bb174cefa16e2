// A training run of a miniature Mask R-CNN on a few generated pictures, for the tests of the
// trainer: seconds for a dozen iterations.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "core/dist/launch.h"
#include "core/files/file.h"
#include "core/files/safetensors.h"
#include "core/kernels/backend.h"
#include "data/shapes/shapes_folder.h"
#include "detection/training/detector_task.h"
#include "testing/metrics_text.h"
#include "testing/temporary_directory.h"

namespace denovo::detection::testing {

inline constexpr int kTrainImages = 12, kValImages = 4;

/// For comparisons that only rounding may decide. Of 30 seeds that with the widest margin: 40
/// changes of all weights by up to 3e-6 of themselves move no gradient of the first update by more
/// than 2.6e-5 of its tensor's largest. With others a ReLU near zero moves one by 5e-3.
inline constexpr int64_t kSteadySeed = 28;

/// The pictures, once for all tests of the program.
inline const std::string& small_data() {
  static const denovo::testing::TemporaryDirectory directory;
  static const std::string path = [] {
    const std::string folder = directory / "shapes";
    data::write_shapes_folder(
        folder,
        {.num_train = kTrainImages, .num_val = kValImages, .size = 64, .num_classification = 0});
    return folder;
  }();
  return path;
}

/// The same pictures with corners as keypoints.
inline const std::string& small_keypoint_data() {
  static const denovo::testing::TemporaryDirectory directory;
  static const std::string path = [] {
    const std::string folder = directory / "shapes";
    data::write_shapes_folder(folder, {.num_train = kTrainImages,
                                       .num_val = kValImages,
                                       .size = 64,
                                       .num_classification = 0,
                                       .keypoints = true});
    return folder;
  }();
  return path;
}

/// max|a - b| / max|b| over an f32 tensor.
inline double relative_difference(const Tensor& a, const Tensor& b) {
  const auto x = a.to_vector<float>(), y = b.to_vector<float>();
  double worst = 0, largest = 1e-30;
  for (size_t i = 0; i < x.size(); ++i) {
    worst = std::max(worst, std::abs(double{x[i]} - y[i]));
    largest = std::max(largest, std::abs(double{y[i]}));
  }
  return worst / largest;
}

/// The same where all ranks see them; rank 0 makes them.
inline std::string shared_data(ProcessGroup& ranks) {
  return ranks.broadcast(ranks.is_first() ? small_data() : std::string());
}

class SmallRun {
 public:
  explicit SmallRun(std::vector<std::string> overrides = {}) {
    cpu_context().set_num_threads(1);  // barriers of several are slow on a busy machine
    ConfigFields fields = ConfigFields::of(config);
    fields.read_file(DENOVO_TEST_DATA "/data_files/training/small_run.toml");
    if (launched_ranks() == 1) config.data.root = small_data();
    for (const std::string& assignment : overrides) fields.apply_override(assignment);
  }

  /// Copies the pictures, so that a test may break some; returns their folder.
  std::string own_data() {
    const std::string folder = directory / "data";
    std::filesystem::copy(small_data(), folder, std::filesystem::copy_options::recursive);
    config.data.root = folder;
    return folder;
  }

  nn::TrainOutcome train(bool resume = false, std::function<void(int64_t)> after_update = {}) {
    const FileDescriptor file(
        open(screen().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    Logger logger(file.get(), {}, false);
    return detection::train(config, {out(), resume, device, std::move(after_update)}, logger);
  }

  std::string out() const { return directory / "run"; }
  std::string screen() const { return directory / "screen"; }
  std::string shown() const { return read_file(screen()); }
  std::string checkpoint(const std::string& name = "last") const {
    return out() + "/checkpoints/" + name;
  }
  std::string model_bytes() const { return read_file(checkpoint() + "/model.safetensors"); }
  std::string optimizer_bytes() const { return read_file(checkpoint() + "/optimizer.safetensors"); }
  std::string metrics() const {
    return denovo::testing::repeatable_metrics(read_file(out() + "/metrics.jsonl"));
  }
  std::vector<double> metric(const std::string& name) const {
    return denovo::testing::metric_values(read_file(out() + "/metrics.jsonl"), name);
  }

  denovo::testing::TemporaryDirectory directory;
  TrainConfig config;
  Device device = kCpu;
};

/// Every tensor of a file of the last checkpoint of two runs.
inline void check_checkpoint_file(const SmallRun& got, const SmallRun& expected,
                                  const std::string& file, double tolerance) {
  const auto a = read_safetensors(got.checkpoint() + "/" + file);
  const auto b = read_safetensors(expected.checkpoint() + "/" + file);
  REQUIRE(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    CAPTURE(a[i].first);
    CHECK(relative_difference(a[i].second, b[i].second) <= tolerance);
  }
}

}  // namespace denovo::detection::testing
