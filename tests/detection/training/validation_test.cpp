#include "detection/training/validation.h"

#include <fmt/format.h>

#include <cmath>
#include <regex>

#include "core/error.h"
#include "data/coco/results.h"
#include "detection/training/build_model.h"
#include "nn/training/checkpoint.h"
#include "tests/detection/training/small_run.h"

using namespace denovo;
using namespace denovo::detection;
using denovo::detection::testing::SmallRun;
using nn::checkpoint_name;
using nn::list_checkpoints;

namespace {

constexpr const char* kLosses[] = {"loss_rpn_cls", "loss_rpn_loc", "loss_cls",
                                   "loss_box_reg", "loss_mask",    "total_loss"};

}  // namespace

TEST_CASE("validation: losses change nothing but the lines of metrics") {
  SmallRun with({"eval.loss=true", "eval.period=6"}), without({"eval.period=6"});
  with.train();
  without.train();
  CHECK(with.model_bytes() == without.model_bytes());
  CHECK(with.optimizer_bytes() == without.optimizer_bytes());
  for (const char* name : kLosses) {
    const auto values = with.metric("val_" + std::string(name));
    REQUIRE(values.size() == 2);
    CHECK(values[0] > 0);
    CHECK(without.metric("val_" + std::string(name)).empty());
  }
  CHECK(with.metric("val_total_loss")[1] != with.metric("val_total_loss")[0]);
  CHECK(with.metrics().find("\"segm/AP\"") != std::string::npos);
}

TEST_CASE("validation: PASCAL VOC's mAP stands beside COCO's numbers where it is asked for") {
  SmallRun run({"eval.voc=07"});
  run.train();
  CHECK(run.metric("voc07/mAP").size() == 1);
  CHECK(run.shown().find(", voc07 mAP ") != std::string::npos);
  const std::string folder = run.out() + "/eval/0000012/";
  CHECK(read_file(folder + "voc07.json").starts_with("{\"mAP\":"));
  CHECK(read_file(folder + "summary.txt").find("PASCAL VOC 2007") != std::string::npos);
}

TEST_CASE("validation: losses are those of training on each image alone, the same at every call") {
  // The training pictures as validation set: with rate 0, no mirroring and batches of one, the mean
  // over an epoch of training steps is the validation loss but for the samples drawn.
  SmallRun run({"eval.loss=true", "solver.base_lr=0", "solver.images_per_batch=1",
                "solver.images_per_group=1", "input.flip=false", "log.period=12",
                "data.val_annotations=annotations/instances_train.json", "data.val_images=train",
                "eval.period=6", "eval.max_images=0", "model.rpn.batch_per_image=100000",
                "model.box.batch_per_image=64", "model.box.positive_fraction=1.0"});
  run.train();
  const auto expected = run.metric("loss_rpn_cls"), found = run.metric("val_loss_rpn_cls");
  REQUIRE(expected.size() == 1);
  REQUIRE(found.size() == 2);
  CHECK(found[0] == found[1]);
  CHECK(std::abs(found[0] - expected[0]) < 1e-5 * expected[0]);
  const auto mask = run.metric("loss_mask"), val_mask = run.metric("val_loss_mask");
  CHECK(std::abs(val_mask[0] - mask[0]) < 1e-5 * mask[0]);
}

TEST_CASE("validation: last is the newest checkpoint, best that of the highest AP, keep the rest") {
  SmallRun run({"eval.period=3", "solver.checkpoint_period=1", "checkpoint.keep=2"});
  run.train();
  const auto ap = run.metric("bbox/AP");
  REQUIRE(ap.size() == 4);
  size_t best = 0;
  for (size_t i = 1; i < ap.size(); ++i)
    if (ap[i] > ap[best]) best = i;
  const std::string best_name = checkpoint_name(static_cast<int64_t>(3 * (best + 1)));
  const auto link = [&](const char* name) {
    return std::filesystem::read_symlink(run.checkpoint(name)).string();
  };
  CHECK(link("last") == "iter_0000012");
  CHECK(link("best") == best_name);
  std::set<std::string> expected{best_name, "iter_0000011", "iter_0000012"};
  const auto names = list_checkpoints(run.out() + "/checkpoints");
  CHECK(std::set<std::string>(names.begin(), names.end()) == expected);
}

TEST_CASE("validation: without ground truth the AP is undefined, which is no point of a curve") {
  SmallRun run({"eval.period=12"});
  const std::string folder = run.own_data(), file = folder + "/annotations/instances_val.json";
  const data::CocoDataset before = data::read_coco(file);
  const data::CocoImage& image = before.images()[0];
  FileWriter(file, FileWriter::Mode::kReplace)
      .write(fmt::format(R"({{"images":[{{"id":{},"file_name":"{}","width":{},"height":{}}}],)"
                         R"("annotations":[],"categories":[{{"id":{},"name":"{}"}}]}})",
                         image.id, image.file_name, image.width, image.height,
                         before.categories()[0].id, before.categories()[0].name));
  run.train();
  CHECK(run.shown().find("iteration 12: box AP undefined (no ground truth)") != std::string::npos);
  CHECK(run.metrics().find("bbox/") == std::string::npos);
  CHECK(!std::filesystem::exists(run.checkpoint("best")));
}

TEST_CASE("validation: no instance to compute losses on is said before the first step") {
  SmallRun run({"eval.loss=true"});
  const std::string folder = run.own_data(), file = folder + "/annotations/instances_val.json";
  const data::CocoDataset before = data::read_coco(file);
  const data::CocoImage& image = before.images()[0];
  FileWriter(file, FileWriter::Mode::kReplace)
      .write(fmt::format(R"({{"images":[{{"id":{},"file_name":"{}","width":{},"height":{}}}],)"
                         R"("annotations":[],"categories":[{{"id":{},"name":"{}"}}]}})",
                         image.id, image.file_name, image.width, image.height,
                         before.categories()[0].id, before.categories()[0].name));
  CHECK_THROWS_WITH_AS(
      run.train(),
      (file + ": eval.loss needs an instance in the images evaluated, got none in 1").c_str(),
      IoError);
  CHECK(!std::filesystem::exists(run.out()));
}

namespace {

/// The validation file with its category ids turned round, and everything else as it was.
void turn_category_ids(const std::string& file) {
  const data::CocoDataset before = data::read_coco(file);
  std::string text = read_file(file);
  const auto replace_all = [&](const std::regex& pattern, const std::string& by) {
    text = std::regex_replace(text, pattern, by);
  };
  const auto categories = before.categories();
  for (size_t k = 0; k < categories.size(); ++k) {
    const int64_t id = categories[k].id, other = categories[categories.size() - 1 - k].id;
    replace_all(std::regex(fmt::format("\"category_id\": {}\\b", id)),
                fmt::format("\"category_id\": @{}", other));
    replace_all(std::regex(fmt::format("\"id\": {}, \"name\": \"{}\"", id, categories[k].name)),
                fmt::format("\"id\": @{}, \"name\": \"{}\"", other, categories[k].name));
  }
  REQUIRE(text.find('@') != std::string::npos);
  std::erase(text, '@');
  FileWriter(file, FileWriter::Mode::kReplace).write(text);
  REQUIRE(data::read_coco(file).categories()[0].name == categories.back().name);
}

}  // namespace

TEST_CASE("validation: other category ids change no AP and no loss, and results carry them") {
  SmallRun plain({"eval.loss=true"}), turned({"eval.loss=true"});
  turn_category_ids(turned.own_data() + "/annotations/instances_val.json");
  plain.train();
  turned.train();
  CHECK(turned.model_bytes() == plain.model_bytes());
  for (const char* name : {"bbox/AP50", "bbox/AR100", "segm/AR100"}) {
    CAPTURE(name);
    REQUIRE(plain.metric(name).size() == 1);
    // Means over categories sum them in ascending id.
    CHECK(std::abs(turned.metric(name)[0] - plain.metric(name)[0]) < 1e-12);
  }
  for (const char* name : kLosses)
    CHECK(turned.metric("val_" + std::string(name)) == plain.metric("val_" + std::string(name)));
  const auto results = [](const SmallRun& run) {
    return data::read_results(run.out() + "/eval/0000012/coco_instances_results.json");
  };
  const data::CocoResults there = results(turned), here = results(plain);
  REQUIRE(there.detections().size() == here.detections().size());
  for (size_t i = 0; i < here.detections().size(); ++i)
    CHECK(there.detections()[i].category_id + here.detections()[i].category_id ==
          data::read_coco(plain.config.data.path("annotations/instances_val.json")).num_classes() +
              1);
}

TEST_CASE(
    "validation: bad images are found before the first step, or left out with their objects") {
  SmallRun run({"eval.loss=true", "eval.pictures=4"}), without({"eval.loss=true"});
  const std::string folder = run.own_data(), file = folder + "/annotations/instances_val.json";
  const data::CocoDataset whole = data::read_coco(file);
  const std::string bad = folder + "/val/" + whole.images()[1].file_name;
  std::filesystem::resize_file(bad, std::filesystem::file_size(bad) - 4);
  std::string message;
  try {
    run.train();
  } catch (const IoError& error) {
    message = error.what();
  }
  CHECK_MESSAGE(message.starts_with(bad + ": "), message);
  CHECK_MESSAGE(message.ends_with("; 1 of 4 images cannot be used"), message);
  CHECK(!std::filesystem::exists(run.out()));

  run.config.data.on_bad_image = data::OnBadImage::kSkip;
  run.train();
  const std::string shown = run.shown();
  CHECK(shown.find("warning: " + bad + ": ") < shown.find("train: 5/12"));
  CHECK(shown.find("warning: " + file +
                   ": 1 of 4 images cannot be used; they are left out of the AP\n") !=
        std::string::npos);

  // The same from an annotation file without that image: the file has a line for each item.
  const std::string other = without.own_data() + "/annotations/instances_val.json";
  const std::string text = read_file(other);
  const std::regex of_image(fmt::format(".*\"(image_id|id)\": {}, .*\n", whole.images()[1].id));
  const std::string rest = std::regex_replace(text, of_image, "");
  CHECK(rest.size() < text.size());
  FileWriter(other, FileWriter::Mode::kReplace).write(rest);
  without.train();
  CHECK(run.metric("bbox/AP") == without.metric("bbox/AP"));
  CHECK(run.metric("segm/AP") == without.metric("segm/AP"));
  CHECK(run.metric("val_total_loss") == without.metric("val_total_loss"));
  CHECK(run.metric("val_total_loss").size() == 1);
}

TEST_CASE("validation: pictures of images of one name in several folders stand side by side") {
  SmallRun run({"eval.pictures=4"});
  const std::string folder = run.own_data(), file = folder + "/annotations/instances_val.json";
  const data::CocoDataset dataset = data::read_coco(file);
  std::string text = read_file(file);
  for (size_t i = 0; i < dataset.images().size(); ++i) {
    const std::string& name = dataset.images()[i].file_name;
    const std::string moved = fmt::format("{}/1.jpg", i);
    std::filesystem::create_directory(fmt::format("{}/val/{}", folder, i));
    std::filesystem::rename(folder + "/val/" + name, folder + "/val/" + moved);
    text.replace(text.find(name), name.size(), moved);
  }
  FileWriter(file, FileWriter::Mode::kReplace).write(text);
  run.train();
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(run.out() + "/vis"))
    names.insert(entry.path().filename().string());
  CHECK(names == std::set<std::string>{"0000012_1.png", "0000012_1_1.png", "0000012_2_1.png",
                                       "0000012_3_1.png"});
}

TEST_CASE("trainer: a run of boxes alone takes broken masks, to train on and to be scored on") {
  SmallRun sound({"model.mask.enabled=false", "eval.loss=true"}),
      broken({"model.mask.enabled=false", "eval.loss=true"}), masks;
  const std::string folder = broken.own_data() + "/annotations/";
  for (const char* name : {"instances_train.json", "instances_val.json"}) {
    // A flat list, run lengths without a size.
    std::string text = read_file(folder + name);
    text =
        std::regex_replace(text, std::regex(R"("segmentation": \[\[)"), R"("segmentation": [7, [)");
    text = std::regex_replace(text, std::regex(R"("segmentation": \{"size")"),
                              R"("segmentation": {"was")");
    FileWriter(folder + name, FileWriter::Mode::kReplace).write(text);
  }
  masks.config.data.root = broken.config.data.root;
  CHECK_THROWS_WITH_AS(masks.train(), doctest::Contains("must be a list of polygons, got a flat"),
                       IoError);
  sound.train();
  broken.train();
  CHECK(sound.model_bytes() == broken.model_bytes());
  CHECK(sound.metric("bbox/AP") == broken.metric("bbox/AP"));
  CHECK(sound.metric("bbox/APs") == broken.metric("bbox/APs"));
  CHECK(sound.metric("val_total_loss") == broken.metric("val_total_loss"));
}

TEST_CASE(
    "validation: a mask that cannot be drawn is named before the first step, missing ones told") {
  SmallRun run;
  const std::string file = run.own_data() + "/annotations/instances_val.json";
  const std::string text = read_file(file);
  const std::regex first_mask(R"re("segmentation": \[\[[^\]]*\]\])re");
  const auto with_mask = [&](const char* mask) {
    FileWriter(file, FileWriter::Mode::kReplace)
        .write(std::regex_replace(text, first_mask, mask, std::regex_constants::format_first_only));
  };
  for (const char* broken : {R"("segmentation": {"size": [5, 5], "counts": [25]})",
                             R"("segmentation": {"size": [64, 64], "counts": "xx"})",
                             R"("segmentation": [[1, 1, 9, 1, 6e7, 9]])"}) {
    CAPTURE(broken);
    with_mask(broken);
    CHECK_THROWS_WITH_AS(run.train(), doctest::Contains("segmentation must fit the image, got "),
                         IoError);
    CHECK(!std::filesystem::exists(run.out()));
  }
  with_mask(R"("segmentation": [])");
  run.train();
  CHECK(run.shown().find("have no segmentation and count as missed in the mask AP") !=
        std::string::npos);
}
