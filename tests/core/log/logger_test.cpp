#include "core/log/logger.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <limits>
#include <optional>
#include <sstream>

#include "core/error.h"
#include "tests/testing/temporary_directory.h"

using namespace denovo;

namespace {

constexpr Terminal kPipe{};
constexpr Terminal kLive{.live = true, .colour = false, .width = 20};

/// What a logger on this kind of screen shows.
template <class Body>
std::string shown(const Terminal& terminal, bool quiet, Body body) {
  const testing::TemporaryDirectory dir;
  const FileDescriptor screen(open((dir / "screen").c_str(), O_WRONLY | O_CREAT, 0600));
  {
    Logger logger(screen.get(), terminal, quiet);
    body(logger);
  }
  return read_file(dir / "screen");
}

}  // namespace

TEST_CASE("logger: text goes to the screen, and with date and time to the file") {
  const testing::TemporaryDirectory dir;
  const std::string screen = shown(kPipe, false, [&](Logger& logger) {
    logger.info("before");
    logger.open_file(dir / "log.txt");
    logger.info("after");
    logger.warn("odd");
    logger.record("file only");
  });
  CHECK(screen == "before\nafter\nwarning: odd\n");
  std::istringstream lines(read_file(dir / "log.txt"));
  for (const std::string text : {"after", "warning: odd", "file only"}) {
    std::string line;
    tm time{};
    REQUIRE(std::getline(lines, line));
    const char* rest = strptime(line.c_str(), "%Y-%m-%d %H:%M:%S", &time);
    REQUIRE(rest);
    CHECK(rest == "  " + text);
  }
  CHECK(lines.peek() == EOF);
}

TEST_CASE("logger: quiet keeps warnings on the screen and everything in the file") {
  const testing::TemporaryDirectory dir;
  const std::string screen = shown(kLive, true, [&](Logger& logger) {
    logger.open_file(dir / "log.txt");
    logger.info("text");
    logger.draw_live_line("bar");
    logger.warn("odd");
  });
  CHECK(screen == "warning: odd\n");
  CHECK(read_file(dir / "log.txt").find("text\n") != std::string::npos);
}

TEST_CASE("logger: the live line stays below the text, is cut to the width, and goes at the end") {
  CHECK(shown(kLive, false, [](Logger& logger) {
          logger.draw_live_line("bar 1");
          logger.info("text");
          logger.draw_live_line("bar 1");
          logger.draw_live_line("ébar that is longer than the line");
        }) == "\r\x1b[Kbar 1\r\x1b[Ktext\nbar 1\r\x1b[Kébar that is longer\r\x1b[K");
  CHECK(shown(kPipe, false, [](Logger& logger) { logger.draw_live_line("bar"); }) == "");
}

TEST_CASE("logger: colour only where the screen has it") {
  CHECK(shown({.live = true, .colour = true}, false, [](Logger& logger) { logger.warn("odd"); }) ==
        "\x1b[33mwarning:\x1b[0m odd\n");
}

TEST_CASE("logger: a log whose disk fills up is reported once and the run goes on") {
  const std::string screen = shown(kPipe, false, [](Logger& logger) {
    logger.open_file("/dev/full");
    logger.info("one");
    logger.info("two");
  });
  CHECK(screen.starts_with("one\nwarning: the log ends here: /dev/full: disk full, "));
  CHECK(screen.ends_with(" are free\ntwo\n"));
  CHECK_THROWS_AS(Logger().open_file("/nowhere/log.txt"), ResourceError);
}

TEST_CASE(
    "detect_terminal: a pipe has no bar; TERM=dumb none either; NO_COLOR keeps the bar only") {
  const FileDescriptor master(posix_openpt(O_RDWR | O_NOCTTY));
  REQUIRE(grantpt(master.get()) == 0);
  REQUIRE(unlockpt(master.get()) == 0);
  const FileDescriptor tty(open(ptsname(master.get()), O_RDWR | O_NOCTTY));
  REQUIRE(tty.get() >= 0);
  const auto kept = [](const char* name) {
    const char* value = getenv(name);
    return value ? std::optional<std::string>(value) : std::nullopt;
  };
  const auto restore = [](const char* name, const std::optional<std::string>& value) {
    value ? setenv(name, value->c_str(), 1) : unsetenv(name);
  };
  const auto term = kept("TERM"), no_color = kept("NO_COLOR");
  setenv("TERM", "xterm", 1);
  unsetenv("NO_COLOR");
  CHECK(detect_terminal(tty.get()).live);
  CHECK(detect_terminal(tty.get()).colour);
  setenv("NO_COLOR", "1", 1);
  CHECK(detect_terminal(tty.get()).live);
  CHECK_FALSE(detect_terminal(tty.get()).colour);
  setenv("TERM", "dumb", 1);
  CHECK_FALSE(detect_terminal(tty.get()).live);
  setenv("TERM", "xterm", 1);
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const FileDescriptor read_end(ends[0]), write_end(ends[1]);
  CHECK_FALSE(detect_terminal(write_end.get()).live);
  restore("TERM", term);
  restore("NO_COLOR", no_color);
}

TEST_CASE("format_duration: hours, minutes and seconds, or dashes when unknown") {
  CHECK(format_duration(0) == "0:00:00");
  CHECK(format_duration(7390.4) == "2:03:10");
  CHECK(format_duration(59.6) == "0:01:00");
  CHECK(format_duration(400 * 3600) == "400:00:00");
  CHECK(format_duration(-1) == "-:--:--");
  CHECK(format_duration(std::numeric_limits<double>::infinity()) == "-:--:--");
  CHECK(format_duration(std::numeric_limits<double>::quiet_NaN()) == "-:--:--");
}
