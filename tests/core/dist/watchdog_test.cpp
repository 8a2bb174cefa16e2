#include "core/dist/watchdog.h"

#include <doctest/doctest.h>

#include <chrono>
#include <future>

using namespace denovo;

namespace {

/// Three ranks of one machine, of which the test plays the last.
struct Table {
  RankPulse pulses[3]{};
  std::promise<std::string> message;

  std::unique_ptr<Watchdog> watchdog(double timeout) {
    auto dog = std::make_unique<Watchdog>(
        std::vector<RankPulse*>{&pulses[0], &pulses[1], &pulses[2]}, std::vector<int>{4, 5, 6}, 2,
        [this](const std::string& text) { message.set_value(text); });
    dog->set_timeout(timeout);
    return dog;
  }
  /// Ranks 4 and 5 are awake until long after the test.
  void wake(size_t rank) {
    const auto later = std::chrono::steady_clock::now() + std::chrono::hours(1);
    pulses[rank].beat_ns = std::chrono::nanoseconds(later.time_since_epoch()).count();
  }
};

}  // namespace

TEST_CASE("watchdog: names the rank that is stopped") {
  Table table;
  table.wake(0);
  const auto dog = table.watchdog(0.5);
  const Watchdog::Waiting waiting(*dog);
  CHECK(table.message.get_future().get() ==
        "dist: every rank must arrive within dist.timeout_seconds = 0.5, rank 5 is stopped");
}

TEST_CASE("watchdog: names the ranks that are alive and have not come") {
  Table table;
  table.wake(0);
  table.wake(1);
  table.pulses[1].entered = 1;
  const auto dog = table.watchdog(0.5);
  const Watchdog::Waiting waiting(*dog);
  CHECK(table.message.get_future().get() ==
        "dist: every rank must arrive within dist.timeout_seconds = 0.5, rank 4 did not");
}

TEST_CASE("watchdog: many short calls are not one long one, and an idle rank waits for nobody") {
  Table table;
  const auto dog = table.watchdog(0.5);
  for (int i = 0; i < 12; ++i) {
    const Watchdog::Waiting waiting(*dog);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(900));
  CHECK(table.message.get_future().wait_for(std::chrono::seconds(0)) ==
        std::future_status::timeout);
}
