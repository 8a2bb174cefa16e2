#include "nn/training/checkpoint.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <filesystem>

#include "core/files/atomic_write.h"
#include "core/files/crc32c.h"
#include "core/files/file.h"
#include "core/files/json_writer.h"

namespace denovo::nn {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTensorFiles[] = {"model.safetensors", "optimizer.safetensors"};

int64_t tensor_bytes(const NamedTensors& tensors) {
  int64_t bytes = 0;
  for (const auto& [name, tensor] : tensors)
    bytes += static_cast<int64_t>(tensor.bytes() + name.size() + 128);
  return bytes;
}

std::string state_text(const TrainingState& state, const std::string& directory) {
  JsonWriter json;
  json.begin_object().field("iteration", state.iteration).field("images_seen", state.images_seen);
  json.field("instances_seen", state.instances_seen).field("pixels_seen", state.pixels_seen);
  json.field("best_score", state.best_score).field("best_iteration", state.best_iteration);
  json.field("evaluated_iteration", state.evaluated_iteration);
  json.field("evaluations_since_best", state.evaluations_since_best).field("ended", state.ended);
  json.field("threads", state.threads).field("device", state.device).field("config", state.config);
  json.field("window_count", state.window_count).key("window").begin_object();
  for (const auto& [name, sum] : state.window) json.field(name, sum);
  json.end_object();
  json.key("task").begin_object();
  for (const auto& [name, text] : state.task) json.field(name, text);
  json.end_object();
  json.key("files").begin_object();
  for (const char* file : kTensorFiles) {
    const std::string path = directory + "/" + file;
    json.key(file).begin_object().field("bytes", static_cast<int64_t>(fs::file_size(path)));
    json.field("crc32c", static_cast<int64_t>(crc32c_of_file(path))).end_object();
  }
  json.end_object().end_object();
  return json.text() + "\n";
}

TrainingState parse_state(simdjson::dom::element root) {
  TrainingState state;
  state.iteration = root["iteration"].get_int64();
  state.images_seen = root["images_seen"].get_int64();
  state.instances_seen = root["instances_seen"].get_int64();
  state.pixels_seen = root["pixels_seen"].get_int64();
  state.best_score = root["best_score"].get_double();
  state.best_iteration = root["best_iteration"].get_int64();
  state.evaluated_iteration = root["evaluated_iteration"].get_int64();
  // Runs of earlier versions do not count them.
  if (auto count = root["evaluations_since_best"].get_int64(); !count.error())
    state.evaluations_since_best = count.value();
  if (auto ended = root["ended"].get_string(); !ended.error()) state.ended = ended.value();
  state.threads = static_cast<int>(root["threads"].get_int64().value());
  state.device = std::string(root["device"].get_string().value());
  state.window_count = root["window_count"].get_int64();
  const simdjson::dom::object window = root["window"].get_object();
  for (const simdjson::dom::key_value_pair field : window) {
    state.window.emplace_back(std::string(field.key), double(field.value.get_double()));
  }
  state.config = std::string(root["config"].get_string().value());
  const simdjson::dom::object task = root["task"].get_object();
  for (const simdjson::dom::key_value_pair field : task)
    state.task.emplace(std::string(field.key), std::string(field.value.get_string().value()));
  return state;
}

void verify(const std::string& path, simdjson::dom::element expected) {
  const int64_t bytes = expected["bytes"].get_int64(), checksum = expected["crc32c"].get_int64();
  const int64_t found = FileReader(path).size();
  if (found != bytes)
    throw IoError(fmt::format("{}: file must have {} bytes, got {}", path, bytes, found));
  const auto sum = static_cast<int64_t>(crc32c_of_file(path));
  if (sum != checksum)
    throw IoError(fmt::format("{}: checksum must be {:08x}, got {:08x}", path, checksum, sum));
}

/// Gives the document of a checkpoint's state.json to `use`.
template <class Use>
void read_state(const std::string& checkpoint, const Use& use) {
  const std::string path = checkpoint + "/state.json";
  simdjson::dom::parser parser;
  try {
    const simdjson::padded_string text(read_file(path));
    use(parser.parse(text).value());
  } catch (const simdjson::simdjson_error& error) {
    throw IoError(fmt::format("{}: not the state of a checkpoint, got: {}", path, error.what()));
  }
}

}  // namespace

void save_checkpoint(const std::string& directory, const std::string& name,
                     const Checkpoint& checkpoint) {
  create_directories(directory);
  require_free_disk(directory, tensor_bytes(checkpoint.model) + tensor_bytes(checkpoint.optimizer));
  AtomicDirectory target(directory + "/" + name);
  write_safetensors(target.working_path() + "/model.safetensors", checkpoint.model,
                    checkpoint.model_metadata);
  write_safetensors(target.working_path() + "/optimizer.safetensors", checkpoint.optimizer);
  replace_file(target.working_path() + "/state.json",
               state_text(checkpoint.state, target.working_path()));
  target.commit();
}

Checkpoint load_checkpoint(const std::string& path) {
  Checkpoint checkpoint;
  read_state(path, [&](simdjson::dom::element root) {
    checkpoint.state = parse_state(root);
    for (const char* file : kTensorFiles) verify(path + "/" + file, root["files"][file]);
  });
  const SafetensorsFile model(path + "/model.safetensors");
  checkpoint.model_metadata = model.metadata();
  for (const auto& entry : model.entries())
    checkpoint.model.emplace_back(entry.name, model.read(entry));
  checkpoint.optimizer = read_safetensors(path + "/optimizer.safetensors");
  return checkpoint;
}

TrainingState load_training_state(const std::string& path) {
  TrainingState state;
  read_state(path, [&](simdjson::dom::element root) { state = parse_state(root); });
  return state;
}

std::string checkpoint_name(int64_t iteration) {
  return fmt::format("iter_{:07d}", iteration);
}

std::vector<std::string> list_checkpoints(const std::string& directory) {
  std::vector<std::string> names;
  if (!fs::is_directory(directory)) return names;
  for (const auto& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() && !entry.is_symlink() && name.starts_with("iter_"))
      names.push_back(name);
  }
  // Longer names are later: the iteration is zero-padded to seven digits but may outgrow them.
  std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  });
  return names;
}

}  // namespace denovo::nn
