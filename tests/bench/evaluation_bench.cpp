// Times of reading and evaluation: a line "<what> <wall seconds> <CPU seconds>" for each stage, the
// best of some runs. scripts/bench_evaluation.sh sets them beside pycocotools'.
//   evaluation_bench make DIR           writes the files (coco_files.h)
//   evaluation_bench evaluate DIR       truth, results, bbox, segm
//   evaluation_bench annotations DIR    train, fingerprint, view, and "memory <peak bytes>"
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>

#include "core/files/atomic_write.h"
#include "data/coco/fingerprint.h"
#include "data/coco/results.h"
#include "data/coco/training_view.h"
#include "data/evaluation/coco_evaluation.h"
#include "tests/bench/coco_files.h"

namespace {

using namespace denovo;
using namespace denovo::data;

constexpr int kRuns = 5;

rusage usage() {
  rusage now{};
  getrusage(RUSAGE_SELF, &now);
  return now;
}

double cpu_seconds() {
  const rusage now = usage();
  return static_cast<double>(now.ru_utime.tv_sec + now.ru_stime.tv_sec) +
         1e-6 * static_cast<double>(now.ru_utime.tv_usec + now.ru_stime.tv_usec);
}

template <typename Body>
void time_best(const char* what, const Body& body) {
  double best_wall = 1e9, best_cpu = 1e9;
  for (int run = 0; run < kRuns; ++run) {
    const double cpu = cpu_seconds();
    const auto start = std::chrono::steady_clock::now();
    body();
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
    best_wall = std::min(best_wall, wall.count());
    best_cpu = std::min(best_cpu, cpu_seconds() - cpu);
  }
  fmt::print("{} {:.4f} {:.4f}\n", what, best_wall, best_cpu);
}

void time_evaluation(const std::string& folder) {
  const std::string truth_path = folder + "/truth.json", results_path = folder + "/results.json";
  time_best("truth", [&] { read_coco(truth_path, StructuralDefects::kCollect); });
  time_best("results", [&] { read_results(results_path); });
  const CocoDataset truth = read_coco(truth_path, StructuralDefects::kCollect);
  const CocoResults results = read_results(results_path);
  double ap[2] = {};
  for (const IouType type : {IouType::kBbox, IouType::kSegm})
    time_best(type == IouType::kBbox ? "bbox" : "segm", [&] {
      ap[type == IouType::kSegm] = evaluate_coco(truth, results.detections(), type).stats.AP;
    });
  fmt::print("AP {} {}\n", ap[0], ap[1]);
}

void time_annotations(const std::string& folder) {
  time_best("train", [&] { read_coco(folder + "/train.json"); });
  const CocoDataset train = read_coco(folder + "/train.json");
  time_best("fingerprint", [&] { fingerprint(train); });
  time_best("view", [&] { training_view(train); });
  fmt::print("memory {}\n", usage().ru_maxrss * 1024);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string task = argc == 3 ? argv[1] : "", folder = argc == 3 ? argv[2] : "";
  if (task == "make") {
    create_directories(folder);
    testing::write_evaluation_files(folder);
    testing::write_annotation_file(folder);
  } else if (task == "evaluate") {
    time_evaluation(folder);
  } else if (task == "annotations") {
    time_annotations(folder);
  } else {
    fmt::print(stderr, "usage: evaluation_bench make|evaluate|annotations DIR\n");
    return 2;
  }
  return 0;
}
