#include "core/dist/process_group.h"

#include <exception>

#include "core/dist/rank_error.h"
#include "core/files/signals.h"

namespace denovo {

ProcessGroup& ProcessGroup::alone() {
  static ProcessGroup group;
  return group;
}

void together(ProcessGroup& group, const std::function<void()>& work) {
  if (group.size() == 1) return work();
  std::exception_ptr failure;
  std::vector<double> statuses(static_cast<size_t>(group.size()));
  try {
    work();
  } catch (const std::exception& error) {
    failure = std::current_exception();
    statuses[static_cast<size_t>(group.rank())] = exit_code(error);
  }
  const Tensor all = Tensor::from({group.size()}, statuses);
  group.all_reduce(all);
  for (int rank = 0; rank < group.size(); ++rank) {
    const int status = static_cast<int>(all.data<double>()[rank]);
    if (status == 0) continue;
    if (rank == group.rank()) std::rethrow_exception(failure);
    throw PeerError("rank " + std::to_string(rank) + " failed", status);
  }
}

std::vector<double> caught_signals() {
  std::vector<double> counts;
  for (const int signal : kWatchedSignals) counts.push_back(caught_signal() == signal);
  return counts;
}

int signal_of(std::span<const double> counts) {
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) return kWatchedSignals[i];
  }
  return 0;
}

int agreed_signal(ProcessGroup& group) {
  if (group.size() == 1) return caught_signal();
  const std::vector<double> own = caught_signals();
  const Tensor counts = Tensor::from({static_cast<int64_t>(own.size())}, own);
  group.all_reduce(counts);
  return signal_of({counts.data<double>(), own.size()});
}

}  // namespace denovo
