#include "core/files/signals.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <initializer_list>

#include "core/program/exit_status.h"

using namespace denovo;

namespace {

/// Exit status of a child that watches signals, raises these, and then exits with caught_signal().
int status_after(std::initializer_list<int> signals) {
  const pid_t child = fork();
  if (child == 0) {
    watch_signals();
    for (const int signal : signals) raise(signal);
    _exit(caught_signal());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("signals: the first sets a flag, the second is ignored, the third ends the process") {
  CHECK(status_after({}) == 0);
  CHECK(status_after({SIGTERM}) == SIGTERM);
  CHECK(status_after({SIGUSR1, SIGINT}) == SIGUSR1);
  CHECK(status_after({SIGTERM, SIGTERM, SIGINT}) == kSignalStatus + SIGINT);
}
