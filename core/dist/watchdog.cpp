#include "core/dist/watchdog.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>

namespace denovo {
namespace {

using Clock = std::chrono::steady_clock;  // one clock for all processes of a machine

constexpr std::chrono::milliseconds kPeriod{200};
constexpr std::chrono::seconds kStopped{2};  // ten beats that did not come

int64_t now_ns() {
  return std::chrono::nanoseconds(Clock::now().time_since_epoch()).count();
}

}  // namespace

Watchdog::Watchdog(std::vector<RankPulse*> table, std::vector<int> ranks, size_t own,
                   std::function<void(const std::string&)> on_timeout)
    : table_(std::move(table)),
      ranks_(std::move(ranks)),
      own_(own),
      on_timeout_(std::move(on_timeout)) {
  table_[own_]->beat_ns = now_ns();
  thread_ = std::thread([this] { watch(); });
}

Watchdog::~Watchdog() {
  stopping_ = true;
  thread_.join();
}

void Watchdog::watch() {
  const auto number_of_call = [this] { return table_[own_]->entered.load(); };
  int64_t call = number_of_call(), last = now_ns();
  double waited = 0;
  while (!stopping_) {
    std::this_thread::sleep_for(kPeriod);
    const int64_t now = now_ns();
    table_[own_]->beat_ns = now;
    // Time in which this process itself was stopped does not count.
    const double elapsed = std::min(static_cast<double>(now - last) * 1e-9, 1.0);
    last = now;
    const bool same_call = waiting_ > 0 && call == number_of_call();
    call = number_of_call();
    waited = same_call ? waited + elapsed : 0;
    if (waited < timeout_) continue;
    on_timeout_(fmt::format("dist: every rank must arrive within dist.timeout_seconds = {}, {}",
                            timeout_.load(), late_ranks()));
    return;
  }
}

std::string Watchdog::late_ranks() const {
  std::vector<int> stopped, behind;
  const int64_t alive_since = now_ns() - std::chrono::nanoseconds(kStopped).count();
  for (size_t i = 0; i < table_.size(); ++i) {
    if (table_[i]->beat_ns < alive_since) stopped.push_back(ranks_[i]);
    if (table_[i]->entered < table_[own_]->entered) behind.push_back(ranks_[i]);
  }
  if (!stopped.empty()) return fmt::format("rank {} is stopped", fmt::join(stopped, ", "));
  if (!behind.empty()) return fmt::format("rank {} did not", fmt::join(behind, ", "));
  return "a rank on another machine did not";
}

}  // namespace denovo
