// What ends a job in which a rank hangs. Every rank has a line in a table in shared memory, which
// the others on its machine can read also when it is stopped; a thread in each rank keeps the line
// alive and looks how long its own rank has been waiting for the others.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace denovo {

/// One rank's line. Zero-filled memory is a rank that has done nothing yet.
struct RankPulse {
  std::atomic<int64_t> beat_ns;  // when its watchdog was last awake, on the machine's clock
  std::atomic<int64_t> entered;  // collective calls that it has entered
};
static_assert(std::atomic<int64_t>::is_always_lock_free, "the table is shared by processes");

class Watchdog {
 public:
  /// The table holds the ranks of this machine, the line `own` this one. After the timeout within
  /// one call on_timeout gets a sentence that names the ranks which are late, on the watchdog's
  /// thread, once.
  Watchdog(std::vector<RankPulse*> table, std::vector<int> ranks, size_t own,
           std::function<void(const std::string&)> on_timeout);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  void set_timeout(double seconds) { timeout_ = seconds; }

  /// While it lives, this rank is in a collective call.
  class Waiting {
   public:
    explicit Waiting(Watchdog& dog) : dog_(dog) {
      ++dog_.table_[dog_.own_]->entered;
      ++dog_.waiting_;
    }
    ~Waiting() { --dog_.waiting_; }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

   private:
    Watchdog& dog_;
  };

 private:
  void watch();
  std::string late_ranks() const;

  const std::vector<RankPulse*> table_;
  const std::vector<int> ranks_;
  const size_t own_;
  const std::function<void(const std::string&)> on_timeout_;
  std::atomic<double> timeout_ = 300;
  std::atomic<int> waiting_ = 0;  // calls in which this rank is
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace denovo
