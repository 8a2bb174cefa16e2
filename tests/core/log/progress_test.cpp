#include "core/log/progress.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <algorithm>
#include <cmath>

#include "tests/testing/temporary_directory.h"

using namespace denovo;

namespace {

/// A progress on its own screen and with a clock that is moved by hand.
struct Stage {
  testing::TemporaryDirectory dir;
  FileDescriptor screen{open((dir / "screen").c_str(), O_WRONLY | O_CREAT, 0600)};
  double now = 100;
  Logger logger;

  explicit Stage(bool live) : logger(screen.get(), {.live = live, .width = 120}, false) {}
  ProgressOptions options(ProgressOptions options = {}) {
    options.clock = [this] { return now; };
    return options;
  }
  std::string shown() const { return read_file(dir / "screen"); }
};

}  // namespace

TEST_CASE("progress: through a pipe one plain line per period of items") {
  Stage stage(/*live=*/false);
  Progress progress(stage.logger, "train", 100, stage.options({.period_items = 20}));
  for (int i = 1; i <= 45; ++i) {
    stage.now += 0.5;
    progress.update(i, "loss 1.5");
  }
  CHECK(stage.shown() ==
        "train: 20/100, eta 0:00:40, 2 it/s, loss 1.5\n"
        "train: 40/100, eta 0:00:30, 2 it/s, loss 1.5\n");
  progress.finish();
  CHECK(stage.shown().ends_with("train: 45 in 0:00:23\n"));
}

TEST_CASE("progress: by time when no period of items is asked for") {
  Stage stage(/*live=*/false);
  Progress progress(stage.logger, "draw", 1000,
                    stage.options({.period_seconds = 5, .unit = "images"}));
  for (int i = 1; i <= 110; ++i) {
    stage.now += 0.125;
    progress.update(i);
  }
  const std::string shown = stage.shown();
  CHECK(std::count(shown.begin(), shown.end(), '\n') == 2);
  CHECK(shown.starts_with("draw: 40/1000, eta 0:02:00, 8 images/s\n"));
}

TEST_CASE("progress: a terminal gets a bar, at most ten times a second, and the log file lines") {
  Stage stage(/*live=*/true);
  stage.logger.open_file(stage.dir / "log.txt");
  {
    Progress progress(stage.logger, "train", 1000, stage.options({.period_items = 500}));
    for (int i = 1; i <= 500; ++i) {
      stage.now += 1.0 / 64;
      progress.update(i, "loss 1.5");
    }
  }
  const std::string shown = stage.shown();
  const auto draws = std::count(shown.begin(), shown.end(), '\r');
  CHECK(draws >= 70);
  CHECK(draws <= 80);
  CHECK(shown.find("train  498/1000 [=========>          ]  50%  eta 0:00:08  64 it/s  loss 1.5") !=
        std::string::npos);
  CHECK(shown.ends_with("\r\x1b[K"));
  CHECK(shown.find('\n') == std::string::npos);
  CHECK(read_file(stage.dir / "log.txt")
            .ends_with("  train: 500/1000, eta 0:00:08, 64 it/s, loss 1.5\n"));
}

TEST_CASE("progress: the estimate follows a change of speed and starts from a resumed position") {
  Stage stage(/*live=*/false);
  Progress progress(stage.logger, "train", 10000,
                    stage.options({.first = 5000, .period_items = 1 << 30}));
  CHECK(std::isinf(progress.eta_seconds()));
  for (int i = 1; i <= 100; ++i) {
    stage.now += 1;
    progress.update(5000 + i);
  }
  CHECK(progress.rate() == doctest::Approx(1.0));
  for (int i = 1; i <= 100; ++i) {
    stage.now += 2;
    progress.update(5100 + i);
  }
  CHECK(progress.rate() == doctest::Approx(0.5));
  CHECK(progress.eta_seconds() == doctest::Approx(4800 / 0.5));
  progress.update(10000);
  CHECK(progress.eta_seconds() == 0);
}
