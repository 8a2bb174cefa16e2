#include "core/dist/group_mpi.h"

#include <fmt/format.h>
#include <mpi.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <future>
#include <optional>
#include <utility>

#include "core/dist/calls_mpi.h"
#include "core/dist/device_group.h"
#include "core/dist/rank_error.h"
#include "core/dist/task_thread.h"
#include "core/dist/watchdog.h"
#include "core/kernels/backend.h"
#include "core/program/exit_status.h"

namespace denovo {
namespace {

constexpr std::chrono::seconds kGrace{2};  // for the other ranks to fail of the same cause

int world_rank() {
  int rank = 0;
  check_mpi(MPI_Comm_rank(MPI_COMM_WORLD, &rank), "MPI_Comm_rank");
  return rank;
}

class MpiGroup : public ProcessGroup {
 public:
  explicit MpiGroup(int size) : calls_(world_rank(), size), leaving_(world_rank(), size) {
    rank_ = world_rank();
    size_ = size;
    share_pulses();
    mpi_thread_.emplace();
  }

  void all_reduce(const Tensor& tensor) override {
    if (DeviceGroup* gpu = device_group(tensor)) {
      gpu->all_reduce(tensor);
      watch(*gpu);
    } else {
      run([&] { calls_.sum(tensor); }).get();
    }
  }

  void start_all_reduce(const Tensor& tensor) override {
    if (DeviceGroup* gpu = device_group(tensor)) {
      gpu->start_all_reduce(tensor);
    } else {
      started_.push_back(run([this, tensor] { calls_.sum(tensor); }));
    }
  }

  void finish_all_reduces() override {
    for (std::future<void>& sum : std::exchange(started_, {})) sum.get();
    if (!device_group_) return;
    device_group_->finish_all_reduces();
    watch(*device_group_);
  }

  void broadcast(const Tensor& tensor) override {
    if (DeviceGroup* gpu = device_group(tensor)) {
      gpu->broadcast(tensor);
      watch(*gpu);
    } else {
      run([&] { calls_.broadcast(tensor.raw(), static_cast<int64_t>(tensor.bytes())); }).get();
    }
  }

  std::string broadcast(const std::string& text) override {
    std::string result = text;
    run([&] {
      auto size = static_cast<int64_t>(text.size());
      calls_.broadcast(reinterpret_cast<std::byte*>(&size), sizeof(size));
      result.resize(static_cast<size_t>(size));
      calls_.broadcast(reinterpret_cast<std::byte*>(result.data()), size);
    }).get();
    return result;
  }

  std::vector<std::string> gather(const std::string& bytes) override {
    std::vector<std::string> all;
    run([&] { all = calls_.gather(bytes); }).get();
    return all;
  }

  void set_timeout(double seconds) override { watchdog_->set_timeout(seconds); }

  void leave(int status) override {
    const bool failed = status > 0 && status < 128;
    {
      const Watchdog::Waiting waiting(*watchdog_);
      const auto deadline =
          failed ? MpiCalls::Clock::now() + kGrace : MpiCalls::Clock::time_point::max();
      // Not through the queue: its thread may be waiting for a rank that has failed.
      if (!leaving_.barrier(deadline)) leaving_.abort(status);
      // All have failed, but not before the same call: what one began the others may never join.
      if (failed && !sums_end(MpiCalls::Clock::now() + kGrace)) leaving_.abort(status);
      if (failed && device_group_) device_group_->abort();
    }
    mpi_thread_.reset();
    gpu_thread_.reset();
    device_group_.reset();
    watchdog_.reset();
    MPI_Win_free(&pulses_);
    calls_.free();
    leaving_.free();
    MPI_Finalize();
  }

 private:
  /// Whether the sums that were started are done before the deadline.
  bool sums_end(MpiCalls::Clock::time_point deadline) const {
    return std::all_of(started_.begin(), started_.end(), [&](const std::future<void>& sum) {
      return sum.wait_until(deadline) == std::future_status::ready;
    });
  }

  /// The table of the watchdogs, in memory that the ranks of this machine share.
  void share_pulses() {
    MPI_Comm machine;
    check_mpi(
        MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &machine),
        "MPI_Comm_split_type");
    int num_local = 0;
    check_mpi(MPI_Comm_rank(machine, &local_rank_), "MPI_Comm_rank");
    check_mpi(MPI_Comm_size(machine, &num_local), "MPI_Comm_size");
    std::vector<int> ranks(static_cast<size_t>(num_local));
    check_mpi(MPI_Allgather(&rank_, 1, MPI_INT, ranks.data(), 1, MPI_INT, machine),
              "MPI_Allgather");
    RankPulse* own = nullptr;
    check_mpi(MPI_Win_allocate_shared(sizeof(RankPulse), 1, MPI_INFO_NULL, machine, &own, &pulses_),
              "MPI_Win_allocate_shared");
    new (own) RankPulse{};
    check_mpi(MPI_Barrier(machine), "MPI_Barrier");
    std::vector<RankPulse*> table(ranks.size());
    for (size_t i = 0; i < table.size(); ++i) {
      MPI_Aint bytes = 0;
      int unit = 0;
      check_mpi(MPI_Win_shared_query(pulses_, static_cast<int>(i), &bytes, &unit, &table[i]),
                "MPI_Win_shared_query");
    }
    MPI_Comm_free(&machine);
    watchdog_.emplace(table, ranks, static_cast<size_t>(local_rank_),
                      [](const std::string& message) {
                        // The launcher ends the others; MPI_Abort might wait for the thread that
                        // hangs in MPI.
                        std::fputs((message + "\n").c_str(), stderr);
                        _exit(kRankStatus);
                      });
  }

  std::future<void> run(std::function<void()> call) {
    return mpi_thread_->run([this, call = std::move(call)] {
      const Watchdog::Waiting waiting(*watchdog_);
      call();
    });
  }

  /// Null for a tensor in host memory. Made at the first use.
  DeviceGroup* device_group(const Tensor& tensor) {
    if constexpr (kHasCuda) {
      if (tensor.device().is_cpu()) return nullptr;
      if (!device_group_) {
        const std::string id = broadcast(is_first() ? make_nccl_id() : std::string());
        device_group_ = join_nccl(tensor.device(), rank_, size_, id);
      }
      return device_group_.get();
    } else {
      if (!tensor.device().is_cpu()) throw_no_cuda(tensor.device());
      return nullptr;
    }
  }

  /// The host goes on, so the watchdog needs somebody who waits for the GPU: not the thread of MPI,
  /// whose next call would wait with it.
  void watch(DeviceGroup& gpu) {
    if (!gpu_thread_) gpu_thread_.emplace();
    gpu_thread_->run([this, &gpu] {
      const Watchdog::Waiting waiting(*watchdog_);
      gpu.wait();
    });
  }

  MpiCalls calls_, leaving_;
  MPI_Win pulses_;
  std::optional<Watchdog> watchdog_;
  std::vector<std::future<void>> started_;
  std::unique_ptr<DeviceGroup> device_group_;
  std::optional<TaskThread> mpi_thread_, gpu_thread_;
};

}  // namespace

std::unique_ptr<ProcessGroup> join_mpi(int expected) {
  int provided = 0, found = 0;
  check_mpi(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &provided), "MPI_Init_thread");
  MPI_Comm_size(MPI_COMM_WORLD, &found);
  if (provided < MPI_THREAD_SERIALIZED || found != expected) {
    MPI_Finalize();
    throw ConfigError(fmt::format(
        "dist: MPI must see the {} ranks of the launcher and serve threads, got {} of thread level "
        "{}; under srun try --mpi=pmix",
        expected, found, provided));
  }
  return std::make_unique<MpiGroup>(found);
}

}  // namespace denovo
