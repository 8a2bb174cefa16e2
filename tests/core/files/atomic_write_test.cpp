#include "core/files/atomic_write.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include <csignal>

#include "core/error.h"
#include "tests/testing/temporary_directory.h"

using namespace denovo;
namespace fs = std::filesystem;
using Names = std::set<std::string>;

namespace {

/// Stands for a full disk: no file may grow beyond `bytes` while it lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_;
};

void fill(const std::string& directory, const std::string& content) {
  FileWriter(directory + "/a", FileWriter::Mode::kReplace).write(content);
}

}  // namespace

TEST_CASE("replace_file: the new content takes the place of the old and leaves nothing else") {
  const testing::TemporaryDirectory dir;
  replace_file(dir / "a", "old");
  replace_file(dir / "a", "new");
  CHECK(read_file(dir / "a") == "new");
  CHECK(dir.entries() == Names{"a"});
}

TEST_CASE("AtomicFile: the target appears with commit() and not before, or never") {
  const testing::TemporaryDirectory dir;
  {
    AtomicFile file(dir / "a");
    file.write("content");
    CHECK_FALSE(fs::exists(dir / "a"));
    for (const std::string& name : dir.entries()) CHECK(name.starts_with("."));
  }
  CHECK(dir.entries().empty());
}

TEST_CASE("AtomicFile: when the disk fills up the old content stays and no part of the new") {
  const testing::TemporaryDirectory dir;
  replace_file(dir / "a", "old");
  {
    const FileSizeLimit limit(4096);
    CHECK_THROWS_WITH_AS(replace_file(dir / "a", std::string(100000, 'x')),
                         (dir.path() + "/a: cannot be written, got 'File too large'").c_str(),
                         ResourceError);
  }
  CHECK(read_file(dir / "a") == "old");
  CHECK(dir.entries() == Names{"a"});
}

TEST_CASE("replace_symlink: a link is moved to another target in one step") {
  const testing::TemporaryDirectory dir;
  replace_symlink(dir / "last", "0000100");
  replace_symlink(dir / "last", "0000200");
  CHECK(fs::read_symlink(dir / "last") == "0000200");
  CHECK(dir.entries() == Names{"last"});
  CHECK_THROWS_WITH_AS(replace_symlink("/nowhere/last", "x"),
                       "/nowhere/last: cannot be written, got 'No such file or directory'",
                       ResourceError);
}

TEST_CASE("AtomicDirectory: all files appear together under the final name") {
  const testing::TemporaryDirectory dir;
  AtomicDirectory checkpoint(dir / "checkpoints/0000100/");
  fill(checkpoint.working_path(), "weights");
  fs::create_directory(checkpoint.working_path() + "/sub");
  fill(checkpoint.working_path() + "/sub", "more");
  CHECK_FALSE(fs::exists(dir / "checkpoints/0000100"));
  checkpoint.commit();
  CHECK(read_file(dir / "checkpoints/0000100/a") == "weights");
  CHECK(read_file(dir / "checkpoints/0000100/sub/a") == "more");
}

TEST_CASE("AtomicDirectory: an older directory is exchanged, and kept without commit()") {
  const testing::TemporaryDirectory dir;
  for (const std::string content : {"old", "new"}) {
    AtomicDirectory checkpoint(dir / "c");
    fill(checkpoint.working_path(), content);
    checkpoint.commit();
  }
  CHECK(read_file(dir / "c/a") == "new");
  {
    AtomicDirectory checkpoint(dir / "c");
    fill(checkpoint.working_path(), "never committed");
  }
  CHECK(read_file(dir / "c/a") == "new");
  CHECK(dir.entries() == Names{"c"});
}

TEST_CASE("remove_unfinished: deletes what a crash left and nothing else") {
  const testing::TemporaryDirectory dir;
  fs::create_directory(dir / ".0000100.tmp-4711");
  fill(dir / ".0000100.tmp-4711", "half");
  for (const std::string name : {".state.json.tmp-1", ".lock", ".x.tmp-", ".x.tmp-1a", "x.tmp-1"})
    FileWriter(dir / name, FileWriter::Mode::kReplace);
  remove_unfinished(dir.path());
  CHECK(dir.entries() == Names{".lock", ".x.tmp-", ".x.tmp-1a", "x.tmp-1"});
  CHECK_NOTHROW(remove_unfinished(dir / "missing"));
}

TEST_CASE("create_directories: a file in the way is named") {
  const testing::TemporaryDirectory dir;
  create_directories(dir / "a/b");
  CHECK(fs::is_directory(dir / "a/b"));
  create_directories(dir / "a/b");
  replace_file(dir / "file", "");
  CHECK_THROWS_WITH_AS(
      create_directories(dir / "file/b"),
      fmt::format("{}: cannot be written, got 'Not a directory'", dir / "file/b").c_str(),
      ResourceError);
}
