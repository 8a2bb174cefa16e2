#include "nn/training/checkpoint.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "core/error.h"
#include "core/files/file.h"
#include "tests/testing/temporary_directory.h"

using namespace denovo;
using namespace denovo::nn;
namespace fs = std::filesystem;

namespace {

Checkpoint small_checkpoint() {
  Checkpoint checkpoint;
  checkpoint.model = {{"a.weight", Tensor::from({2}, std::vector<float>{1, -2})}};
  checkpoint.optimizer = {{"a.weight", Tensor::from({2}, std::vector<float>{0.5f, 3})}};
  checkpoint.model_metadata = {{"format", "denovo"}};
  checkpoint.state = {.iteration = 7,
                      .images_seen = 28,
                      .instances_seen = 99,
                      .pixels_seen = 4096,
                      .best_score = 0.1,
                      .best_iteration = 4,
                      .evaluated_iteration = 6,
                      .evaluations_since_best = 2,
                      .ended = "eval.patience = 2",
                      .window = {{"loss_cls", 1.0 / 3}, {"total_loss", 2.0 / 3}},
                      .window_count = 2,
                      .config = "seed = 1\n",
                      .threads = 2,
                      .device = "cpu",
                      .task = {{"images", "3 00000000000000bb"}, {"note", "\"quoted\""}}};
  return checkpoint;
}

std::string message_of(const std::string& path) {
  try {
    load_checkpoint(path);
  } catch (const IoError& error) {
    return error.what();
  }
  return {};
}

void write(const std::string& path, std::string_view text) {
  FileWriter file(path, FileWriter::Mode::kReplace);
  file.write(text);
  file.sync_and_close();
}

}  // namespace

TEST_CASE("checkpoint: everything comes back to the bit") {
  const denovo::testing::TemporaryDirectory dir;
  const Checkpoint saved = small_checkpoint();
  save_checkpoint(dir.path(), "iter_0000007", saved);
  const Checkpoint loaded = load_checkpoint(dir / "iter_0000007");
  CHECK(loaded.model[0].second.to_vector<float>() == saved.model[0].second.to_vector<float>());
  CHECK(loaded.optimizer[0].second.to_vector<float>() ==
        saved.optimizer[0].second.to_vector<float>());
  CHECK(loaded.model_metadata == saved.model_metadata);
  CHECK(loaded.state.iteration == 7);
  CHECK(loaded.state.images_seen == 28);
  CHECK(loaded.state.instances_seen == 99);
  CHECK(loaded.state.pixels_seen == 4096);
  CHECK(loaded.state.best_score == 0.1);
  CHECK(loaded.state.best_iteration == 4);
  CHECK(loaded.state.evaluated_iteration == 6);
  CHECK(loaded.state.evaluations_since_best == 2);
  CHECK(loaded.state.ended == "eval.patience = 2");
  CHECK(load_training_state(dir / "iter_0000007").window == saved.state.window);
  CHECK(loaded.state.window == saved.state.window);
  CHECK(loaded.state.window_count == 2);
  CHECK(loaded.state.config == "seed = 1\n");
  CHECK(loaded.state.threads == 2);
  CHECK(loaded.state.device == "cpu");
  CHECK(loaded.state.task == saved.state.task);
}

TEST_CASE("checkpoint: a shorter, a changed and a missing file are named with what is wrong") {
  const denovo::testing::TemporaryDirectory dir;
  save_checkpoint(dir.path(), "iter_0000007", small_checkpoint());
  const std::string path = dir / "iter_0000007", model = path + "/model.safetensors";
  const std::string whole = read_file(model);
  const std::string size = std::to_string(whole.size());

  write(model, std::string_view(whole).substr(0, whole.size() - 1));
  CHECK(message_of(path) ==
        model + ": file must have " + size + " bytes, got " + std::to_string(whole.size() - 1));
  std::string changed = whole;
  changed.back() ^= 1;
  write(model, changed);
  CHECK(message_of(path).starts_with(model + ": checksum must be "));
  fs::remove(model);
  CHECK(message_of(path) == model + ": cannot be read, got 'No such file or directory'");
  write(path + "/state.json", "{\"iteration\":");
  CHECK(message_of(path).starts_with(path + "/state.json: not the state of a checkpoint, got: "));
}

TEST_CASE("checkpoint: names sort by iteration; links and unfinished ones are not listed") {
  const denovo::testing::TemporaryDirectory dir;
  for (const char* name : {"iter_0000010", "iter_10000000", "iter_9999999", ".iter_0000011.tmp-4",
                           "unreadable_iter_0000012"})
    fs::create_directory(dir / name);
  fs::create_directory_symlink("iter_0000010", dir / "last");
  CHECK(list_checkpoints(dir.path()) ==
        std::vector<std::string>{"iter_0000010", "iter_9999999", "iter_10000000"});
  CHECK(checkpoint_name(10) == "iter_0000010");
  CHECK(list_checkpoints(dir / "none").empty());
}
