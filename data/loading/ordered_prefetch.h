// Work done ahead of time by threads, handed out in the order in which it was planned.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/kernels/backend.h"

namespace denovo::data {

/// plan() is called in order, one call at a time, and says what to do next (nullopt: nothing more);
/// make(plan) does it, on any thread. next() returns the results in the order of the plans, however
/// the threads are timed; an exception of make (or plan) is thrown by the next() that would have
/// returned its result. With 0 threads next() does the work itself. At most `ahead` results wait.
template <class Plan, class Result>
class OrderedPrefetch {
 public:
  OrderedPrefetch(int threads, int ahead, std::function<std::optional<Plan>()> plan,
                  std::function<Result(Plan&&)> make)
      : plan_(std::move(plan)), make_(std::move(make)), ahead_(ahead) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  }
  ~OrderedPrefetch() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  OrderedPrefetch(const OrderedPrefetch&) = delete;
  OrderedPrefetch& operator=(const OrderedPrefetch&) = delete;

  /// nullopt when the plans have come to an end.
  std::optional<Result> next() {
    if (threads_.empty()) {
      std::optional<Plan> plan = plan_();
      if (!plan) return std::nullopt;
      return make_(std::move(*plan));
    }
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return done_.contains(taken_) || taken_ == end_; });
    if (taken_ == end_) return std::nullopt;
    auto node = done_.extract(taken_++);
    lock.unlock();
    changed_.notify_all();
    if (node.mapped().failure) std::rethrow_exception(node.mapped().failure);
    return std::move(node.mapped().result);
  }

 private:
  struct Outcome {
    std::optional<Result> result;
    std::exception_ptr failure;
  };

  void work() {
    CpuContext::make_this_thread_serial();
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock,
                    [&] { return stopping_ || planned_ == end_ || planned_ - taken_ < ahead_; });
      if (stopping_ || planned_ == end_) return;
      Outcome outcome;
      std::optional<Plan> plan;
      try {
        plan = plan_();
      } catch (...) {
        outcome.failure = std::current_exception();
      }
      if (!plan && !outcome.failure) {
        end_ = planned_;
        changed_.notify_all();
        return;
      }
      const int64_t number = planned_++;
      lock.unlock();
      if (plan) {
        try {
          outcome.result = make_(std::move(*plan));
        } catch (...) {
          outcome.failure = std::current_exception();
        }
      }
      lock.lock();
      done_.emplace(number, std::move(outcome));
      changed_.notify_all();
    }
  }

  std::function<std::optional<Plan>()> plan_;
  std::function<Result(Plan&&)> make_;
  const int64_t ahead_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<int64_t, Outcome> done_;
  int64_t planned_ = 0, taken_ = 0, end_ = INT64_MAX;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace denovo::data
