// Files that PyTorch and NumPy wrote (tests/oracles/foreign_files.py), and what must be refused.
#include "core/foreign/foreign_file.h"

#include <doctest/doctest.h>

#include <cstring>
#include <fstream>
#include <set>

#include "core/error.h"
#include "core/files/safetensors.h"
#include "core/foreign/foreign_tensor.h"
#include "tests/testing/temporary_directory.h"

using namespace denovo;
using namespace denovo::foreign;
using namespace std::string_literals;

namespace {

const std::string kFolder = std::string(DENOVO_TEST_DATA) + "/data_files/foreign/";

/// The message, or "" when nothing was thrown.
template <class Work>
std::string refusal(Work work) {
  try {
    work();
  } catch (const IoError& error) {
    return error.what();
  }
  return {};
}

void read_all(const std::string& path) {
  const ForeignFile file(path);
  for (const ForeignTensor& tensor : file.tensors()) read_tensor(file, tensor);
}

std::string written(const testing::TemporaryDirectory& dir, const std::string& bytes) {
  const std::string path = dir.path() + "/file";
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

std::string refusal_of(const std::string& bytes) {
  const testing::TemporaryDirectory dir;
  return refusal([&] { read_all(written(dir, bytes)); });
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// Every tensor of the file is among the expected ones of its group, with the same values.
void check_tensors(const std::string& name, const std::string& group, size_t count) {
  CAPTURE(name);
  const SafetensorsFile expected(kFolder + "tensors.safetensors");
  const ForeignFile file(kFolder + name);
  size_t found = 0;
  for (const ForeignTensor& tensor : file.tensors()) {
    CAPTURE(tensor.full_name());
    const bool same_group = tensor.group == group;
    const Tensor values = read_tensor(file, tensor);
    const Tensor known =
        expected.read((same_group ? "state_dict" : tensor.group) + "/" + tensor.name);
    CHECK(values.dtype() == (tensor.type == ElementType::kBF16 ? DType::kBF16 : known.dtype()));
    const Tensor compared = values.to(known.dtype());
    REQUIRE(compared.shape() == known.shape());
    CHECK(std::memcmp(compared.raw(), known.raw(), known.bytes()) == 0);
    ++found;
  }
  CHECK(found == count);
}

}  // namespace

TEST_CASE("foreign files: every tensor that torch.save and NumPy wrote has its values") {
  for (const std::string version : {"old", "new"}) {
    check_tensors("archive_" + version + ".pth", "state_dict", 18);
    check_tensors("legacy_" + version + ".pth", "state_dict", 18);
    for (const char* protocol : {"2", "4", "5"})
      check_tensors("arrays_" + version + "_" + protocol + ".pkl", "blobs", 12);
    check_tensors("arrays_" + version + ".npz", "", 12);
  }
}

TEST_CASE("foreign files: safetensors of others, with element types that ours do not have") {
  const testing::TemporaryDirectory dir;
  const std::string header =
      R"({"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"i":{"dtype":"I16","shape":[1],"data_offsets":[4,6]}})";
  std::string bytes(8, '\0');
  bytes[0] = static_cast<char>(header.size());
  bytes += header + "\x00\x3c\x01\x80\xff\xff"s;  // 1, -2^-24; -1
  const ForeignFile file(written(dir, bytes));
  REQUIRE(file.tensors().size() == 2);
  const auto halves = read_tensor(file, file.tensors()[0]).to_vector<float>();
  CHECK(halves == std::vector<float>{1.0f, -0x1p-24f});
  CHECK(read_tensor(file, file.tensors()[1]).to_vector<int32_t>() == std::vector<int32_t>{-1});
}

TEST_CASE("foreign files: safetensors whose header is as long as another format's first bytes") {
  // 0x80 begins a pickle, 'P' an archive when a 'K' follows.
  for (const size_t length : {size_t{0x80}, size_t{0x280}, size_t{0x4b50}}) {
    const testing::TemporaryDirectory dir;
    std::string header = R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})";
    header.resize(length, ' ');
    std::string bytes(8, '\0');
    for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(length >> 8 * i & 0xff);
    const ForeignFile file(written(dir, bytes + header + "\x07"));
    CHECK(file.format() == "safetensors");
  }
}

TEST_CASE("foreign files: nothing is executed, and what would be is named") {
  const std::string attack = refusal_of(
      "\x80\x02"
      "cos\nsystem\nX\x02\0\0\0id\x85R."s);
  CHECK(contains(attack, "os.system is not among the types"));
  CHECK(contains(attack, "at byte 2"));
  const std::string stacked = refusal_of("\x80\x04\x8c\x05posix\x8c\x06system\x93."s);
  CHECK(contains(stacked, "posix.system is not among the types"));
  CHECK(contains(refusal_of("\x80\x02"
                            "S'text'\n."s),
                 "opcode 0x53 (STRING)"));
  CHECK(contains(refusal_of("\x80\x02"
                            "(i__main__\nX\n."s),
                 "opcode 0x69 (INST)"));
  CHECK(contains(refusal_of("\x80\x06."s), "protocol of a pickle must be 2 to 5, got 6"));
}

TEST_CASE("foreign files: pickles made to exhaust memory or the stack end in one sentence") {
  const std::string lists = "\x80\x02" + std::string(3'000'000, ']') + ".";
  CHECK(contains(refusal_of(lists), "needs at most 800000 pickled values"));
  // Lists in lists, one in the other.
  std::string nested = "\x80\x02}X\x01\0\0\0a"s;
  for (int i = 0; i < 1000; ++i) nested += ']';
  for (int i = 0; i < 999; ++i) nested += 'a';
  CHECK(contains(refusal_of(nested + "s."), "must nest at most 100 deep"));
  // A list that contains itself, and one that holds another a hundred million times.
  CHECK(refusal_of("\x80\x02]q\x00h\x00"
                   "a."s)
            .empty());
  std::string laughs =
      "\x80\x02]q\x00"
      "0"s;
  for (char level = 1; level < 10; ++level) {
    laughs += "](";
    for (int i = 0; i < 10; ++i) laughs += "h"s + static_cast<char>(level - 1);
    laughs += "eq"s + level + "0";
  }
  CHECK(refusal_of(laughs + "h\x09.").empty());
  CHECK(contains(refusal_of("\x80\x02X\xff\xff\xff\x7fshort"s), "ends within a pickled string"));
  CHECK(contains(refusal_of("\x80\x02\x8b\xff\xff\xff\xff"s), "must fit in 64 bits"));
  CHECK(contains(refusal_of("\x80\x02h\x05."s), "entry 5 of its memo, which is not set"));
}

TEST_CASE("foreign files: arrays of another byte order, of objects, of a wrong size") {
  const auto array = [](const std::string& type, const std::string& order,
                        const std::string& payload) {
    return "\x80\x02}X\x01\0\0\0a"s
           "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01"
           "b\x87R"
           "(K\x01K\x02\x85"
           "cnumpy\ndtype\nU"s +
           static_cast<char>(type.size()) + type + "K\x00K\x01\x87R(K\x03U\x01"s + order +
           "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"s + payload + "tbs."s;
  };
  const std::string eight = "U\x08\0\0\x80\x3f\0\0\0\x40"s;
  const testing::TemporaryDirectory dir;
  const ForeignFile file(written(dir, array("f4", "<", eight)));
  REQUIRE(file.tensors().size() == 1);
  CHECK(read_tensor(file, file.tensors()[0]).to_vector<float>() == std::vector<float>{1, 2});
  CHECK(contains(refusal_of(array("f4", ">", eight)), "must be little-endian, got elements >f4"));
  CHECK(contains(refusal_of(array("O8", "|", "]")), "elements |O8"));
  CHECK(contains(refusal_of(array("f8", "<", eight)), "must have 16 bytes, got 8"));
  CHECK(contains(refusal_of(array("f4", "<", "]")), "must hold bytes, not Python objects"));
}

TEST_CASE(
    "foreign files: cut anywhere, they are refused; with any byte changed, they never crash") {
  for (const char* name : {"archive_old.pth", "legacy_old.pth", "arrays_old_2.pkl",
                           "arrays_old_5.pkl", "arrays_old.npz"}) {
    CAPTURE(name);
    const std::string bytes = read_file(kFolder + name);
    for (size_t size = 0; size < bytes.size(); size += 7)
      CHECK_FALSE(refusal_of(bytes.substr(0, size)).empty());
    for (size_t i = 0; i < bytes.size(); i += 3) {
      std::string changed = bytes;
      changed[i] = static_cast<char>(changed[i] ^ (1 << i % 8));
      refusal_of(changed);
    }
  }
}

TEST_CASE("foreign files: a changed element of an archive does not pass its checksum") {
  for (const char* name : {"archive_old.pth", "arrays_old.npz"}) {
    std::string bytes = read_file(kFolder + name);
    const std::string element("\x00\x00\xb0\xbf", 4);  // -1.375f
    const size_t at = bytes.find(element);
    REQUIRE(at != std::string::npos);
    bytes[at] = 1;
    CHECK(contains(refusal_of(bytes), "is damaged: CRC error"));
  }
}

TEST_CASE("foreign files: what is no file of weights says what it is") {
  CHECK(contains(refusal_of(""), "is no file of weights"));
  CHECK(contains(refusal_of("hello world"), "is no file of weights"));
  CHECK(contains(refusal_of("\x89HDF\r\n"), "is HDF5, as Keras writes"));
  CHECK(contains(refusal_of("\x93NUMPY\x01"), "write it with numpy.savez"));
  CHECK(contains(refusal_of(std::string(257, '\0') + "ustar\0"s + std::string(300, '\0')),
                 "is a tar archive, as PyTorch before 0.2 wrote"));
  CHECK(contains(refusal_of("PK\x05\x06"s + std::string(18, '\0')), "neither data.pkl"));
}
