#include "core/files/json_writer.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/error.h"
#include "core/kernels/random.h"

using namespace denovo;

namespace {

std::string json_of(double number) {
  return JsonWriter().value(number).text();
}
std::string json_of(const std::string& text) {
  return JsonWriter().value(text).text();
}

}  // namespace

TEST_CASE("json_writer: objects, arrays and every kind of value come out compact and in order") {
  JsonWriter json;
  json.begin_object().field("a", 1).field("b", "x").field("c", true).key("d").begin_array();
  json.value(int64_t{-9007199254740993}).value(0.5).value(nullptr).begin_object().end_object();
  json.begin_array().end_array().raw_value("{}").end_array().field("e", uint64_t{1} << 63);
  json.end_object();
  CHECK(
      json.text() ==
      R"({"a":1,"b":"x","c":true,"d":[-9007199254740993,0.5,null,{},[],{}],"e":9223372036854775808})");
}

TEST_CASE("json_writer: doubles are shortest and read back to the same bits; NaN is null") {
  CHECK(json_of(0.1) == "0.1");
  CHECK(json_of(100.0) == "100");
  CHECK(json_of(-0.0) == "-0");
  CHECK(json_of(12345678901234567680.0) == "1.2345678901234567e+19");
  CHECK(json_of(1e-7) == "1e-07");
  CHECK(json_of(std::nan("")) == "null");
  CHECK(json_of(-std::numeric_limits<double>::infinity()) == "null");
  CHECK(JsonWriter().value(0.1f).text() == "0.1");
  const RandomStream random{.seed = 5, .purpose = RandomPurpose::kTest};
  simdjson::dom::parser parser;
  for (uint32_t i = 0; i < 10000; ++i) {
    const uint64_t bits = uint64_t{random.bits(2 * i)} << 32 | random.bits(2 * i + 1);
    double number;
    std::memcpy(&number, &bits, 8);
    if (!std::isfinite(number)) continue;
    CHECK(double(parser.parse(fmt::format("[{}]", json_of(number))).at(0).get_double()) == number);
  }
}

TEST_CASE("json_writer: strings are escaped, and bytes that are not UTF-8 are replaced") {
  CHECK(json_of("a\"b\\c\n\x01/é😀") == R"("a\"b\\c\u000a\u0001/é😀")");
  const std::string replaced = "\"\xEF\xBF\xBD\"";
  for (const char* broken : {"\xff", "\x80", "\xc3", "\xf8"})
    CHECK(json_of(std::string(broken)) == replaced);
  // An overlong slash, a surrogate, a code point beyond U+10FFFF, a cut sequence.
  for (const char* broken : {"\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"})
    CHECK(simdjson::validate_utf8(json_of(std::string(broken))));
}

TEST_CASE("json_writer: every byte string gives valid JSON") {
  const RandomStream random{.seed = 6, .purpose = RandomPurpose::kTest};
  simdjson::dom::parser parser;
  for (uint32_t i = 0; i < 2000; ++i) {
    std::string bytes(1 + random.below(1000 * i, 12), ' ');
    for (size_t j = 0; j < bytes.size(); ++j)
      bytes[j] = static_cast<char>(random.below(1000 * i + 1 + j, 256));
    CHECK(parser.parse(fmt::format("[{}]", json_of(bytes))).error() == simdjson::SUCCESS);
  }
}

TEST_CASE("json_writer: a sink gets the same text in bounded pieces") {
  const auto write = [](JsonWriter& json) {
    json.begin_array();
    for (int i = 0; i < 50000; ++i) json.value(i);
    json.end_array();
  };
  JsonWriter whole;
  write(whole);
  std::string joined;
  size_t largest = 0;
  JsonWriter piecewise([&](std::string_view piece) {
    joined += piece;
    largest = std::max(largest, piece.size());
  });
  write(piecewise);
  CHECK(joined == whole.text());
  CHECK(piecewise.text().empty());
  CHECK(largest < 70000);
}

TEST_CASE("json_writer: a value in a wrong place is our own bug and says so") {
  CHECK_THROWS_AS(JsonWriter().begin_object().value(1), InternalError);
  CHECK_THROWS_AS(JsonWriter().begin_object().key("a").end_object(), InternalError);
  CHECK_THROWS_AS(JsonWriter().begin_array().key("a"), InternalError);
  CHECK_THROWS_AS(JsonWriter().begin_array().end_object(), InternalError);
  CHECK_THROWS_AS(JsonWriter().value(1).value(2), InternalError);
  CHECK_THROWS_AS(JsonWriter().begin_array().text(), InternalError);
}
