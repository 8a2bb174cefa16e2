#include "apps/commands/train_command.h"

#include <fmt/format.h>

#include "core/files/atomic_write.h"
#include "core/files/file.h"
#include "core/files/json_writer.h"

namespace denovo::apps {
namespace {

/// The JSON document of print_outcome.
std::string outcome_json(const std::string& run, const std::string& model) {
  std::string training = "null", evaluation = "null";
  const std::string text = read_file(run + "/metrics.jsonl");
  for (size_t begin = 0, end; begin < text.size(); begin = end + 1) {
    end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    (line.find("\"lr\":") != std::string::npos ? training : evaluation) = line;
  }
  JsonWriter json;
  json.begin_object().field("run", run).field("model", model);
  json.key("training").raw_value(training).key("evaluation").raw_value(evaluation).end_object();
  return json.text() + "\n";
}

}  // namespace

void declare_training_options(Options& options) {
  options.add(
      {.name = "out", .value = "RUN", .meaning = "run directory to create", .required = true});
  options.add({.name = "resume", .meaning = "continue the run in --out"});
  options.add({.name = "branch-of",
               .value = "RUN",
               .meaning = "take over what this run has done, as far as the schedules agree"});
  options.add({.name = "json",
               .value = "FILE",
               .meaning = "write the result as JSON; - for stdout instead of the text"});
}

void print_outcome(const Options& options, const nn::TrainOutcome& outcome) {
  const std::string &run = options.text("out"), model = run + "/checkpoints/last/model.safetensors";
  const std::string json = options.given("json") ? options.text("json") : "";
  if (json == "-") {
    fmt::print("{}", outcome_json(run, model));
    return;
  }
  fmt::print("{}model: {}\nrun directory: {}\n", outcome.summary, model, run);
  if (!json.empty()) replace_file(json, outcome_json(run, model));
}

}  // namespace denovo::apps
