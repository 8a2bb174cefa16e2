// A program that runs beside this one and must not outlive it.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace denovo::study {

inline constexpr int kCannotRun = 127;  // the status of a program that could not be run

/// Asks a run to save and leave. Not SIGTERM: mpirun passes this one on and waits, but kills its
/// ranks a second after that one, in the middle of a step.
inline constexpr int kStopSignal = SIGUSR1;

class ChildProcess {
 public:
  /// Starts command[0] (searched in PATH where it has no slash) with stdin closed and what it
  /// prints appended to `log`. It does not hear the terminal's Ctrl-C, which is this program's to
  /// pass on; it gets kStopSignal when this program dies, however it dies. Call from the main
  /// thread. Throws ResourceError when no process can be made or the log cannot be written; a
  /// program that cannot be run ends with kCannotRun.
  ChildProcess(const std::vector<std::string>& command, const std::string& log);
  /// Ends a child that still runs with kStopSignal and waits for it.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// The exit status, kSignalStatus + n for one that signal n ended; nullopt while it runs.
  std::optional<int> poll();
  /// The same, but waits for it.
  int wait();
  void send(int signal) const;

 private:
  pid_t pid_ = -1;
  std::optional<int> status_;
};

/// The last sentence that a training program has appended to a log since it had `from` bytes,
/// without the program's name; a launcher may have said more after it. Without any the last line.
std::string last_words(const std::string& log, int64_t from = 0);

/// Why a program ended with a status other than 0: its last words, or the status where it has said
/// nothing or a signal ended it.
std::string reason_of_end(int status, const std::string& words);

/// Throws "ID: " and that reason as the error that the exit status of the command stands for
/// (core/program/exit_status.h); one that could not be run is a ConfigError.
[[noreturn]] void throw_failure(int status, const std::string& id,
                                const std::vector<std::string>& command, const std::string& words);

/// The path of a program that was built with this one, beside it: "train_coco". Throws ConfigError
/// when it is not there.
std::string sibling_program(const std::string& name);

}  // namespace denovo::study
