#include "nn/training/training_totals.h"

namespace denovo::nn {

bool is_training_line(const MetricsLine& line) {
  return line.has("lr");
}

void TrainingTotals::add(const MetricsLine& line) {
  const auto count = [&](const char* name, int64_t& total) {
    if (line.has(name)) total = static_cast<int64_t>(line.value(name));
  };
  count("images_seen", images_seen);
  count("instances_seen", instances_seen);
  count("pixels_seen", pixels_seen);
  // A line's time is the mean over the steps since the line before it.
  if (line.has("time"))
    seconds += line.value("time") * static_cast<double>(line.iteration - iteration);
  iteration = line.iteration;
}

}  // namespace denovo::nn
