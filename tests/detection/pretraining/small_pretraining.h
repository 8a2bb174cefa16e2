// A pre-training run of a tiny ResNet on generated pictures, for tests: seconds.
#pragma once

#include <fcntl.h>
#include <algorithm>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/dist/launch.h"
#include "core/files/file.h"
#include "core/kernels/backend.h"
#include "data/shapes/shapes_folder.h"
#include "detection/pretraining/classifier_task.h"
#include "tests/testing/metrics_text.h"
#include "tests/testing/temporary_directory.h"

namespace denovo::detection::testing {

/// The pictures of a dozen classes, once for all tests of the program.
inline const std::string& small_classification_data() {
  static const denovo::testing::TemporaryDirectory directory;
  static const std::string path = [] {
    data::write_shapes_folder(
        directory / "shapes",
        {.num_train = 1, .num_val = 1, .size = 64, .num_classification = 38 * 8, .seed = 5});
    const std::string folder = directory / "shapes/classification";
    for (const std::string split : {"/train", "/val"}) {
      std::vector<std::filesystem::path> classes;
      for (const auto& entry : std::filesystem::directory_iterator(folder + split))
        classes.push_back(entry.path());
      std::sort(classes.begin(), classes.end());
      for (size_t i = 12; i < classes.size(); ++i) std::filesystem::remove_all(classes[i]);
    }
    return folder;
  }();
  return path;
}

class SmallPretraining {
 public:
  explicit SmallPretraining(const std::vector<std::string>& overrides = {}) {
    cpu_context().set_num_threads(1);  // layers this small are slower on several
    ConfigFields fields = ConfigFields::of(config);
    fields.read_file(DENOVO_TEST_DATA "/data_files/training/small_pretraining.toml");
    if (launched_ranks() == 1) config.data.root = small_classification_data();
    for (const std::string& assignment : overrides) fields.apply_override(assignment);
    config.validate();
  }

  /// Copies the pictures, so that a test may break some; returns their folder.
  std::string own_data() {
    const std::string folder = directory / "data";
    std::filesystem::copy(small_classification_data(), folder,
                          std::filesystem::copy_options::recursive);
    config.data.root = folder;
    return folder;
  }

  nn::TrainOutcome train(bool resume = false, std::function<void(int64_t)> after_update = {}) {
    Logger logger(true);
    return detection::train(config, {out(), resume, kCpu, std::move(after_update)}, logger);
  }

  double num_classes() const {
    return static_cast<double>(data::read_image_folder(config.data.path("train")).classes.size());
  }
  std::string out() const { return directory / "run"; }
  std::string checkpoint() const { return out() + "/checkpoints/last"; }
  std::string checkpoint_bytes(const std::string& name) const {
    return read_file(checkpoint() + "/" + name + ".safetensors");
  }
  std::string metrics() const {
    return denovo::testing::repeatable_metrics(read_file(out() + "/metrics.jsonl"));
  }
  std::vector<double> metric(const std::string& name) const {
    return denovo::testing::metric_values(read_file(out() + "/metrics.jsonl"), name);
  }

  denovo::testing::TemporaryDirectory directory;
  ClassifierConfig config;
};

}  // namespace denovo::detection::testing
