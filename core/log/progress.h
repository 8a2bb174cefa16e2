// How far a long piece of work has come.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "core/log/logger.h"

namespace denovo {

struct ProgressOptions {
  int64_t first = 0;           ///< items done before this process (a resumed run)
  int64_t period_items = 0;    ///< a plain line whenever this many are done; 0: by time
  double period_seconds = 10;  ///< ... then after this long
  std::string unit = "it";     ///< of the rate: "3.1 it/s"
  std::function<double()> clock = monotonic_seconds;
};

/// On a live terminal one bar with share, ETA and rate, redrawn at most ten times a second; through
/// a pipe one plain line per period. log.txt gets the plain lines in either case.
///
///   train  1200/90000 [=>        ]   1%  eta 2:03:10  3.1 it/s  loss 1.23  lr 0.02
///   train: 1200/90000, eta 2:03:10, 3.1 it/s, loss 1.23, lr 0.02
///
/// The rate is that of the last half minute or more, so it follows a change and skips over noise.
/// One thread at a time.
class Progress {
 public:
  Progress(Logger& logger, std::string label, int64_t total, ProgressOptions options = {});
  /// Removes the bar; prints nothing.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `done` items are finished in all; `details` stands at the end, comma-separated parts.
  void update(int64_t done, std::string_view details = {});
  /// Prints a last line with the time that all of it took.
  void finish();

  /// Items per second, and seconds until `total`; 0 and infinity before the second update.
  double rate() const;
  double eta_seconds() const;

 private:
  struct Sample {
    double time;
    int64_t done;
  };
  std::string plain_line() const;
  std::string bar() const;

  Logger& logger_;
  const std::string label_;
  const int64_t total_;
  const ProgressOptions options_;
  int64_t done_;
  std::string details_;
  std::deque<Sample> samples_;
  double start_, last_drawn_, last_line_;
};

}  // namespace denovo
