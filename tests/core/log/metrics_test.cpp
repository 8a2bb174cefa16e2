#include "core/log/metrics.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "core/error.h"
#include "tests/testing/temporary_directory.h"

using namespace denovo;

namespace {

std::string hex(const std::string& bytes) {
  std::string text;
  for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

}  // namespace

TEST_CASE("metrics: a line is one JSON object, counts whole and measures shortest") {
  const testing::TemporaryDirectory dir;
  MetricsFile metrics(dir / "metrics.jsonl");
  metrics.write(20, {{"lr", 0.02}, {"images_seen", int64_t{40}}, {"total_loss", std::nan("")}});
  MetricsFile(dir / "metrics.jsonl").write(40, {{"bbox/AP", 37.5}});
  CHECK(read_file(dir / "metrics.jsonl") ==
        "{\"iteration\":20,\"lr\":0.02,\"images_seen\":40,\"total_loss\":null}\n"
        "{\"iteration\":40,\"bbox/AP\":37.5}\n");
}

TEST_CASE("cut_metrics_after: drops later lines and torn ones, and keeps the bytes of the others") {
  const testing::TemporaryDirectory dir;
  const std::string path = dir / "metrics.jsonl";
  const auto cut = [&](const std::string& content, int64_t iteration) {
    FileWriter(path, FileWriter::Mode::kReplace).write(content);
    cut_metrics_after(path, iteration);
    return read_file(path);
  };
  const std::string kept = "{\"iteration\":20,\"lr\":2e-02}\n{ \"a\": 1, \"iteration\":40}\n";
  CHECK(cut(kept + "{\"iteration\":41}\n{\"iteration\":60}\n", 40) == kept);
  CHECK(cut(kept + "{\"iteration\":4", 40) == kept);
  CHECK(cut(kept + "{\"iteration\":3}", 40) == kept);
  CHECK(cut("no json\n{\"lr\":1}\n\n" + kept, 40) == kept);
  CHECK(cut(kept, 100) == kept);
  CHECK(cut(kept, 0) == "");
  CHECK_NOTHROW(cut_metrics_after(dir / "missing", 1));
}

TEST_CASE("tensorboard: records equal the bytes that protoc and TensorBoard decode") {
  CHECK(hex(tensorboard_version_record(1.0)) ==
        "1a00000000000000129bd82d09000000000000f03f10001a0d627261696e2e4576656e743a32cc314e92");
  CHECK(hex(tensorboard_scalar_record(2.0, 7, {{"loss/total", 0.5}})) ==
        "200000000000000029eda95009000000000000004010072a130a110a0a6c6f73732f746f74616c150000003f"
        "f8f5d925");
}

TEST_CASE(
    "tensorboard: a file starts with the version and holds all scalars of a step in one record") {
  const testing::TemporaryDirectory dir;
  TensorBoardFile(dir.path()).write(300, {{"lr", 0.5}, {"images_seen", int64_t{40}}});
  TensorBoardFile(dir.path()).write(301, {{"lr", 0.5}});
  const auto names = dir.entries();
  REQUIRE(names.size() == 2);
  CHECK(names.begin()->starts_with("events.out.tfevents."));
  const std::string content = read_file(dir / *names.begin());
  CHECK(content.substr(12 + 11, 15) ==
        "\x1a\x0d"
        "brain.Event:2");
  // Step 300 as a varint, then a summary of 11 + 20 bytes with two values of field 1.
  CHECK(hex(content).find("10ac022a1f0a090a026c72150000003f0a120a0b") != std::string::npos);
  CHECK_THROWS_AS(TensorBoardFile("/nowhere"), ResourceError);
}
