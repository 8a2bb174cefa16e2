#include "core/run/repeated_work.h"

#include <fmt/format.h>

#include "core/cuda/cuda_graph.h"
#include "core/error.h"
#include "core/tensor/storage.h"

namespace denovo {
namespace {

thread_local bool records = false;

class Recording {
 public:
  Recording() { records = true; }
  ~Recording() { records = false; }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;
};

}  // namespace

void forbid_while_recording(const char* what) {
  if (records) throw InternalError(fmt::format("recorded work: must not call {}", what));
}

RepeatedWork::RepeatedWork(Device device) : device_(device) {
  if constexpr (kHasCuda) {
    if (!device.is_cpu() && cuda_can_record()) graph_ = std::make_shared<CudaGraph>(device);
  }
}

void RepeatedWork::run(const std::function<void()>& work) {
  if (!has_run_) {
    work();
    has_run_ = true;
    return;
  }
  if constexpr (kHasCuda) {
    if (graph_) {
      if (!graph_->is_recorded()) graph_->record([&] { record(work); });
      graph_->launch();
      return;
    }
  }
  record(work);
}

void RepeatedWork::record(const std::function<void()>& work) {
  const int64_t before = thread_memory_balance();
  {
    const Recording recording;
    work();
  }
  if (const int64_t left = thread_memory_balance() - before; left != 0) {
    throw InternalError(fmt::format(
        "recorded work: must free what it allocates and nothing else, got {} bytes more", left));
  }
}

}  // namespace denovo
