// The result of bench_step for people and for programs.
#pragma once

#include <span>
#include <string>

#include "apps/bench/step_benchmark.h"

namespace denovo::bench {

struct GroupReport {
  std::string name;
  double forward_s = 0, backward_s = 0;
  double flops = 0;           // of convolutions and linear layers
  double matmul_seconds = 0;  // in them
  uint64_t bytes = 0;         // of the tensors that its ops allocated, forward and backward
};

struct StepReport {
  double best_seconds = 0, median_seconds = 0;  // of a step
  int64_t batch = 0;
  std::vector<int> foreground = {};      // RoIs of each image, in the best step
  std::vector<GroupReport> groups = {};  // of the best step, in the order of the network
  double conv_flops_per_s = 0;           // convolutions and linear layers: all FLOPs over all time
  double matmul_peak_flops_per_s = 0;
  double other_share = 0;  // of the profile: time in neither convolutions nor linear layers
  size_t peak_bytes = 0;   // of tensors
  double loss = 0;         // of the last step; a check that the arithmetic is finite
  Device device;
  int threads = 1;
  DType dtype = DType::kF32;  // of activations
};

StepReport report_of(std::span<const StepResult> steps, int64_t batch, double matmul_peak,
                     Device device, int threads, DType dtype);

std::string report_table(const StepReport& report);
/// {"seconds_per_image": {"best", "median"}, "batch", "foreground", "groups": [{"name",
/// "forward_s", "backward_s", "flops", "bytes"}], "conv_flops_per_s", "matmul_peak_flops_per_s",
/// "other_share", "peak_bytes", "device", "threads", "dtype", "loss"}
std::string report_json(const StepReport& report);

}  // namespace denovo::bench
