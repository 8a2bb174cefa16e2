// Collective calls over one MPI communicator. Private to core/dist.
#pragma once

#include <mpi.h>

#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "core/tensor/tensor.h"

namespace denovo {

/// Throws RankError unless status is MPI_SUCCESS.
void check_mpi(int status, const char* call);

/// Safe from several threads, one call each: calls into MPI never overlap.
class MpiCalls {
 public:
  using Clock = std::chrono::steady_clock;

  /// On a copy of MPI_COMM_WORLD.
  MpiCalls(int rank, int size);
  MpiCalls(const MpiCalls&) = delete;
  MpiCalls& operator=(const MpiCalls&) = delete;
  /// To be called before MPI_Finalize.
  void free() { MPI_Comm_free(&comm_); }

  /// tensor := sum over ranks in ascending order. Made of an exchange of shares (each rank adds one
  /// share of the tensor) and a gathering of the results: MPI_Allreduce promises no order.
  void sum(const Tensor& tensor);
  /// From rank 0 to all.
  void broadcast(std::byte* bytes, int64_t count);
  /// From all to rank 0, one after the other; elsewhere the result is empty.
  std::vector<std::string> gather(const std::string& bytes);
  /// Whether all ranks have come before the deadline.
  bool barrier(Clock::time_point deadline);
  /// Ends all ranks.
  void abort(int status);

 private:
  using Start = std::function<int(MPI_Request*)>;
  bool complete(const char* call, const Start& start,
                Clock::time_point deadline = Clock::time_point::max());
  template <class T>
  void sum_piece(T* data, int64_t count);

  const int rank_, size_;
  MPI_Comm comm_;
  static std::mutex mutex_;
};

}  // namespace denovo
