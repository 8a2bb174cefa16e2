#include "core/program/options.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <new>

#include "core/error.h"
#include "core/program/version.h"

using namespace denovo;

namespace {

Options detect_options() {
  Options options("detect", "Finds objects");
  options.add({.name = "out", .value = "DIR", .meaning = "folder to create", .required = true});
  options.add({.name = "images", .value = "FILE|DIR", .meaning = "what to look at", .many = true});
  options.add(
      {.name = "score-threshold", .value = "S", .meaning = "lowest score", .fallback = "0.5"});
  options.add({.name = "classes", .value = "A,B", .meaning = "classes kept"});
  options.add({.name = "resume", .meaning = "go on"});
  return options;
}

bool parse(Options& options, std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "detect");
  return options.parse(static_cast<int>(arguments.size()), arguments.data());
}

/// What `body` writes to a standard stream, and the status it returns.
template <class Body>
std::pair<int, std::string> captured(FILE* stream, Body body) {
  std::fflush(stream);
  const int kept = dup(fileno(stream));
  FILE* file = std::tmpfile();
  dup2(fileno(file), fileno(stream));
  const int status = body();
  std::fflush(stream);
  dup2(kept, fileno(stream));
  close(kept);
  std::rewind(file);
  std::string text(4096, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return {status, text};
}

std::pair<int, std::string> run(const std::function<int(int, char**)>& body) {
  char name[] = "/usr/bin/detect";
  char* argv[] = {name, nullptr};
  return captured(stderr, [&] { return run_program(1, argv, body); });
}

}  // namespace

TEST_CASE("options: values, switches, lists and fallbacks are read") {
  Options options = detect_options();
  CHECK(parse(options, {"--out", "results", "--images", "a.jpg", "b.jpg", "--resume", "--seed=7"}));
  CHECK(options.text("out") == "results");
  CHECK(options.list("images") == std::vector<std::string>{"a.jpg", "b.jpg"});
  CHECK(options.given("resume"));
  CHECK_FALSE(options.given("quiet"));
  CHECK(options.integer("seed", 0, 100) == 7);
  CHECK(options.number("score-threshold", 0, 1) == 0.5);
  CHECK(options.comma_list("classes").empty());
}

TEST_CASE("options: a value may start with one dash and a list may hold one item") {
  Options options = detect_options();
  CHECK(parse(options, {"--out=-", "--score-threshold", "-1", "--classes", "cat,dog"}));
  CHECK(options.text("out") == "-");
  CHECK(options.number("score-threshold", -2, 1) == -1);
  CHECK(options.comma_list("classes") == std::vector<std::string>{"cat", "dog"});
}

TEST_CASE("options: wrong usage is named in one sentence") {
  const auto message = [](std::vector<const char*> arguments) -> std::string {
    Options options = detect_options();
    try {
      parse(options, arguments);
      options.number("score-threshold", 0, 1);
      options.integer("threads", 0, 1024);
      options.comma_list("classes");
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "accepted";
  };
  CHECK(message({"--out", "a"}) == "accepted");
  CHECK(message({"--ot", "a"}) == "unknown option --ot, did you mean --out");
  CHECK(message({"--out", "a", "--treads=2"}) == "unknown option --treads, did you mean --threads");
  CHECK(message({"--zzzzzzzz"}) == "unknown option --zzzzzzzz");
  CHECK(message({"--out"}) == "--out needs a value: --out DIR");
  CHECK(message({"--out", "--resume"}) == "--out needs a value: --out DIR");
  CHECK(message({"--out", "a", "--out", "b"}) == "--out is given twice");
  CHECK(message({"--resume"}) == "--out DIR is required");
  CHECK(message({"--resume=yes"}) == "--resume takes no value");
  CHECK(message({"x.jpg"}) == "unexpected argument 'x.jpg' (--help lists the options)");
  CHECK(message({"--out", "a", "--score-threshold", "high"}) ==
        "--score-threshold must be a number in 0 .. 1, got 'high'");
  CHECK(message({"--out", "a", "--score-threshold", "nan"}) ==
        "--score-threshold must be a number in 0 .. 1, got 'nan'");
  CHECK(message({"--out", "a", "--threads", "2.5"}) ==
        "--threads must be an integer in 0 .. 1024, got '2.5'");
  CHECK(message({"--out", "a", "--classes", "cat,,dog"}) ==
        "--classes has an empty item, got 'cat,,dog'");
}

TEST_CASE("options: config overrides are collected in order, only where a config is read") {
  Options options("train_coco", "Trains");
  options.add_config("  solver.base_lr  float  0.02\n");
  CHECK(parse(options, {"--config", "a.toml", "solver.base_lr=0.01", "model.norm=BN"}));
  CHECK(options.overrides() == std::vector<std::string>{"solver.base_lr=0.01", "model.norm=BN"});
  CHECK_THROWS_WITH_AS(
      parse(options, {"base_lr"}),
      "unexpected argument 'base_lr', a config override looks like solver.base_lr=0.01",
      ConfigError);
}

TEST_CASE("options: --help shows every option with its default, and the config keys") {
  Options options = detect_options();
  options.add_config("  solver.base_lr  float  0.02\n");
  const auto [status, text] = captured(stdout, [&] { return parse(options, {"--help"}) ? 1 : 0; });
  CHECK(status == 0);
  for (const char* part :
       {"detect: Finds objects\n", "usage: detect --out DIR [options] [section.key=value ...]",
        "--score-threshold S        lowest score (default 0.5)", "--images FILE|DIR ...",
        "--device DEVICE", "--version", "solver.base_lr  float  0.02"})
    CHECK_MESSAGE(text.find(part) != std::string::npos, part);
}

TEST_CASE("options: --version prints version and commit even when required options are missing") {
  Options options = detect_options();
  const auto [status, text] =
      captured(stdout, [&] { return parse(options, {"--version"}) ? 1 : 0; });
  CHECK(status == 0);
  CHECK(text == version_text());
  CHECK(text.starts_with("denovo 0.1.0 (commit "));
}

TEST_CASE("run_program: an exception becomes one line on stderr and its exit status") {
  using Result = std::pair<int, std::string>;
  CHECK(run([](int, char**) { return 130; }) == Result{130, ""});
  CHECK(run([](int, char**) -> int { throw ConfigError("--out DIR is required"); }) ==
        Result{2, "detect: --out DIR is required\n"});
  CHECK(run([](int, char**) -> int { throw IoError("a.json: not a list"); }) ==
        Result{3, "detect: a.json: not a list\n"});
  CHECK(run([](int, char**) -> int { throw std::bad_alloc(); }) ==
        Result{4, "detect: out of memory\n"});
  CHECK(run([](int, char**) -> int { throw std::logic_error("x"); }) ==
        Result{1, "detect: internal error: x\n"});
}

TEST_CASE("run_program: writing into a closed pipe is no error, a full disk behind stdout is") {
  const auto status_of = [](int stdout_fd) {
    std::fflush(stdout);
    const int kept = dup(STDOUT_FILENO);
    dup2(stdout_fd, STDOUT_FILENO);
    close(stdout_fd);
    const auto result = run([](int, char**) {
      std::puts("AP 0.5");
      return 0;
    });
    dup2(kept, STDOUT_FILENO);
    close(kept);
    std::clearerr(stdout);
    return result.first;
  };
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  close(ends[0]);
  CHECK(status_of(ends[1]) == 0);
  FILE* full = std::fopen("/dev/full", "w");
  REQUIRE(full);
  CHECK(status_of(dup(fileno(full))) == 4);
  std::fclose(full);
}

TEST_CASE("Options: operands are what is no option, and one is needed") {
  const auto parse = [](std::vector<const char*> arguments) {
    Options options("report", "Reports");
    options.add({.name = "out", .value = "FILE", .meaning = "to write"});
    options.add_operands("RUN", "what to report on");
    arguments.insert(arguments.begin(), "report");
    options.parse(static_cast<int>(arguments.size()), arguments.data());
    return options.operands();
  };
  CHECK(parse({"a", "--out", "f", "b=c"}) == std::vector<std::string>{"a", "b=c"});
  CHECK_THROWS_WITH_AS(parse({"--out", "f"}), "RUN is required", ConfigError);
}
