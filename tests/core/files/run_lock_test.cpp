#include "core/files/run_lock.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <optional>
#include <thread>

#include "core/error.h"
#include "tests/testing/temporary_directory.h"

using namespace denovo;

TEST_CASE("RunLock: a second writer is refused with the number of the first") {
  const testing::TemporaryDirectory dir;
  std::optional<RunLock> lock(dir.path());
  CHECK_THROWS_WITH_AS(
      RunLock(dir.path()),
      fmt::format("{}: in use by process {}, wait for it or choose another directory", dir.path(),
                  getpid())
          .c_str(),
      ConfigError);
  lock.reset();
  CHECK(dir.entries().empty());
  CHECK_NOTHROW(RunLock(dir.path()));
}

TEST_CASE("RunLock: the lock of a process that was killed is free again") {
  const testing::TemporaryDirectory dir;
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  const pid_t child = fork();
  if (child == 0) {
    const RunLock lock(dir.path());
    if (write(ready[1], "x", 1) != 1) _exit(1);
    pause();
    _exit(0);
  }
  char byte;
  REQUIRE(read(ready[0], &byte, 1) == 1);
  CHECK_THROWS_AS(RunLock(dir.path()), ConfigError);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  CHECK(dir.entries() == std::set<std::string>{".lock"});
  CHECK_NOTHROW(RunLock(dir.path()));
  close(ready[0]);
  close(ready[1]);
}

TEST_CASE("RunLock: looking whether it is held keeps nobody from taking it") {
  const testing::TemporaryDirectory dir;
  CHECK(!RunLock::is_held(dir.path()));
  CHECK(dir.entries().empty());
  std::optional<RunLock> lock(dir.path());
  CHECK(RunLock::is_held(dir.path()));
  lock.reset();
  CHECK(!RunLock::is_held(dir.path()));
  std::atomic<bool> looking = true;
  std::thread other([&] {
    while (looking) RunLock::is_held(dir.path());
  });
  for (int i = 0; i < 200; ++i) CHECK_NOTHROW(RunLock(dir.path()));
  looking = false;
  other.join();
}

TEST_CASE("RunLock: a folder that cannot hold the lock is named") {
  CHECK_THROWS_WITH_AS(RunLock("/nowhere"),
                       "/nowhere/.lock: cannot be written, got 'No such file or directory'",
                       ResourceError);
}
