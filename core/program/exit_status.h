// How a program ends: read by shells, by studies that start programs, by the other ranks of a job.
// Which exception has which status says exit_code (core/error.h).
#pragma once

namespace denovo {

inline constexpr int kFailedStatus = 1;     // a run that failed (it diverged), or a bug of ours
inline constexpr int kUsageStatus = 2;      // usage or configuration
inline constexpr int kDataStatus = 3;       // data or weights
inline constexpr int kExhaustedStatus = 4;  // memory or disk
inline constexpr int kRankStatus = 5;       // another rank of this job failed or hangs
inline constexpr int kSignalStatus = 128;   // plus the number of the signal that ended it

}  // namespace denovo
