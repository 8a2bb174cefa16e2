#include "core/files/safetensors.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "core/error.h"
#include "tests/testing/temporary_directory.h"

using namespace denovo;

namespace {

std::string bytes_of(const Tensor& tensor) {
  return std::string(reinterpret_cast<const char*>(tensor.raw()), tensor.bytes());
}

Tensor scalar(double value, DType dtype) {
  return Tensor::full(Shape{}, value, dtype);
}

NamedTensors one_of_each() {
  const float nan = std::nanf("7"), inf = std::numeric_limits<float>::infinity();
  return {{"flags", Tensor::from<uint8_t>({3}, {1, 0, 1}).to(DType::kBool)},
          {"b.weight", Tensor::from<float>({2, 2}, {1.5f, -0.0f, nan, inf})},
          {"a.weight", Tensor::from<double>({1, 2}, {0.1, 1e300})},
          {"half", Tensor::from<float>({3}, {1, 2, 3}).to(DType::kBF16)},
          {"step", scalar(-5, DType::kI64)},
          {"ids", Tensor::from<int32_t>({2, 1}, {-7, 1 << 30})},
          {"none", Tensor::zeros({0, 4}, DType::kF32)},
          {"pixels", Tensor::from<uint8_t>({1, 1, 3, 1, 1, 1}, {0, 128, 255})}};
}

}  // namespace

TEST_CASE(
    "safetensors: every dtype, scalars, empty tensors and texts come back in order, bit for bit") {
  const testing::TemporaryDirectory dir;
  const NamedTensors written = one_of_each();
  const Metadata metadata = {{"config", "[model]\nnorm = \"GN\"\n"}, {"names", "é,\"b\""}};
  write_safetensors(dir / "a.safetensors", written, metadata);
  const SafetensorsFile file(dir / "a.safetensors");
  CHECK(file.metadata() == metadata);
  const NamedTensors read = read_safetensors(dir / "a.safetensors");
  REQUIRE(read.size() == written.size());
  for (size_t i = 0; i < read.size(); ++i) {
    CHECK(read[i].first == written[i].first);
    CHECK(read[i].second.dtype() == written[i].second.dtype());
    CHECK(read[i].second.shape() == written[i].second.shape());
    CHECK(bytes_of(read[i].second) == bytes_of(written[i].second));
  }
  CHECK(dir.entries() == std::set<std::string>{"a.safetensors"});
}

TEST_CASE("safetensors: same tensors, same bytes; the buffer and wide elements lie aligned") {
  const testing::TemporaryDirectory dir;
  write_safetensors(dir / "a", one_of_each(), {{"k", "v"}});
  write_safetensors(dir / "b", one_of_each(), {{"k", "v"}});
  CHECK(read_file(dir / "a") == read_file(dir / "b"));
  const SafetensorsHeader header = read_safetensors_header(FileReader(dir / "a"));
  CHECK(header.buffer_begin % 8 == 0);
  for (const SafetensorsEntry& entry : header.entries)
    if (entry.dtype == "F64" || entry.dtype == "I64") CHECK(entry.begin % 8 == 0);
}

TEST_CASE("safetensors: a file without tensors is legal") {
  const testing::TemporaryDirectory dir;
  write_safetensors(dir / "a", {});
  CHECK(read_safetensors(dir / "a").empty());
  CHECK(SafetensorsFile(dir / "a").metadata().empty());
}

TEST_CASE("safetensors: a missing tensor is named with the nearest one") {
  const testing::TemporaryDirectory dir;
  write_safetensors(dir / "a", one_of_each());
  const SafetensorsFile file(dir / "a");
  CHECK(file.find("a.weight") != nullptr);
  CHECK(file.find("a.weigth") == nullptr);
  CHECK(file.read("step").item() == -5);
  const std::string message =
      file.path() + ": tensor \"a.weigth\": is not there, did you mean a.weight";
  CHECK_THROWS_WITH_AS(file.read("a.weigth"), message.c_str(), IoError);
}

TEST_CASE("safetensors: names that the format forbids are our own bug") {
  const testing::TemporaryDirectory dir;
  const Tensor x = scalar(1, DType::kF32);
  CHECK_THROWS_AS(write_safetensors(dir / "a", {{"x", x}, {"x", x}}), InternalError);
  CHECK_THROWS_AS(write_safetensors(dir / "a", {{"__metadata__", x}}), InternalError);
  CHECK_THROWS_AS(write_safetensors(dir / "a", {{std::string(513, 'x'), x}}), InternalError);
  CHECK_THROWS_AS(write_safetensors(dir / "a", {{std::string("a\0b", 3), x}}), InternalError);
  CHECK_THROWS_AS(write_safetensors(dir / "a", {{"x", Tensor()}}), InternalError);
  CHECK(dir.entries().empty());
}

TEST_CASE("safetensors: a file that grew shorter under us is an error and not a crash") {
  const testing::TemporaryDirectory dir;
  write_safetensors(dir / "a", {{"x", Tensor::zeros({1000}, DType::kF32)}});
  const SafetensorsFile file(dir / "a");
  std::filesystem::resize_file(dir / "a", 1000);
  CHECK_THROWS_AS(file.read("x"), IoError);
}
