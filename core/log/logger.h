// Human text: to stderr, and with times to the log.txt of a run.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/files/file.h"

namespace denovo {

/// What the screen can do.
struct Terminal {
  bool live = false;    ///< the last line may be drawn over: a terminal, and TERM is not "dumb"
  bool colour = false;  ///< live, and NO_COLOR is not set
  int width = 80;       ///< columns
};

Terminal detect_terminal(int fd);

/// Seconds of a clock that never jumps.
double monotonic_seconds();

/// "2:03:10" for 7390 seconds; "-:--:--" when negative or not finite.
std::string format_duration(double seconds);

/// Writes whole lines, from any thread. Owns the last line of a live terminal, so that a progress
/// bar stays below the text. With `quiet`, only warnings reach stderr; log.txt gets everything.
class Logger {
 public:
  explicit Logger(bool quiet = false);
  Logger(int fd, Terminal terminal, bool quiet);  ///< `fd` in place of stderr, not owned
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  /// From here on also appends to this file, each line with local date and time. Throws
  /// ResourceError when it cannot be opened; a disk that fills up later is reported once on stderr
  /// and does not stop the run.
  void open_file(const std::string& path);

  void info(std::string_view text);
  void warn(std::string_view text);    ///< "warning: ..."
  void record(std::string_view text);  ///< to log.txt only
  /// Draws `text` as the live line, cut to the width of the terminal; empty removes it. Does
  /// nothing elsewhere and with `quiet`.
  void draw_live_line(std::string_view text);

  const Terminal& terminal() const { return terminal_; }

 private:
  void print(std::string_view line);
  void append(std::string_view line);

  const int fd_;
  const Terminal terminal_;
  const bool quiet_;
  std::mutex mutex_;
  std::string live_line_;
  std::optional<FileWriter> file_;
};

}  // namespace denovo
