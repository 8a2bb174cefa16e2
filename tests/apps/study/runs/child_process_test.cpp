#include "apps/study/runs/child_process.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include "core/error.h"
#include "core/files/atomic_write.h"
#include "core/files/file.h"
#include "testing/temporary_directory.h"

using namespace denovo;
using namespace denovo::study;
using denovo::testing::TemporaryDirectory;

TEST_CASE("ChildProcess: status, output, and the signal that ended it") {
  const TemporaryDirectory folder;
  const std::string log = folder / "log.txt";
  CHECK(ChildProcess({"sh", "-c", "echo out; echo err >&2; exit 3"}, log).wait() == 3);
  CHECK(read_file(log) == "out\nerr\n");
  CHECK(ChildProcess({"sh", "-c", "cat; echo more"}, log).wait() == 0);  // stdin is empty
  CHECK(read_file(log) == "out\nerr\nmore\n");
  ChildProcess sleeper({"sleep", "60"}, log);
  CHECK(!sleeper.poll());
  sleeper.send(SIGKILL);
  CHECK(sleeper.wait() == 128 + SIGKILL);
  CHECK(ChildProcess({"no-such-program"}, log).wait() == kCannotRun);
}

TEST_CASE("ChildProcess: a child that still runs is ended with its owner") {
  const TemporaryDirectory folder;
  const std::string log = folder / "log.txt", mark = folder / "mark";
  {
    const ChildProcess child({"sh", "-c",
                              "trap 'echo stopped >" + mark +
                                  "; exit' USR1; "
                                  "echo ready; while :; do sleep 0.05; done"},
                             log);
    while (read_file(log) != "ready\n") usleep(1000);
  }
  CHECK(read_file(mark) == "stopped\n");
}

TEST_CASE("last_words: the sentence with which a program ended, of this time alone") {
  const TemporaryDirectory folder;
  const std::string log = folder / "log.txt";
  replace_file(log, "train_coco: old\n");
  CHECK(last_words(log) == "old");
  const auto before = static_cast<int64_t>(read_file(log).size());
  CHECK(last_words(log, before).empty());
  replace_file(log, "train_coco: old\nwarning: w\ntrain_coco: a.json: cannot be read\n");
  CHECK(last_words(log, before) == "a.json: cannot be read");
  replace_file(log, "train_coco: a.json: cannot be read\nExit code: 3\n-----\n");  // mpirun's
  CHECK(last_words(log) == "a.json: cannot be read");
  replace_file(log, "there are not enough slots\n");
  CHECK(last_words(log) == "there are not enough slots");
}

TEST_CASE("throw_failure: the error that an exit status stands for, whose run and why") {
  const std::vector<std::string> command = {"mpirun", "train_coco"};
  CHECK_THROWS_WITH_AS(throw_failure(2, "run", command, "x"), "run: x", ConfigError);
  CHECK_THROWS_WITH_AS(throw_failure(3, "run", command, "x"), "run: x", IoError);
  CHECK_THROWS_WITH_AS(throw_failure(4, "run", command, "x"), "run: x", ResourceError);
  CHECK_THROWS_WITH_AS(throw_failure(1, "run", command, ""), "run: ended with status 1", Error);
  CHECK_THROWS_WITH_AS(throw_failure(137, "run", command, "x"), "run: ended by signal 9", Error);
  CHECK_THROWS_WITH_AS(throw_failure(kCannotRun, "run", command, ""), "run: mpirun cannot be run",
                       ConfigError);
}

TEST_CASE("sibling_program: says what is missing beside this one") {
  CHECK(sibling_program("train_coco").ends_with("/train_coco"));
  CHECK_THROWS_AS(sibling_program("no_such_program"), ConfigError);
}
