#include "apps/comparison/comparison_page.h"

#include <doctest/doctest.h>

#include <fstream>

#include "core/error.h"
#include "detection/pretraining/classifier_config.h"
#include "detection/training/train_config.h"
#include "tests/testing/html_text.h"
#include "tests/testing/temporary_directory.h"

using namespace denovo;
using namespace denovo::comparison;

namespace {

class RunFolder {
 public:
  std::string detector(const std::string& name, double lr, const std::string& metrics) const {
    detection::TrainConfig config;
    config.solver.base_lr = lr;
    return write(name, config_text(config), metrics);
  }
  std::string classifier(const std::string& name, const std::string& metrics) const {
    return write(name, config_text(detection::ClassifierConfig{}), metrics);
  }
  std::string operator/(const std::string& name) const { return folder_ / name; }
  const std::string& path() const { return folder_.path(); }

 private:
  std::string write(const std::string& name, const std::string& config,
                    const std::string& metrics) const {
    std::filesystem::create_directories(folder_ / name);
    std::ofstream(folder_ / name + "/config.toml") << config;
    std::ofstream(folder_ / name + "/metrics.jsonl") << metrics;
    return folder_ / name;
  }

  testing::TemporaryDirectory folder_;
};

constexpr char kMetrics[] =
    "{\"iteration\":10,\"lr\":0.1,\"total_loss\":2.5,\"time\":0.5,\"images_seen\":40}\n"
    "{\"iteration\":10,\"bbox/AP\":30.25,\"bbox/AP50\":50,\"bbox/AP75\":20}\n"
    "{\"iteration\":20,\"lr\":0.1,\"total_loss\":1.25,\"time\":0.25,\"images_seen\":80}\n"
    "{\"iteration\":20,\"bbox/AP\":28.5,\"bbox/AP50\":51,\"bbox/AP75\":21}\n";

std::string checked_page(const std::vector<ComparedRun>& runs, const std::string& folder) {
  const std::string page = comparison_page(runs, folder);
  CHECK(testing::html_fault(page) == "");
  CHECK(testing::remote_references(page).empty());
  return page;
}

}  // namespace

TEST_CASE("shortest_names: as much of the end of a path as tells it from the others") {
  using Names = std::vector<std::string>;
  CHECK(shortest_names({"runs/a", "runs/b/"}) == Names{"a", "b"});
  CHECK(shortest_names({"x/runs/1", "y/runs/1", "runs/2"}) == Names{"x/runs/1", "y/runs/1", "2"});
  CHECK(shortest_names({"/only/./one/../this"}) == Names{"this"});
}

TEST_CASE("read_runs: what each has counted, its best and its last evaluation") {
  const RunFolder folder;
  const auto runs = read_runs({folder.detector("a", 0.02, kMetrics)});
  CHECK(runs[0].totals.iteration == 20);
  CHECK(runs[0].totals.images_seen == 80);
  CHECK(runs[0].totals.seconds == 10 * 0.5 + 10 * 0.25);
  CHECK(runs[0].best("bbox/AP")->iteration == 10);
  CHECK(runs[0].last("bbox/AP")->value("bbox/AP") == 28.5);
  CHECK(runs[0].last("segm/AP") == nullptr);
  CHECK_FALSE(runs[0].finished);
}

TEST_CASE("read_runs: refuses what cannot be compared") {
  const RunFolder folder;
  const std::string a = folder.detector("a", 0.02, kMetrics), c = folder.classifier("c", "");
  CHECK_THROWS_WITH_AS(read_runs({a, folder.path()}),
                       (folder.path() + ": there is no run here, config.toml is missing").c_str(),
                       ConfigError);
  CHECK_THROWS_WITH_AS(read_runs({a, a + "/../a/"}), (a + "/../a/: is named twice").c_str(),
                       ConfigError);
  CHECK_THROWS_WITH_AS(read_runs({a, c}),
                       (c + ": is a run of pretrain_imagenet, but " + a +
                        " one of train_coco; compare runs of one program")
                           .c_str(),
                       ConfigError);
}

TEST_CASE("comparison_page: a row a run, and only the keys that differ") {
  const RunFolder folder;
  const auto runs =
      read_runs({folder.detector("a <b>&\"", 0.02, kMetrics), folder.detector("b", 0.5, kMetrics),
                 folder.detector("c", 0.02, "")});
  const std::string page = checked_page(runs, folder.path());
  CHECK(testing::data_values(page, "run").size() == 3);
  CHECK(testing::data_values(page, "value", "bbox/AP\"") ==
        std::vector<std::string>{"28.5", "30.25", "28.5", "30.25", "", ""});
  CHECK(page.find("href=\"./a%20%3Cb%3E%26%22/\">a &lt;b&gt;&amp;&quot;</a>") != std::string::npos);
  const auto rows = config_rows(runs);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].key == "solver.base_lr");
  CHECK(rows[0].values == std::vector<std::string>{"0.02", "0.5", "0.02"});
  CHECK(page.find("<td>solver.base_lr</td>") != std::string::npos);
  CHECK(page.find("solver.momentum") == std::string::npos);
}

TEST_CASE("comparison_page: one run shows its configuration, runs without a metric still a page") {
  const RunFolder folder;
  const std::string one = checked_page(read_runs({folder.detector("a", 0.02, kMetrics)}), "/");
  CHECK(one.find("A run: a") != std::string::npos);
  CHECK(one.find("solver.base_lr = 0.02\n") != std::string::npos);
  const std::string none =
      checked_page(read_runs({folder.classifier("x", ""), folder.classifier("y", "")}), "/");
  CHECK(none.find("No evaluation has been made yet") != std::string::npos);
  CHECK(none.find("Nowhere: all keys have the same values.") != std::string::npos);
}

TEST_CASE("comparison_page: long curves are thinned to means, more runs than colours are dashed") {
  const RunFolder folder;
  std::string metrics;
  for (int i = 1; i <= 1000; ++i)
    metrics += "{\"iteration\":" + std::to_string(i) +
               ",\"lr\":1,\"total_loss\":" + (i % 2 ? "1" : "3") + "}\n";
  std::vector<std::string> paths;
  for (int i = 0; i < 7; ++i) paths.push_back(folder.detector(std::to_string(i), 0.02, metrics));
  const std::string page = checked_page(read_runs(paths), folder.path());
  CHECK(page.find("class=\"arm0 line dash\"") != std::string::npos);
  CHECK(page.size() < 80'000);
}
