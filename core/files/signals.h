// Signals that ask a run to save and leave: SIGINT, SIGTERM, SIGUSR1 (SLURM's advance notice).
#pragma once

#include <csignal>

namespace denovo {

inline constexpr int kWatchedSignals[] = {SIGINT, SIGTERM, SIGUSR1};

/// From here on the first of these signals only sets a flag, which the run looks at after each
/// step; a second one is ignored, so that nobody tears the save apart by accident; a third ends the
/// process at once with kSignalStatus + its number. System calls are restarted. Call once, in main.
void watch_signals();

/// The first signal that came since watch_signals(), or 0.
int caught_signal();

}  // namespace denovo
