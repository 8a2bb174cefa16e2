#include "core/log/logger.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdlib>

#include "core/error.h"

namespace denovo {
namespace {

constexpr std::string_view kEraseLine = "\r\x1b[K";

std::string local_time() {
  const time_t now = time(nullptr);
  struct tm parts {};
  localtime_r(&now, &parts);
  char text[32];
  strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts);
  return text;
}

/// A screen that has gone is no error.
void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = write(fd, text.data(), text.size());
    if (put <= 0) return;
    text.remove_prefix(put);
  }
}

/// The first `columns` characters of UTF-8 text, all taken as one column wide.
std::string_view cut(std::string_view text, int columns) {
  for (size_t i = 0; i < text.size(); ++i) {
    const bool starts_character = (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
    if (starts_character && columns-- == 0) return text.substr(0, i);
  }
  return text;
}

}  // namespace

Terminal detect_terminal(int fd) {
  Terminal terminal;
  const char* term = std::getenv("TERM");
  const char* no_color = std::getenv("NO_COLOR");
  terminal.live = isatty(fd) && term && std::string_view(term) != "dumb";
  terminal.colour = terminal.live && !(no_color && *no_color);
  winsize size{};
  if (terminal.live && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    terminal.width = size.ws_col;
  return terminal;
}

double monotonic_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string format_duration(double seconds) {
  constexpr double kLongest = 1e9;  // beyond, an estimate means nothing
  if (!(seconds >= 0 && seconds < kLongest)) return "-:--:--";
  const int64_t whole = std::llround(seconds);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

Logger::Logger(bool quiet) : Logger(STDERR_FILENO, detect_terminal(STDERR_FILENO), quiet) {}

Logger::Logger(int fd, Terminal terminal, bool quiet)
    : fd_(fd), terminal_(terminal), quiet_(quiet) {}

Logger::~Logger() {
  draw_live_line("");
}

void Logger::open_file(const std::string& path) {
  const std::lock_guard lock(mutex_);
  file_.emplace(path, FileWriter::Mode::kAppend);
}

void Logger::print(std::string_view line) {
  const bool live = !live_line_.empty();
  write_all(fd_, fmt::format("{}{}\n{}", live ? kEraseLine : "", line, live_line_));
}

void Logger::append(std::string_view line) {
  if (!file_) return;
  try {
    file_->write(fmt::format("{}  {}\n", local_time(), line));
  } catch (const ResourceError& error) {
    file_.reset();
    print(fmt::format("warning: the log ends here: {}", error.what()));
  }
}

void Logger::info(std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (!quiet_) print(text);
  append(text);
}

void Logger::warn(std::string_view text) {
  const std::lock_guard lock(mutex_);
  print(fmt::format("{}warning:{} {}", terminal_.colour ? "\x1b[33m" : "",
                    terminal_.colour ? "\x1b[0m" : "", text));
  append(fmt::format("warning: {}", text));
}

void Logger::record(std::string_view text) {
  const std::lock_guard lock(mutex_);
  append(text);
}

void Logger::draw_live_line(std::string_view text) {
  if (!terminal_.live || quiet_) return;
  const std::lock_guard lock(mutex_);
  const std::string line(cut(text, terminal_.width - 1));
  if (line == live_line_) return;
  live_line_ = line;
  write_all(fd_, fmt::format("{}{}", kEraseLine, line));
}

}  // namespace denovo
