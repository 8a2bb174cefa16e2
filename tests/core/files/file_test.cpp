#include "core/files/file.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/error.h"
#include "core/files/crc32c.h"
#include "tests/testing/temporary_directory.h"

using namespace denovo;

TEST_CASE("crc32c: published check values hold, in one piece and in parts of any length") {
  CHECK(crc32c("123456789", 9) == 0xe3069283);
  CHECK(crc32c("", 0) == 0);
  const std::string zeros(32, '\0');  // RFC 3720, B.4
  CHECK(crc32c(zeros.data(), 32) == 0x8a9136aa);
  const std::string text = "a checksum does not depend on how the bytes arrive";
  for (size_t cut = 0; cut <= text.size(); ++cut)
    CHECK(crc32c(text.data() + cut, text.size() - cut, crc32c(text.data(), cut)) ==
          crc32c(text.data(), text.size()));
}

TEST_CASE("crc32c_of_file: equals the checksum of the content, beyond one block") {
  const testing::TemporaryDirectory dir;
  std::string content((1 << 20) + 12345, 'x');
  for (size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 7919 >> 5);
  FileWriter file(dir / "a", FileWriter::Mode::kReplace);
  file.write(content);
  file.sync_and_close();
  CHECK(crc32c_of_file(dir / "a") == crc32c(content.data(), content.size()));
}

TEST_CASE("file: what was written is read, whole and in part; append keeps what was there") {
  const testing::TemporaryDirectory dir;
  FileWriter(dir / "a", FileWriter::Mode::kReplace).write("hello");
  FileWriter(dir / "a", FileWriter::Mode::kAppend).write(" world");
  CHECK(read_file(dir / "a") == "hello world");
  const FileReader reader(dir / "a");
  CHECK(reader.size() == 11);
  std::string part(5, ' ');
  reader.read_at(6, part.data(), 5);
  CHECK(part == "world");
  CHECK_THROWS_WITH_AS(reader.read_at(6, part.data(), 6),
                       fmt::format("{}: ends at byte 11, 1 more expected", dir / "a").c_str(),
                       IoError);
}

TEST_CASE("file: what cannot be read or written says so in one sentence") {
  const testing::TemporaryDirectory dir;
  CHECK_THROWS_WITH_AS(FileReader("/nowhere/a"),
                       "/nowhere/a: cannot be read, got 'No such file or directory'", IoError);
  CHECK_THROWS_WITH_AS(read_file("/"), "/: cannot be read, got 'Is a directory'", IoError);
  CHECK_THROWS_WITH_AS(FileReader("/dev/null"), "/dev/null: must be a regular file", IoError);
  CHECK_THROWS_WITH_AS(FileWriter("/nowhere/a", FileWriter::Mode::kReplace),
                       "/nowhere/a: cannot be written, got 'No such file or directory'",
                       ResourceError);
}

TEST_CASE("file: a full disk is named with the bytes needed and free") {
  FileWriter full("/dev/full", FileWriter::Mode::kAppend);
  try {
    full.write("0123456789");
    FAIL("a write to /dev/full succeeded");
  } catch (const ResourceError& error) {
    const std::string message = error.what();
    CHECK(message.starts_with("/dev/full: disk full, 10 bytes needed, "));
    CHECK(message.ends_with(" are free"));
  }
}

TEST_CASE("require_free_disk: asks the file system of the nearest folder that exists") {
  const testing::TemporaryDirectory dir;
  CHECK(free_disk_bytes(dir.path()) > 0);
  CHECK(free_disk_bytes(dir / "not/yet/there") > 0);
  CHECK_NOTHROW(require_free_disk(dir / "a", 1));
  CHECK_THROWS_AS(require_free_disk(dir / "a", int64_t{1} << 62), ResourceError);
  CHECK(free_disk_bytes("/proc") == 0);
  CHECK_THROWS_WITH_AS(require_free_disk("/proc", 100),
                       "/proc: disk full, 100 bytes needed, 0 are free", ResourceError);
}
