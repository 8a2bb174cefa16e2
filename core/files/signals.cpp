#include "core/files/signals.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

#include "core/program/exit_status.h"

namespace denovo {
namespace {

std::atomic<int> first_signal = 0;
std::atomic<int> num_signals = 0;
static_assert(std::atomic<int>::is_always_lock_free, "the handler must not lock");

void on_signal(int signal) {
  const int count = num_signals.fetch_add(1) + 1;
  if (count == 1) first_signal = signal;
  if (count >= 3) _exit(kSignalStatus + signal);
}

}  // namespace

void watch_signals() {
  first_signal = 0;
  num_signals = 0;
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (const int signal : kWatchedSignals) sigaction(signal, &action, nullptr);
}

int caught_signal() {
  return first_signal;
}

}  // namespace denovo
