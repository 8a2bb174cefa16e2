#include "detection/training/data_changes.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <regex>

#include "core/error.h"
#include "detection/weights/class_list.h"
#include "tests/detection/training/small_run.h"

using namespace denovo;
using namespace denovo::detection;
using denovo::detection::testing::SmallRun;

namespace {

const std::vector<data::CocoCategory> kClasses{{3, "cup"}, {5, "plate"}};
const data::Fingerprint kTrain{{2, "c"}, {12, "i"}, {30, "a"}}, kVal{{2, "d"}, {4, "j"}, {9, "b"}};

nn::Checkpoint checkpoint() {
  nn::Checkpoint checkpoint;
  checkpoint.model_metadata = {{"categories", class_list_json(kClasses)}};
  checkpoint.state.iteration = 4;
  checkpoint.state.best_score = 0.25;
  checkpoint.state.best_iteration = 2;
  checkpoint.state.task = to_metadata({kTrain, kVal});
  return checkpoint;
}

RunData now(DataFingerprints fingerprints = {kTrain, kVal}) {
  return {{kClasses, "train.json"}, "val.json", std::move(fingerprints)};
}

std::string refusal(const RunData& data, bool allow) {
  nn::Checkpoint before = checkpoint();
  try {
    accept_data(before, data, allow);
  } catch (const IoError& error) {
    return error.what();
  }
  return "accepted";
}

void edit(const std::string& file, const std::string& pattern, const std::string& by) {
  const std::string text = read_file(file);
  const std::string changed =
      std::regex_replace(text, std::regex(pattern), by, std::regex_constants::format_first_only);
  REQUIRE(changed != text);
  FileWriter(file, FileWriter::Mode::kReplace).write(changed);
}

}  // namespace

TEST_CASE("resume: fingerprints come back from what a checkpoint keeps") {
  const DataFingerprints both{kTrain, kVal}, one{kTrain, {}};
  CHECK(fingerprints_of(to_metadata(both)) == both);
  CHECK(fingerprints_of(to_metadata(one)) == one);
  CHECK(!fingerprints_of({}));
  Metadata torn = to_metadata(both);
  torn.erase("validation.images");
  CHECK_THROWS_WITH_AS(fingerprints_of(torn),
                       "state.json: the fingerprint of the validation set is not complete",
                       IoError);
  torn["validation.categories"] = "many";
  CHECK_THROWS_AS(fingerprints_of(torn), IoError);
}

TEST_CASE("resume: the same data pass without a word, those of an earlier version with one") {
  nn::Checkpoint same = checkpoint();
  CHECK(accept_data(same, now(), false).empty());
  CHECK(same.state.best_score == 0.25);
  same.state.task.clear();
  CHECK(
      accept_data(same, now({{}, {}}), false) ==
      std::vector<std::string>{"iter_0000004 is of an earlier version and does not say what it was "
                               "trained on; whether the data changed is not checked"});
}

TEST_CASE("resume: a changed class list is refused by name, whatever data.allow_changes says") {
  RunData data = now();
  const std::vector<data::CocoCategory> other{{3, "plate"}, {9, "fork"}};
  data.classes.categories = other;
  CHECK(refusal(data, true) ==
        "train.json: a resumed run must keep its classes: 3 (cup) vanished, plate had id 5, has 3, "
        "9 (fork) appeared");
  nn::Checkpoint earlier = checkpoint();
  earlier.state.task.clear();
  CHECK_THROWS_AS(accept_data(earlier, data, true), IoError);
}

TEST_CASE("resume: changed images and instances are refused by file, or told where allowed") {
  DataFingerprints changed{kTrain, kVal};
  changed.train.images = {11, "k"};
  changed.train.annotations = {30, "l"};
  const std::string what =
      "train.json: has other images (12 before, 11 now) and other annotations "
      "(30 before and now)";
  CHECK(refusal(now(changed), false) ==
        what + " since iter_0000004; data.allow_changes=true resumes all the same");
  nn::Checkpoint before = checkpoint();
  CHECK(accept_data(before, now(changed), true) ==
        std::vector<std::string>{what + " since iter_0000004"});
  CHECK(before.state.best_score == 0.25);
}

TEST_CASE("resume: a best AP on another validation set is no longer the best") {
  DataFingerprints changed{kTrain, kVal};
  changed.validation->categories = {3, "e"};
  CHECK(refusal(now(changed), false) ==
        "val.json: has other categories (2 before, 3 now) since iter_0000004; "
        "data.allow_changes=true resumes all the same");
  nn::Checkpoint before = checkpoint();
  const auto lines = accept_data(before, now(changed), true);
  REQUIRE(lines.size() == 2);
  CHECK(lines[1] ==
        "the best box AP, 25.0 at iteration 2, is that of another validation set; the best is "
        "looked for anew");
  CHECK(before.state.best_score == -1);
  CHECK(before.state.best_iteration == -1);

  RunData none = now({kTrain, {}});
  none.validation_path.clear();
  CHECK(refusal(none, false) ==
        "the validation set is gone since iter_0000004; "
        "data.allow_changes=true resumes all the same");
}

TEST_CASE("trainer: a resumed run says that a class was renamed before what else does not fit") {
  SmallRun run({"solver.max_iter=4", "solver.steps=4"});
  const std::string folder = run.own_data() + "/annotations/";
  const std::string name = data::read_coco(folder + "instances_train.json").categories()[0].name;
  run.train();
  run.config.solver.max_iter = 5;
  edit(folder + "instances_train.json", '"' + name + '"', "\"ball\"");
  const std::string renamed = fmt::format(
      "{}instances_train.json: a resumed run must keep its classes: 1 ({}) vanished, "
      "1 (ball) appeared",
      folder, name);
  CHECK_THROWS_WITH_AS(run.train(true), renamed.c_str(), IoError);
  run.config.eval.ignore_unknown_classes = run.config.data.allow_changes = true;
  CHECK_THROWS_WITH_AS(run.train(true), renamed.c_str(), IoError);
  // A new run has nothing to keep.
  run.config.eval.ignore_unknown_classes = false;
  std::filesystem::remove_all(run.out());
  CHECK_THROWS_WITH_AS(
      run.train(),
      doctest::Contains(("(" + name + ") is not in " + folder + "instances_train.json").c_str()),
      IoError);
  // Nor is it the training classes where only those of the validation set changed.
  edit(folder + "instances_train.json", "\"ball\"", '"' + name + '"');
  run.train();
  run.config.solver.max_iter = 6;
  edit(folder + "instances_val.json", '"' + name + '"', "\"ball\"");
  CHECK_THROWS_WITH_AS(run.train(true),
                       doctest::Contains("instances_val.json: category 1 (ball) is not in "),
                       IoError);
}

TEST_CASE("trainer: a run goes on with files that moved, and stops where their data changed") {
  SmallRun run({"solver.max_iter=4", "solver.steps=4"});
  const std::string folder = run.own_data() + "/annotations/";
  run.train();
  run.config.solver.max_iter = 5;
  run.config.data.train_annotations = "annotations/moved.json";
  std::filesystem::rename(folder + "instances_train.json", folder + "moved.json");
  run.train(true);
  CHECK(run.metric("images_seen").back() == 20);

  run.config.solver.max_iter = 6;
  edit(folder + "moved.json", "\"area\": ", "\"area\": 1");
  std::string message;
  try {
    run.train(true);
  } catch (const IoError& error) {
    message = error.what();
  }
  CHECK_MESSAGE(message.find("moved.json: has other annotations (") != std::string::npos, message);
  CHECK(read_file(run.out() + "/config.toml").find("max_iter = 5") != std::string::npos);
  run.config.data.allow_changes = true;
  run.train(true);
  CHECK(read_file(run.out() + "/log.txt").find("warning: " + folder + "moved.json: has other") !=
        std::string::npos);
  // The checkpoint of today knows the data of today.
  run.config.solver.max_iter = 7;
  run.config.data.allow_changes = false;
  CHECK_NOTHROW(run.train(true));
}
