// Every rule of the format and of ours, each broken by one small file.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstring>

#include "core/error.h"
#include "core/files/safetensors.h"
#include "core/kernels/random.h"
#include "tests/testing/temporary_directory.h"

using namespace denovo;

namespace {

std::string file_of(uint64_t header_bytes, const std::string& rest) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &header_bytes, 8);
  return bytes + rest;
}

/// A file with this header and `buffer_bytes` bytes behind it.
std::string file_with(const std::string& json, size_t buffer_bytes, char fill = 0) {
  return file_of(json.size(), json + std::string(buffer_bytes, fill));
}

/// What reading all of a file says; "" when it is accepted. The path is left out.
std::string verdict(const std::string& content) {
  const testing::TemporaryDirectory dir;
  const std::string path = dir / "a";
  FileWriter(path, FileWriter::Mode::kReplace).write(content);
  try {
    read_safetensors(path);
  } catch (const IoError& error) {
    const std::string message = error.what();
    CHECK(message.starts_with(path + ": "));
    return message.substr(path.size() + 2);
  }
  return "";
}

std::string verdict(const std::string& json, size_t buffer_bytes) {
  return verdict(file_with(json, buffer_bytes));
}

std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                  const std::string& offsets) {
  return fmt::format(R"("{}":{{"dtype":"{}","shape":[{}],"data_offsets":[{}]}})", name, dtype,
                     shape, offsets);
}

std::string braced(const std::string& entries) {
  return fmt::format("{{{}}}", entries);
}

}  // namespace

TEST_CASE("safetensors: what the reference allows is accepted") {
  CHECK(verdict("{}", 0) == "");
  CHECK(verdict("{}    ", 0) == "");
  CHECK(verdict(braced(entry("x", "F32", "", "0,4")), 4) == "");
  CHECK(verdict(braced(entry("x", "F32", "0,9223372036854775807", "0,0")), 0) == "");
  CHECK(verdict(braced(entry("y", "U8", "4", "4,8") + "," + entry("x", "F32", "1", "0,4")), 8) ==
        "");
  CHECK(verdict(R"({"__metadata__":{"a":"b"}})", 0) == "");
}

TEST_CASE("safetensors: a file that is too short, truncated or claims too much is refused") {
  CHECK(verdict(std::string()) == "too short for a safetensors file, got 0 bytes");
  CHECK(verdict(std::string("{}")) == "too short for a safetensors file, got 2 bytes");
  CHECK(verdict(file_of(100'000'001, "{}")) ==
        "header must have at most 100000000 bytes, got 100000001");
  CHECK(verdict(file_of(~uint64_t{0}, "{}")) ==
        "header must have at most 100000000 bytes, got 18446744073709551615");
  CHECK(verdict(file_of(3, "{}")) ==
        "ends before its header, which has 3 bytes, got 2 (truncated)");
  const std::string header = braced(entry("x", "F32", "2", "0,8"));
  CHECK(verdict(header, 7) ==
        "tensors must end with the file, 8 bytes behind the header, got 7 (truncated)");
  CHECK(verdict(header, 9) == "tensors must end with the file, 8 bytes behind the header, got 9");
  CHECK(verdict("{}", 1) == "tensors must end with the file, 0 bytes behind the header, got 1");
}

TEST_CASE("safetensors: a header that is no JSON of the schema is refused") {
  CHECK(verdict("", 0) == "header must start with '{'");
  CHECK(verdict(" {}", 0) == "header must start with '{'");
  CHECK(verdict("[]", 0) == "header must start with '{'");
  for (const char* broken :
       {"{", "{}x", "{\"a\":}", "{\"a\":NaN}", "{\"\xff\":1}", "{\"a\":1e999}", "{\"\\ud800\":1}"})
    CHECK_MESSAGE(verdict(broken, 0).starts_with("header is not valid JSON, got '"), broken);
  CHECK(verdict(R"({"x":{"dtype":[[[[1]]]]}})", 0).starts_with("header is not valid JSON, got '"));
  std::string deep = R"({"x":)";
  for (int i = 0; i < 100000; ++i) deep += '[';
  CHECK(verdict(deep, 0).starts_with("header is not valid JSON, got '"));
  CHECK(verdict(R"({"x":1})", 0) == "tensor \"x\": must be an object");
  CHECK(verdict(R"({"x":{}})", 0) == "tensor \"x\": needs dtype, shape and data_offsets");
  CHECK(verdict(R"({"x":{"dtype":"F32","shape":[]}})", 0) ==
        "tensor \"x\": needs dtype, shape and data_offsets");
  CHECK(verdict(R"({"x":{"color":1}})", 0) == "tensor \"x\": unknown field \"color\"");
  CHECK(verdict(R"({"x":{"dtype":1}})", 0) == "tensor \"x\": dtype must be a string");
  CHECK(verdict(R"({"x":{"shape":3}})", 0) == "tensor \"x\": shape must be a list of sizes");
  for (const char* shape : {"-1", "1.0", "\"2\"", "9223372036854775808", "null", "[]"})
    CHECK(verdict(braced(entry("x", "F32", shape, "0,4")), 4) ==
          "tensor \"x\": shape must be a list of sizes");
  for (const char* offsets : {"", "0", "0,4,8", "-4,0", "0.0,4"})
    CHECK(verdict(braced(entry("x", "F32", "", offsets)), 4) ==
          "tensor \"x\": data_offsets must be a list of two offsets");
}

TEST_CASE("safetensors: repeated keys are refused, on every level") {
  const std::string x = entry("x", "F32", "", "0,4");
  CHECK(verdict(braced(x + "," + x), 4) == "tensor \"x\": name stands there twice");
  CHECK(verdict(R"({"x":{"dtype":"F32","dtype":"F32","shape":[],"data_offsets":[0,4]}})", 4) ==
        "tensor \"x\": field \"dtype\" stands there twice");
  CHECK(verdict(R"({"__metadata__":{},"__metadata__":{}})", 0) ==
        "tensor \"__metadata__\": name stands there twice");
  CHECK(verdict(R"({"__metadata__":{"a":"b","a":"b"}})", 0) ==
        "__metadata__: \"a\" stands there twice");
}

TEST_CASE("safetensors: metadata is an object of strings") {
  CHECK(verdict(R"({"__metadata__":["a"]})", 0) == "__metadata__: must be an object of strings");
  CHECK(verdict(R"({"__metadata__":{"a":1}})", 0) == "__metadata__: \"a\" must be a string");
}

TEST_CASE("safetensors: sizes, types and offsets must agree") {
  const auto with = [](const char* dtype, const char* shape, const char* offsets) {
    return verdict(braced(entry("x", dtype, shape, offsets)), 8);
  };
  CHECK(with("F32", "3", "0,8") == "tensor \"x\": F32 [3] has 12 bytes, got offsets 0 .. 8");
  CHECK(with("F32", "2", "8,0") == "tensor \"x\": F32 [2] has 8 bytes, got offsets 8 .. 0");
  CHECK(with("F99", "2", "0,8") == "tensor \"x\": unknown dtype \"F99\"");
  CHECK(with("f32", "2", "0,8") == "tensor \"x\": unknown dtype \"f32\"");
  CHECK(with("F32", "4611686018427387904,4", "0,8") ==
        "tensor \"x\": shape [4611686018427387904, 4] overflows");
  CHECK(with("F32", "4294967296,4294967296", "0,8") ==
        "tensor \"x\": shape [4294967296, 4294967296] overflows");
  CHECK(with("F4", "3", "0,2") == "tensor \"x\": size must be whole bytes, got 12 bits");
}

TEST_CASE("safetensors: holes and overlaps are refused") {
  const auto two = [](const char* first, const char* second, size_t bytes) {
    return verdict(braced(entry("x", "F32", "1", first) + "," + entry("y", "F32", "1", second)),
                   bytes);
  };
  CHECK(two("0,4", "4,8", 8) == "");
  CHECK(two("0,4", "8,12", 12) ==
        "tensor \"y\": must begin where the tensor before it ends, at 4, got 8");
  CHECK(two("0,4", "2,6", 6) ==
        "tensor \"y\": must begin where the tensor before it ends, at 4, got 2");
  CHECK(two("0,4", "0,4", 4) ==
        "tensor \"y\": must begin where the tensor before it ends, at 4, got 0");
  CHECK(two("4,8", "8,12", 12) ==
        "tensor \"x\": must begin where the tensor before it ends, at 0, got 4");
  CHECK(verdict(braced(entry("x", "F32", "1", "9223372036854775803,9223372036854775807")), 4) ==
        "tensor \"x\": must begin where the tensor before it ends, at 0, got 9223372036854775803");
}

TEST_CASE("safetensors: our own limits on names and their number hold") {
  CHECK(verdict(braced(entry(std::string(512, 'n'), "F32", "", "0,4")), 4) == "");
  CHECK(verdict(braced(entry(std::string(513, 'n'), "F32", "", "0,4")), 4) ==
        "a tensor name must have at most 512 bytes, got 513");
  CHECK(verdict(braced(entry("a\\u0000b", "F32", "", "0,4")), 4) ==
        "tensor \"a\\u0000b\": name must not hold NUL");
  CHECK(verdict(braced(entry("\\u001b[2J", "F99", "", "0,4")), 4) ==
        "tensor \"\\u001b[2J\": unknown dtype \"F99\"");
  std::string many = entry("first", "F32", "0", "0,0");
  for (int i = 0; i < 100'000; ++i) {
    many += ',';
    many += entry(std::to_string(i), "F32", "0", "0,0");
  }
  CHECK(verdict(braced(many), 0) == "must hold at most 100000 tensors");
}

TEST_CASE("safetensors: what is legal but not ours is refused when it is read") {
  CHECK(verdict(braced(entry("x", "F16", "2", "0,4")), 4) ==
        "tensor \"x\": dtype must be one of F32, F64, BF16, I32, I64, U8, BOOL, got F16");
  CHECK(verdict(braced(entry("x", "F32", "1,1,1,1,1,1,1", "0,4")), 4) ==
        "tensor \"x\": must have at most 6 dimensions, got 7");
  CHECK(verdict(file_with(braced(entry("x", "BOOL", "2", "0,2")), 2, 2)) ==
        "tensor \"x\": element 0 must be 0 or 1, got 2");
}

TEST_CASE("safetensors: a valid header with any bytes changed is read or refused, never worse") {
  const std::string valid = braced(entry("x", "F32", "2", "0,8") + "," +
                                   entry("y", "U8", "1", "8,9") + R"(,"__metadata__":{"a":"b"})");
  const RandomStream random{.seed = 9, .purpose = RandomPurpose::kTest};
  int accepted = 0;
  constexpr uint32_t kTrials = 20000;
  for (uint32_t trial = 0; trial < kTrials; ++trial) {
    std::string json = valid;
    for (uint32_t change = 0; change <= trial % 3; ++change) {
      const uint32_t draw = trial * 8 + change * 2;
      json[random.below(draw, static_cast<uint32_t>(json.size()))] =
          "\"{}[],:0123456789eFU\x80\\ "[random.below(draw + 1, 23)];
    }
    try {
      parse_safetensors_header(json, 9, "a");
      ++accepted;
    } catch (const IoError&) {
    }
  }
  CHECK(accepted > 0);
  CHECK(accepted < static_cast<int>(kTrials) / 2);
}
