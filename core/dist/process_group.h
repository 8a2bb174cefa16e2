// Ranks: processes that train one model together, each on its part of every batch.
//
// Launchers (mpirun, srun) start them; core/dist/launch.h joins them. A program that was started
// alone has a group of one, whose calls do nothing, so no caller asks whether there are others.
// Library headers of MPI and NCCL stay in this folder.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/tensor/tensor.h"

namespace denovo {

/// The base class is a group of one. All calls but rank() and size() are collective: every rank
/// makes the same ones in the same order, from one thread. A rank that fails or hangs ends all
/// (core/dist/watchdog.h). Sums add the ranks in ascending order, so that all ranks hold the same
/// bytes, whichever came first. Throws RankError when the library reports a fault.
class ProcessGroup {
 public:
  virtual ~ProcessGroup() = default;
  /// The group of one.
  static ProcessGroup& alone();

  int rank() const { return rank_; }
  int size() const { return size_; }
  /// Position among the ranks of this machine: its GPU.
  int local_rank() const { return local_rank_; }
  /// One rank writes files and speaks to the user.
  bool is_first() const { return rank_ == 0; }

  /// tensor := its sum over ranks; f32 or f64, of one shape everywhere.
  virtual void all_reduce(const Tensor&) {}
  /// The same, done meanwhile: the tensor must not be touched before finish_all_reduces(), which
  /// waits for all that were started.
  virtual void start_all_reduce(const Tensor&) {}
  virtual void finish_all_reduces() {}
  /// tensor := that of rank 0, of one shape and dtype everywhere.
  virtual void broadcast(const Tensor&) {}
  /// The text of rank 0.
  virtual std::string broadcast(const std::string& text) { return text; }
  /// On rank 0 the bytes of every rank, in the order of ranks; nothing elsewhere.
  virtual std::vector<std::string> gather(const std::string& bytes) { return {bytes}; }

  /// How long a rank waits for the others before it ends the job, naming those that are late.
  virtual void set_timeout(double) {}
  /// The last call, with the exit status of this rank: 0 and 128+n wait until all ranks leave; a
  /// failure does so for a moment only and then ends the job with that status.
  virtual void leave(int) {}

 protected:
  int rank_ = 0, size_ = 1, local_rank_ = 0;
};

/// Runs work, which makes no collective call, on every rank. When it throws on some, all ranks
/// throw: the first of those its own exception, the others PeerError.
void together(ProcessGroup& group, const std::function<void()>& work);

/// The signal (core/files/signals.h) that some rank has caught, the same on all; 0: none.
int agreed_signal(ProcessGroup& group);

/// How many ranks caught each of kWatchedSignals as a list of 0 and 1 that can be summed over
/// ranks, and the signal that such a sum stands for.
std::vector<double> caught_signals();
int signal_of(std::span<const double> counts);

}  // namespace denovo
