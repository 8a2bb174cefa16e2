#include "apps/bench/step_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/files/json_writer.h"

namespace denovo::bench {
namespace {

constexpr const char* kGroups[] = {"stem",     "res2",      "res3",  "res4",     "res5", "conv1",
                                   "conv2",    "conv3",     "conv4", "conv5",    "fpn",  "rpn",
                                   "box_head", "mask_head", "other", "optimizer"};

bool is_matmul(const ProfileEntry& entry) {
  return entry.kind == "conv2d" || entry.kind == "linear";
}

GroupReport group_report(const std::string& name, std::span<const ProfileEntry> profile) {
  GroupReport group{.name = name};
  for (const ProfileEntry& entry : profile) {
    if (entry.group != name) continue;
    if (entry.kind.empty()) {
      (entry.phase == ProfilePhase::kForward ? group.forward_s : group.backward_s) += entry.seconds;
      group.bytes += entry.bytes;
    } else if (is_matmul(entry)) {
      group.flops += entry.flops;
      group.matmul_seconds += entry.seconds;
    }
  }
  return group;
}

std::string line(const GroupReport& g, double total_seconds) {
  const double seconds = g.forward_s + g.backward_s;
  return fmt::format("{:<10} {:9.4f} {:10.4f} {:6.1f} {:9.2f} {:9.4f} {:8.1f} {:8.1f}\n", g.name,
                     g.forward_s, g.backward_s, 100 * seconds / total_seconds, g.flops / 1e9,
                     seconds - g.matmul_seconds,
                     g.matmul_seconds > 0 ? g.flops / g.matmul_seconds / 1e9 : 0.0,
                     static_cast<double>(g.bytes) / (1 << 20));
}

}  // namespace

StepReport report_of(std::span<const StepResult> steps, int64_t batch, double matmul_peak,
                     Device device, int threads, DType dtype) {
  StepReport report{.batch = batch,
                    .matmul_peak_flops_per_s = matmul_peak,
                    .loss = steps.back().loss,
                    .device = device,
                    .threads = threads,
                    .dtype = dtype};
  std::vector<double> seconds;
  for (const StepResult& step : steps) {
    seconds.push_back(step.seconds);
    report.peak_bytes = std::max(report.peak_bytes, step.peak_bytes);
  }
  std::sort(seconds.begin(), seconds.end());
  report.median_seconds = seconds[seconds.size() / 2];
  const StepResult& best =
      *std::min_element(steps.begin(), steps.end(),
                        [](const auto& a, const auto& b) { return a.seconds < b.seconds; });
  report.best_seconds = best.seconds;
  report.foreground = best.foreground;
  double flops = 0, matmul_seconds = 0, seconds_in_groups = 0;
  for (const char* name : kGroups) {
    if (std::none_of(best.profile.begin(), best.profile.end(),
                     [&](const ProfileEntry& entry) { return entry.group == name; }))
      continue;  // of another trunk
    report.groups.push_back(group_report(name, best.profile));
    flops += report.groups.back().flops;
    matmul_seconds += report.groups.back().matmul_seconds;
    seconds_in_groups += report.groups.back().forward_s + report.groups.back().backward_s;
  }
  report.conv_flops_per_s = flops / matmul_seconds;
  report.other_share = 1 - matmul_seconds / seconds_in_groups;
  return report;
}

std::string report_table(const StepReport& report) {
  std::string text =
      fmt::format("{:<10} {:>9} {:>10} {:>6} {:>9} {:>9} {:>8} {:>8}\n", "group", "forward_s",
                  "backward_s", "%", "GFLOP", "other_s", "GFLOP/s", "MiB");
  GroupReport total{.name = "total"};
  for (const GroupReport& group : report.groups) {
    total.forward_s += group.forward_s;
    total.backward_s += group.backward_s;
    total.flops += group.flops;
    total.matmul_seconds += group.matmul_seconds;
    total.bytes += group.bytes;
  }
  const double seconds = total.forward_s + total.backward_s;
  for (const GroupReport& group : report.groups) text += line(group, seconds);
  text += line(total, seconds);
  const auto images = static_cast<double>(report.batch);
  text += fmt::format(
      "seconds per image: best {:.4f}, median {:.4f} (batch {}, foreground RoIs {})\n"
      "convolutions and linear layers: {:.1f} GFLOP/s, {:.1f} % of the matmul peak {:.1f}\n"
      "everything else: {:.1f} % of the step\n"
      "peak memory of tensors: {:.1f} MiB; {}, {} threads, {}; loss {:.4f}\n",
      report.best_seconds / images, report.median_seconds / images, report.batch, report.foreground,
      report.conv_flops_per_s / 1e9, 100 * report.conv_flops_per_s / report.matmul_peak_flops_per_s,
      report.matmul_peak_flops_per_s / 1e9, 100 * report.other_share,
      static_cast<double>(report.peak_bytes) / (1 << 20), to_string(report.device), report.threads,
      name(report.dtype), report.loss);
  return text;
}

std::string report_json(const StepReport& report) {
  const auto images = static_cast<double>(report.batch);
  JsonWriter json;
  json.begin_object().key("seconds_per_image").begin_object();
  json.field("best", report.best_seconds / images).field("median", report.median_seconds / images);
  json.end_object().field("batch", report.batch).key("foreground").begin_array();
  for (const int count : report.foreground) json.value(count);
  json.end_array().key("groups").begin_array();
  for (const GroupReport& group : report.groups) {
    json.begin_object().field("name", group.name);
    json.field("forward_s", group.forward_s).field("backward_s", group.backward_s);
    json.field("flops", group.flops).field("bytes", group.bytes).end_object();
  }
  json.end_array().field("conv_flops_per_s", report.conv_flops_per_s);
  json.field("matmul_peak_flops_per_s", report.matmul_peak_flops_per_s);
  json.field("other_share", report.other_share).field("peak_bytes", report.peak_bytes);
  json.field("device", to_string(report.device)).field("threads", report.threads);
  json.field("dtype", name(report.dtype)).field("loss", report.loss).end_object();
  return json.text();
}

}  // namespace denovo::bench
