#include "core/dist/calls_mpi.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "core/dist/rank_error.h"

namespace denovo {
namespace {

constexpr int64_t kPiece = int64_t{1} << 22;  // elements or bytes of a call: MPI counts in int

template <class T>
MPI_Datatype type_of() {
  return std::is_same_v<T, double> ? MPI_DOUBLE : MPI_FLOAT;
}

/// f(begin, length) for each piece of count.
template <class F>
void for_each_piece(int64_t count, const F& f) {
  for (int64_t begin = 0; begin < count; begin += kPiece)
    f(begin, static_cast<int>(std::min(kPiece, count - begin)));
}

}  // namespace

std::mutex MpiCalls::mutex_;

void check_mpi(int status, const char* call) {
  if (status == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(status, text, &length);
  throw RankError(fmt::format("dist: {} failed: {}", call, std::string(text, length)));
}

MpiCalls::MpiCalls(int rank, int size) : rank_(rank), size_(size) {
  check_mpi(MPI_Comm_dup(MPI_COMM_WORLD, &comm_), "MPI_Comm_dup");
  check_mpi(MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
}

bool MpiCalls::complete(const char* call, const Start& start, Clock::time_point deadline) {
  // MPI_Wait spins, and takes the core from the rank that it waits for.
  constexpr int kBusyLooks = 200;
  constexpr std::chrono::microseconds kNap{100};
  MPI_Request request;
  for (int looks = 0;; ++looks) {
    {
      const std::lock_guard lock(mutex_);
      if (looks == 0) check_mpi(start(&request), call);
      int done = 0;
      check_mpi(MPI_Test(&request, &done, MPI_STATUS_IGNORE), call);
      if (done) return true;
    }
    if (Clock::now() > deadline) return false;
    if (looks < kBusyLooks) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(kNap);
    }
  }
}

void MpiCalls::sum(const Tensor& tensor) {
  dispatch_f32_f64(tensor.dtype(), [&]<class T>() {
    for_each_piece(tensor.numel(),
                   [&](int64_t begin, int count) { sum_piece(tensor.data<T>() + begin, count); });
  });
}

template <class T>
void MpiCalls::sum_piece(T* data, int64_t count) {
  const auto ranks = static_cast<size_t>(size_);
  std::vector<int> counts, begins, share_begins;
  for (int64_t r = 0; r < size_; ++r) {
    begins.push_back(static_cast<int>(count * r / size_));
    counts.push_back(static_cast<int>(count * (r + 1) / size_) - begins.back());
  }
  const int share = counts[static_cast<size_t>(rank_)];
  const std::vector<int> share_counts(ranks, share);
  for (int r = 0; r < size_; ++r) share_begins.push_back(r * share);
  std::vector<T> shares(ranks * static_cast<size_t>(share));
  complete("MPI_Ialltoallv", [&](MPI_Request* request) {
    return MPI_Ialltoallv(data, counts.data(), begins.data(), type_of<T>(), shares.data(),
                          share_counts.data(), share_begins.data(), type_of<T>(), comm_, request);
  });
  T* own = data + begins[static_cast<size_t>(rank_)];
  for (int i = 0; i < share; ++i) {
    double total = 0;
    for (int r = 0; r < size_; ++r) total += shares[static_cast<size_t>(r * share + i)];
    own[i] = static_cast<T>(total);
  }
  complete("MPI_Iallgatherv", [&](MPI_Request* request) {
    return MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, data, counts.data(), begins.data(),
                           type_of<T>(), comm_, request);
  });
}

void MpiCalls::broadcast(std::byte* bytes, int64_t count) {
  for_each_piece(count, [&](int64_t begin, int length) {
    complete("MPI_Ibcast", [&](MPI_Request* request) {
      return MPI_Ibcast(bytes + begin, length, MPI_BYTE, 0, comm_, request);
    });
  });
}

std::vector<std::string> MpiCalls::gather(const std::string& bytes) {
  const auto size = static_cast<int64_t>(bytes.size());
  std::vector<int64_t> sizes(static_cast<size_t>(size_));
  complete("MPI_Igather", [&](MPI_Request* request) {
    return MPI_Igather(&size, 1, MPI_INT64_T, sizes.data(), 1, MPI_INT64_T, 0, comm_, request);
  });
  if (rank_ != 0) {
    for_each_piece(size, [&](int64_t begin, int length) {
      complete("MPI_Isend", [&](MPI_Request* request) {
        return MPI_Isend(bytes.data() + begin, length, MPI_BYTE, 0, 0, comm_, request);
      });
    });
    return {};
  }
  std::vector<std::string> all{bytes};
  for (int r = 1; r < size_; ++r) {
    std::string& received = all.emplace_back(static_cast<size_t>(sizes[static_cast<size_t>(r)]), 0);
    for_each_piece(static_cast<int64_t>(received.size()), [&](int64_t begin, int length) {
      complete("MPI_Irecv", [&](MPI_Request* request) {
        return MPI_Irecv(received.data() + begin, length, MPI_BYTE, r, 0, comm_, request);
      });
    });
  }
  return all;
}

bool MpiCalls::barrier(Clock::time_point deadline) {
  return complete(
      "MPI_Ibarrier", [&](MPI_Request* request) { return MPI_Ibarrier(comm_, request); }, deadline);
}

void MpiCalls::abort(int status) {
  const std::lock_guard lock(mutex_);
  MPI_Abort(comm_, status);
}

}  // namespace denovo
