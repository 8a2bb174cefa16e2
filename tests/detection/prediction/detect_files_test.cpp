#include "detection/prediction/detect_files.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "core/error.h"
#include "core/files/file.h"
#include "core/files/safetensors.h"
#include "data/coco/results.h"
#include "data/image/image_file.h"
#include "detection/training/build_model.h"
#include "detection/weights/detector_file.h"
#include "nn/state_dict.h"
#include "testing/temporary_directory.h"

using namespace denovo;
using namespace denovo::detection;
using testing::TemporaryDirectory;

namespace {

TrainConfig tiny_config() {
  TrainConfig config;
  config.input.min_size_test = 64;
  config.input.max_size = 128;
  ModelConfig& model = config.model;
  model.backbone.blocks = {1, 1, 1, 1};
  model.backbone.block = BlockKind::kBasic;
  model.backbone.stem_channels = 8;
  model.backbone.channels = {8, 16, 32, 64};
  model.backbone.num_groups = 4;
  model.backbone.fpn_channels = 8;
  model.rpn.post_nms_topk_test = 50;
  model.box = {.convs = 0, .fc_channels = 8};
  model.mask.convs = 1;
  model.mask.channels = 8;
  return config;
}

/// A folder with a model file of random weights, classes "cup" (id 3) and "jug" (id 8).
class Workplace : public TemporaryDirectory {
 public:
  explicit Workplace(
      const TrainConfig& config = tiny_config(),
      const std::string& categories = R"([{"id":3,"name":"cup"},{"id":8,"name":"jug"}])") {
    MaskRcnn model(config.model, 2);
    model.initialize(1);
    write_safetensors(*this / "model.safetensors", nn::state_dict(model),
                      {{"config", config_text(ModelFileConfig{config.input, config.model})},
                       {"categories", categories}});
  }
  std::string add_image(const std::string& name, int height, int width) const {
    data::Image image(height, width);
    for (size_t i = 0; i < image.rgb.size(); ++i)
      image.rgb[i] = static_cast<uint8_t>((i * i / 7 + i * 13) % 256);
    std::filesystem::create_directories(std::filesystem::path(*this / name).parent_path());
    data::write_image(*this / name, image);
    return *this / name;
  }
  std::string add_text(const std::string& name, const std::string& text) const {
    std::ofstream(*this / name) << text;
    return *this / name;
  }
  DetectFilesReport detect(const std::vector<InputFile>& files, DetectFilesOptions options = {}) {
    DetectorFile file(*this / "model.safetensors");
    file.config.model.test.score_threshold = 0.05;
    options.out = *this / "out";
    options.categories = file.categories;
    if (options.category_ids.empty()) options.category_ids = file.category_ids();
    options.rule = file.config.input.test_rule();
    options.on_bad_file = [&](const std::string& line) { told.push_back(line); };
    return detect_files(*file.load(kCpu), files, options);
  }

  std::vector<std::string> told;
};

std::vector<std::string> names_of(const std::vector<InputFile>& files) {
  std::vector<std::string> names;
  for (const InputFile& file : files) names.push_back(file.name);
  return names;
}

}  // namespace

TEST_CASE("detect: results are in pixels of each image, after its EXIF orientation") {
  Workplace place;
  const std::string turned = DENOVO_TEST_DATA "/data_files/image/orientation_6.jpg";
  const data::ImageHeader header = data::read_image_header(turned);
  const std::string wide = place.add_image("wide.png", 40, 90);
  const auto files = list_input_files({wide, turned}).files;
  REQUIRE(names_of(files) == std::vector<std::string>{turned, wide});
  const DetectFilesReport report = place.detect(files);
  CHECK(report.images == 2);
  CHECK(report.bad_files == 0);

  const data::CocoResults results = data::read_results(place / "out/results.json");
  REQUIRE(results.masks().everywhere());
  int64_t last_image = 0;
  double last_score = 1;
  std::set<int64_t> images, categories;
  for (const data::Detection& d : results.detections()) {
    const int height = d.image_id == 0 ? header.width : 40,
              width = d.image_id == 0 ? header.height : 90;
    CHECK(d.mask.height == height);
    CHECK(d.mask.width == width);
    CHECK(d.bbox[0] + d.bbox[2] <= width);
    CHECK(d.bbox[1] + d.bbox[3] <= height);
    CHECK(d.image_id >= last_image);
    if (d.image_id == last_image) CHECK(d.score <= last_score);
    last_image = d.image_id;
    last_score = d.score;
    images.insert(d.image_id);
    categories.insert(d.category_id);
  }
  CHECK(images == std::set<int64_t>{0, 1});
  CHECK(categories == std::set<int64_t>{3, 8});
  CHECK(report.objects[0] + report.objects[1] == static_cast<int64_t>(results.detections().size()));
  CHECK(read_file(place / "out/results.json").find("\"file_name\":\"" + wide) != std::string::npos);
  const data::Image drawn = data::read_image(place / "out/orientation_6.png");
  CHECK(drawn.height == header.width);
  CHECK(drawn.width == header.height);
}

TEST_CASE("detect: augmentation by the plain pass alone writes the plain results") {
  Workplace place;
  const auto files = list_input_files({place.add_image("wide.png", 40, 90)}).files;
  place.detect(files);
  const std::string plain = read_file(place / "out/results.json");
  DetectorFile file(place / "model.safetensors");
  file.config.model.test.score_threshold = 0.05;
  const auto model = file.load(kCpu);
  TtaConfig config;
  config.scales = {1};
  config.flip = false;
  config.vote_iou = 0;
  AugmentedDetector once(*model, config, file.config.input.test_rule(), kCpu);
  DetectFilesOptions options;
  options.augmented = &once;
  place.detect(files, options);
  CHECK(plain.find("\"score\"") != std::string::npos);
  CHECK(read_file(place / "out/results.json") == plain);
  config.flip = true;
  AugmentedDetector twice(*model, config, file.config.input.test_rule(), kCpu);
  options.augmented = &twice;
  place.detect(files, options);
  CHECK(read_file(place / "out/results.json") != plain);
}

TEST_CASE("detect: keypoints are in the results, in pixels of the image") {
  TrainConfig config = tiny_config();
  config.model.mask.enabled = false;
  config.model.keypoint = {.enabled = true, .num_keypoints = 3, .convs = 1, .channels = 8};
  Workplace place(config, R"([{"id":3,"name":"cup","keypoints":["a","b","c"],"skeleton":[[1,2]]},
                              {"id":8,"name":"jug","keypoints":["a","b","c"],"skeleton":[]}])");
  place.detect(list_input_files({place.add_image("wide.png", 40, 90)}).files);
  const data::CocoResults results =
      data::read_results(place / "out/results.json", {.masks = false, .keypoints = true});
  REQUIRE(results.detections().size() > 0);
  for (const data::Detection& d : results.detections()) {
    REQUIRE(d.keypoints.size() == 9);
    for (size_t k = 0; k < 9; k += 3) {
      // In the box, whose pixels' indices are half a pixel less than its coordinates.
      CHECK(d.keypoints[k] >= d.bbox[0] - 1.5);
      CHECK(d.keypoints[k] <= d.bbox[0] + d.bbox[2] + 0.5);
      CHECK(d.keypoints[k + 1] >= d.bbox[1] - 1.5);
      CHECK(d.keypoints[k + 1] <= d.bbox[1] + d.bbox[3] + 0.5);
      CHECK(d.keypoints[k + 2] > 0);
      CHECK(d.keypoints[k + 2] <= 1);
    }
  }
}

TEST_CASE("detect: classes are chosen before the most confident detections are counted") {
  Workplace place;
  const auto files = list_input_files({place.add_image("a.png", 64, 64)}).files;
  place.detect(files);
  const data::CocoResults all = data::read_results(place / "out/results.json");
  std::vector<double> scores;
  for (const data::Detection& d : all.detections())
    if (d.category_id == 8) scores.push_back(d.score);
  REQUIRE(scores.size() > 2);
  DetectFilesOptions options;
  options.classes = {1};
  options.max_detections = 2;
  place.detect(files, options);
  const data::CocoResults few = data::read_results(place / "out/results.json");
  REQUIRE(few.detections().size() == 2);
  for (size_t i = 0; i < 2; ++i) {
    CHECK(few.detections()[i].category_id == 8);
    CHECK(few.detections()[i].score == scores[i]);
    CHECK(rle_area(few.detections()[i].mask) > 0);
  }
}

TEST_CASE("detect: files that cannot be used are named, the others go on") {
  Workplace place;
  const std::string broken = place.add_text("broken.jpg", "no picture");
  auto files = list_input_files({broken, place / "absent.png", place.add_image("good.png", 64, 64),
                                 place.add_image("other.png", 32, 64)})
                   .files;
  files[3].height = 64;
  files[3].width = 32;
  const DetectFilesReport report = place.detect(files);
  CHECK(report.images == 1);
  CHECK(report.bad_files == 3);
  REQUIRE(place.told.size() == 3);
  CHECK(place.told[0].starts_with(place / "absent.png: "));
  CHECK(place.told[1].starts_with(broken + ": "));
  CHECK(place.told[2] == place /
                             "other.png: image 3: width and height must be those of the "
                             "decoded file, got 32 x 64 for a file of 64 x 32");
  const data::CocoResults results = data::read_results(place / "out/results.json");
  CHECK_FALSE(results.detections().empty());
  for (const data::Detection& d : results.detections()) CHECK(d.image_id == 2);
  CHECK(std::filesystem::exists(place / "out/good.png"));
  CHECK_FALSE(std::filesystem::exists(place / "out/broken.png"));
}

TEST_CASE("detect: pictures of files with one name do not replace each other") {
  Workplace place;
  const auto files =
      list_input_files({place.add_image("x/a.png", 64, 64), place.add_image("y/a.png", 64, 64),
                        place.add_image("y/a.jpg", 64, 64)})
          .files;
  place.detect(files);
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(place / "out"))
    names.insert(entry.path().filename().string());
  CHECK(names == std::set<std::string>{"a.png", "x_a.png", "y_a.png", "results.json"});
}

TEST_CASE("input files: folders give their pictures, all stand in byte order of base names") {
  const Workplace place;
  for (const char* name : {"in/b.png", "in/B.jpg", "z/a.png"}) place.add_image(name, 64, 64);
  std::filesystem::copy(place / "in/B.jpg", place / "in/d.jfif");
  std::filesystem::copy(place / "in/b.png", place / "in/e");
  place.add_text("in/f.gif", "GIF89a");
  place.add_text("in/notes.txt", "text");
  place.add_text("in/labels.csv", "a,b");
  place.add_text("in/.hidden.png", "");
  place.add_text("in/c.JPEG", "not really");
  std::filesystem::create_directory(place / "in/below.png");
  const auto [files, passed_over] = list_input_files({place / "z/a.png", place / "in"});
  CHECK(names_of(files) == std::vector<std::string>{"B.jpg", place / "z/a.png", "b.png", "c.JPEG",
                                                    "d.jfif", "e", "f.gif"});
  for (size_t i = 0; i < files.size(); ++i) CHECK(files[i].image_id == static_cast<int64_t>(i));
  CHECK(passed_over ==
        std::vector<std::string>{
            place / "in: passed over 2 files that are no pictures, such as labels.csv"});
  std::filesystem::create_directory(place / "empty");
  std::string message = place / "empty: holds no picture";
  CHECK_THROWS_WITH_AS(list_input_files({place / "empty"}), message.c_str(), IoError);
  place.add_text("empty/notes.txt", "text");
  message += " among its 1 files";
  CHECK_THROWS_WITH_AS(list_input_files({place / "empty"}), message.c_str(), IoError);
}

TEST_CASE("detect: pictures of other kinds in a folder are named, those with other endings read") {
  Workplace place;
  std::filesystem::rename(place.add_image("in/a.jpg", 64, 64), place / "in/a.jfif");
  place.add_text("in/b.webp", std::string("RIFF1234WEBPVP8 "));
  const DetectFilesReport report = place.detect(list_input_files({place / "in"}).files);
  CHECK(report.images == 1);
  CHECK(place.told ==
        std::vector<std::string>{place / "in/b.webp: is a WebP file; convert it to PNG or JPEG"});
}

TEST_CASE("input files: a data set gives ids by the end of the path, else by base name") {
  const Workplace place;
  const std::string json = place.add_text("a.json", R"({"images":[
      {"id":7,"file_name":"x/a.png","height":4,"width":5},
      {"id":9,"file_name":"y/a.png","height":4,"width":5},
      {"id":8,"file_name":"val/b.png","height":6,"width":5}],
      "annotations":[],"categories":[{"id":1,"name":"a"}]})");
  std::vector<InputFile> files{
      {.path = "d/y/a.png", .name = ""},   {.path = "b.png", .name = ""},
      {.path = "a.png", .name = ""},       {.path = "c.png", .name = ""},
      {.path = "train/b.png", .name = ""}, {.path = "e/y/a.png", .name = ""}};
  const auto strangers = take_dataset_ids(files, data::read_coco(json));
  REQUIRE(files.size() == 2);
  CHECK(files[0].image_id == 9);
  CHECK(files[0].name == "y/a.png");
  CHECK(files[1].image_id == 8);
  CHECK(files[1].height == 6);
  CHECK(strangers ==
        std::vector<std::string>{"a.png: is not among the images of " + json,
                                 "c.png: is not among the images of " + json,
                                 "train/b.png: is not among the images of " + json,
                                 "e/y/a.png: is image 9 of " + json + ", as d/y/a.png is"});
}

TEST_CASE("input files: an absolute file_name is one file, however its path is given") {
  const Workplace place;
  const std::string here = std::filesystem::current_path().string();
  const std::string json = place.add_text("a.json", R"({"images":[{"id":7,"file_name":")" + here +
                                                        R"(/x/a.png","height":4,"width":5},
      {"id":9,"file_name":"/y/x/a.png","height":4,"width":5}],
      "annotations":[],"categories":[{"id":1,"name":"a"}]})");
  std::vector<InputFile> files{{.path = "./x/a.png", .name = ""}, {.path = "/z/a.png", .name = ""}};
  CHECK(take_dataset_ids(files, data::read_coco(json)).size() == 1);
  REQUIRE(files.size() == 1);
  CHECK(files[0].image_id == 7);
}

TEST_CASE("input files: a size that the annotation file does not say is not known") {
  const Workplace place;
  const std::string json = place.add_text("a.json", R"({"images":[
      {"id":7,"file_name":"a.png","width":5}, {"id":8,"file_name":"b.png","width":5,"height":4}]})");
  std::vector<InputFile> files{{.path = "a.png", .name = ""}, {.path = "b.png", .name = ""}};
  const auto list =
      data::read_coco(json, data::StructuralDefects::kThrow, data::DatasetPart::kImages);
  CHECK(take_dataset_ids(files, list).empty());
  CHECK(files[0].width == 0);
  CHECK(files[0].height == 0);
  CHECK(files[1].width == 5);
  CHECK(files[1].height == 4);
}

TEST_CASE("detector file: says what is missing, and which classes there are") {
  const Workplace place;
  const DetectorFile file(place / "model.safetensors");
  CHECK(file.category_ids() == CategoryIds{3, 8});
  CHECK(file.classes_named({"jug"}, "--classes") == std::vector<int>{1});
  CHECK_THROWS_WITH_AS(file.classes_named({"mug"}, "--classes"),
                       "--classes: the model has no class mug, did you mean jug", ConfigError);

  const std::string bare = place / "bare.safetensors";
  write_safetensors(bare, {{"a", Tensor::zeros({1}, DType::kF32)}});
  const std::string message = bare +
                              ": has no \"config\" in its metadata; give model.safetensors of a "
                              "checkpoint, or what convert_weights wrote";
  CHECK_THROWS_WITH_AS(DetectorFile{bare}, message.c_str(), IoError);
}

TEST_CASE("detector file: a run without the checkpoint names those it has") {
  const TemporaryDirectory run;
  const std::string none = run.path() + ": is not a run directory, there is no config.toml";
  CHECK_THROWS_WITH_AS(model_file_of_run(run.path(), "last"), none.c_str(), IoError);
  std::ofstream(run / "config.toml") << "";
  const std::string empty = run / "checkpoints: holds no checkpoint yet";
  CHECK_THROWS_WITH_AS(model_file_of_run(run.path(), "last"), empty.c_str(), IoError);
  std::filesystem::create_directories(run / "checkpoints/iter_0000010");
  const std::string other = run / "checkpoints: holds no checkpoint best, there are iter_0000010";
  CHECK_THROWS_WITH_AS(model_file_of_run(run.path(), "best"), other.c_str(), IoError);
  std::ofstream(run / "checkpoints/iter_0000010/model.safetensors") << "";
  CHECK(model_file_of_run(run.path(), "iter_0000010") ==
        run / "checkpoints/iter_0000010/model.safetensors");
}
