#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "apps/bench/fixed_proposals.h"
#include "apps/bench/step_lists.h"
#include "apps/bench/step_report.h"
#include "apps/study/plan/study_config.h"
#include "core/error.h"
#include "core/files/file.h"
#include "detection/pretraining/classifier_config.h"
#include "detection/training/build_model.h"
#include "detection/training/detector_task.h"
#include "detection/training/device_batch.h"
#include "nn/state_dict.h"
#include "testing/temporary_directory.h"

using namespace denovo;
using namespace denovo::bench;

namespace {

/// A complete Mask R-CNN of a few thousand parameters on images of 64 x 96 pixels.
detection::TrainConfig small_config() {
  detection::TrainConfig config;
  config.input.min_size_train = {64};
  config.input.max_size = 96;
  auto& model = config.model;
  model.backbone.depth = 18;
  model.backbone.blocks = {1, 1, 1, 1};
  model.backbone.stem_channels = model.backbone.fpn_channels = 8;
  model.backbone.channels = {8, 16, 32, 64};
  model.backbone.num_groups = 4;
  model.anchors.sizes = {8, 16, 32, 64, 128};
  model.rpn.batch_per_image = 32;
  model.rpn.post_nms_topk_train = 60;
  model.box.batch_per_image = 48;
  model.box.convs = 1;
  model.box.conv_channels = model.box.fc_channels = 16;
  model.mask.convs = 1;
  model.mask.channels = 16;
  config.solver.images_per_batch = 2;
  config.solver.reference_batch = 2;
  return config;
}

StepOptions options_of(const detection::TrainConfig& config, std::vector<int> foreground = {}) {
  StepOptions options{
      .batch = batch_options(config), .foreground = std::move(foreground), .device = kCpu};
  options.batch.objects = 3;
  options.batch.num_classes = 5;
  return options;
}

const GroupReport& group_of(const StepReport& report, const std::string& name) {
  return *std::find_if(report.groups.begin(), report.groups.end(),
                       [&](const GroupReport& group) { return group.name == name; });
}

}  // namespace

TEST_CASE("configs: every file under configs loads and validates") {
  int files = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(DENOVO_SOURCE_DIR "/configs")) {
    if (entry.path().extension() != ".toml") continue;
    CAPTURE(entry.path().string());
    const std::string path = entry.path().string();
    if (entry.path().parent_path().filename() == "study")
      CHECK_NOTHROW(load_config<study::StudyConfig>(path, {}));
    else if (entry.path().filename().string().starts_with("pretrain"))
      CHECK_NOTHROW(load_config<detection::ClassifierConfig>(path, {}));
    else
      CHECK_NOTHROW(load_config<detection::TrainConfig>(path, {}));
    ++files;
  }
  CHECK(files >= 23);  // a wrong folder would be an empty success
}

TEST_CASE("configs/paper: schedule, batch and frozen stages are those of the paper's table 1") {
  for (const int depth : {50, 101}) {
    for (int n = 2; n <= 6; ++n) {
      for (const bool scratch : {true, false}) {
        const auto config = load_config<detection::TrainConfig>(
            fmt::format("{}/configs/paper/r{}_gn_{}_{}x.toml", DENOVO_SOURCE_DIR, depth,
                        scratch ? "scratch" : "finetune", n),
            {});
        const nn::LrSchedule schedule = config.solver.schedule();
        CHECK(schedule.max_iter == 90000 * n);
        CHECK(schedule.drops == std::vector<int64_t>{90000 * n - 60000, 90000 * n - 20000});
        CHECK(schedule.base_lr == 0.02);
        CHECK(config.solver.images_per_batch == 16);
        CHECK(config.solver.images_per_group == 2);
        CHECK(config.model.backbone.depth == depth);
        CHECK(config.start.init.empty() == scratch);
        CHECK(config.start.freeze_at == (scratch ? 0 : 2));
      }
    }
  }
}

TEST_CASE("configs/paper: VGG-16 has the paper's schedules, sizes and no normalisation") {
  for (const auto& [file, times] : {std::pair{"vgg16_scratch_11x", 11}, {"vgg16_finetune_9x", 9}}) {
    CAPTURE(file);
    const auto config = load_config<detection::TrainConfig>(
        fmt::format("{}/configs/paper/{}.toml", DENOVO_SOURCE_DIR, file), {});
    const nn::LrSchedule schedule = config.solver.schedule();
    CHECK(schedule.max_iter == 90000 * times);
    CHECK(schedule.drops == std::vector<int64_t>{90000 * times - 60000, 90000 * times - 20000});
    CHECK(schedule.base_lr == 0.02);
    CHECK(config.solver.images_per_batch == 16);
    CHECK(config.start.init.empty() == (times == 11));
    const detection::ModelConfig& model = config.model;
    CHECK(model.backbone.norm == nn::NormKind::kNone);
    CHECK(model.backbone.vgg().convs == std::vector{2, 2, 3, 3, 3});
    CHECK_FALSE(model.mask.enabled);
    CHECK(model.box.fc().count == 2);
    CHECK(model.box.fc().channels == 4096);
    CHECK(config.input.min_size_train.size() > 1);
    // What the trunk sees in pre-training it sees in the detector.
    const auto classifier = load_config<detection::ClassifierConfig>(
        DENOVO_SOURCE_DIR "/configs/paper/pretrain_vgg16.toml", {});
    CHECK(classifier.model.pixel.mean == model.pixel.mean);
    CHECK(classifier.model.head.fc().count == model.box.fc().count);
    CHECK(classifier.model.head.fc().resolution == model.box.fc().resolution);
  }
}

TEST_CASE("configs/paper: large-scale jitter is detectron2's recipe of 100 epochs") {
  const auto config = load_config<detection::TrainConfig>(
      DENOVO_SOURCE_DIR "/configs/paper/r50_lsj_scratch_100ep.toml", {});
  const data::InputRule train = config.input.train_rule(), test = config.input.test_rule();
  CHECK(train.jitter.side == 1024);
  CHECK(train.jitter.min_scale == 0.1);
  CHECK(train.jitter.max_scale == 2);
  CHECK(test.jitter.side == 0);
  CHECK(test.short_sides == std::vector{800});
  const nn::LrSchedule schedule = config.solver.schedule();
  CHECK(schedule.base_lr == 0.1);
  CHECK(schedule.max_iter == 184375);
  CHECK(schedule.drops == std::vector<int64_t>{163889, 177546});
  CHECK(config.solver.weight_decay_bias == config.solver.weight_decay);
  CHECK(config.start.init.empty());
  for (const nn::NormKind norm : {config.model.backbone.norm, config.model.backbone.fpn_norm,
                                  config.model.box.norm, config.model.mask.norm})
    CHECK(norm == nn::NormKind::kSyncBatchNorm);
  CHECK(batch_options(config).height == 1024);
  CHECK(batch_options(config).width == 1024);
}

TEST_CASE("input config: large-scale jitter that cannot be is refused in a sentence") {
  detection::InputConfig input;
  input.jitter_size = 1000;
  CHECK_THROWS_WITH_AS(input.validate(),
                       "config: input.jitter_size must be a multiple of 32, got 1000", ConfigError);
  input.jitter_size = 1024;
  CHECK_NOTHROW(input.validate());
  input.jitter_scales = {2, 0.1};
  CHECK_THROWS_WITH_AS(
      input.validate(),
      "config: input.jitter_scales must be a smallest and a largest scale, got [2, 0.1]",
      ConfigError);
}

TEST_CASE("configs/paper: PASCAL VOC has the schedules of section 5.2 and VOC's own mAP") {
  for (const auto& [file, drops] :
       {std::pair{"scratch_144k", std::vector<int64_t>{96000, 128000, 144000}},
        {"finetune_18k", {12000, 16000, 18000}}}) {
    CAPTURE(file);
    const auto config = load_config<detection::TrainConfig>(
        fmt::format("{}/configs/paper/voc_r101_gn_{}.toml", DENOVO_SOURCE_DIR, file), {});
    const nn::LrSchedule schedule = config.solver.schedule();
    CHECK(schedule.max_iter == drops[2]);
    CHECK(schedule.drops == std::vector<int64_t>{drops[0], drops[1]});
    CHECK(config.model.backbone.depth == 101);
    CHECK_FALSE(config.model.mask.enabled);
    CHECK(config.input.min_size_train.size() > 1);
    CHECK(config.start.init.empty() == (config.start.freeze_at == 0));
    CHECK(config.eval.voc == data::VocRule::k10);
  }
}

TEST_CASE("configs/paper: Keypoint R-CNN is that of figure 6, at 2x and 3x") {
  for (const int n : {2, 3}) {
    for (const bool scratch : {true, false}) {
      const auto config = load_config<detection::TrainConfig>(
          fmt::format("{}/configs/paper/r50_gn_keypoint_{}_{}x.toml", DENOVO_SOURCE_DIR,
                      scratch ? "scratch" : "finetune", n),
          {});
      const nn::LrSchedule schedule = config.solver.schedule();
      CHECK(schedule.max_iter == 90000 * n);
      CHECK(schedule.drops == std::vector<int64_t>{90000 * n - 60000, 90000 * n - 20000});
      CHECK(config.solver.images_per_batch == 16);
      CHECK(config.input.min_size_train == std::vector<int>{640, 672, 704, 736, 768, 800});
      CHECK(config.model.keypoint.count() == 17);
      CHECK(config.model.keypoint.convs == 8);
      CHECK(config.model.keypoint.channels == 512);
      CHECK_FALSE(config.model.mask.enabled);
      CHECK(config.start.init.empty() == scratch);
      CHECK(config.start.freeze_at == (scratch ? 0 : 2));
    }
  }
}

TEST_CASE("configs/paper: figure 5 has scales at 9x and 6x, and a cascade for the last 270k") {
  for (const int depth : {50, 101}) {
    for (const bool scratch : {true, false}) {
      const auto load = [&](const char* kind) {
        return load_config<detection::TrainConfig>(
            fmt::format("{}/configs/paper/r{}_gn_{}_{}.toml", DENOVO_SOURCE_DIR, depth, kind,
                        scratch ? "scratch_9x" : "finetune_6x"),
            {});
      };
      const auto plain = load("aug"), cascade = load("cascade");
      const int64_t total = scratch ? 810000 : 540000, last = scratch ? 270000 : total;
      CHECK(plain.solver.schedule().max_iter == total);
      CHECK(plain.solver.schedule().drops == std::vector<int64_t>{total - 60000, total - 20000});
      CHECK(cascade.solver.schedule().max_iter == last);
      CHECK(cascade.solver.schedule().drops == std::vector<int64_t>{last - 60000, last - 20000});
      if (scratch) {
        CHECK(plain.checkpoint.at == std::vector<int>{static_cast<int>(total - last)});
        CHECK(cascade.start.weights ==
              fmt::format("runs/r{}_gn_aug_scratch_9x/checkpoints/iter_{:07d}/model.safetensors",
                          depth, total - last));
      }
      CHECK(cascade.start.init == plain.start.init);
      CHECK(cascade.start.freeze_at == (scratch ? 0 : 2));
      CHECK(cascade.model.cascade.enabled);
      CHECK(cascade.model.rpn.post_nms_topk_train == 2000);
      CHECK(cascade.input.min_size_train == std::vector<int>{640, 672, 704, 736, 768, 800});
      // Otherwise they are one model.
      detection::ModelConfig same = cascade.model, ours = plain.model;
      same.cascade.enabled = false;
      same.rpn.post_nms_topk_train = ours.rpn.post_nms_topk_train;
      CHECK(config_text(same) == config_text(ours));
    }
  }
}

TEST_CASE("bench step: equals the trainer's step bit by bit") {
  const detection::TrainConfig config = small_config();
  Logger logger(true);
  StepBenchmark benchmark(config, options_of(config), logger);
  const auto model = detection::build_model(config, {numbered_classes(5), "bench"}, kCpu).model;
  const nn::Trainable reference = nn::make_trainable(*model, config.solver);
  DeviceStepState state(kCpu);
  nn::TrainingStep trainer(
      [&](auto batch, const nn::LossContext& context) {
        return detection::detector_losses(*model, config, batch, context);
      },
      reference, config.solver, state);
  const nn::MicroBatch batch = detection::micro_batch_of(synthetic_batch(options_of(config).batch));
  const std::vector<StepResult> results = benchmark.run(/*warmup=*/1, /*iters=*/3);
  CHECK(results.size() == 3);
  for (size_t i = 0; i < 4; ++i) {
    trainer.run(std::span(&batch, 1), config.solver.schedule().base_lr);
    const double loss = trainer.take_records(true)[0].losses.back().second;
    if (i > 0) CHECK(results[i - 1].loss == loss);
  }
  const nn::StateDict ours = nn::state_dict(benchmark.model()), expected = nn::state_dict(*model);
  for (size_t i = 0; i < ours.size(); ++i)
    CHECK(ours[i].second.to_vector<float>() == expected[i].second.to_vector<float>());
}

TEST_CASE("bench step: trains exactly the foreground RoIs that were asked for") {
  const detection::TrainConfig config = small_config();
  Logger logger(true);
  for (const std::vector<int>& foreground : {std::vector{3, 12}, std::vector{7, 4}}) {
    StepBenchmark benchmark(config, options_of(config, foreground), logger);
    for (const StepResult& result : benchmark.run(0, 2)) CHECK(result.foreground == foreground);
  }
}

TEST_CASE("bench step: foreground counts that cannot be are refused") {
  const detection::TrainConfig config = small_config();
  Logger logger(true);
  const auto build = [&](std::vector<int> foreground) {
    StepBenchmark(config, options_of(config, std::move(foreground)), logger);
  };
  CHECK_THROWS_WITH_AS(build({13, 3}),
                       "foreground: at most model.box.batch_per_image * positive_fraction = 12 "
                       "RoIs of an image can be foreground, got 13",
                       ConfigError);
  CHECK_THROWS_WITH_AS(build({3, 2}),
                       "foreground: must be between the 3 objects of an image, each a foreground "
                       "RoI itself, and 63, got 2",
                       ConfigError);
  CHECK_THROWS_WITH_AS(build({3}), "foreground: must be one count for each of the 2 images, got 1",
                       ConfigError);
}

TEST_CASE("bench step: a place for measured engines that is none is named") {
  detection::TrainConfig config = small_config();
  config.solver.autotune = true;
  Logger logger(true);
  const char* named = std::getenv("TMPDIR");
  const std::string before = named ? named : "";
  setenv("TMPDIR", "/nowhere", 1);
  CHECK_THROWS_WITH_AS(StepBenchmark(config, options_of(config), logger),
                       "/nowhere: must be a folder, for the engines that solver.autotune measures, "
                       "got 'No such file or directory'; TMPDIR names another place for temporary "
                       "files",
                       ResourceError);
  before.empty() ? unsetenv("TMPDIR") : setenv("TMPDIR", before.c_str(), 1);
}

TEST_CASE("bench step: groups share out the whole step and know their convolutions") {
  const detection::TrainConfig config = small_config();
  Logger logger(true);
  StepBenchmark benchmark(config, options_of(config, {6, 6}), logger);
  const std::vector<StepResult> steps = benchmark.run(1, 2);
  const StepReport report = report_of(steps, 2, 1e9, kCpu, 1, DType::kF32);
  double seconds = 0;
  for (const GroupReport& group : report.groups) seconds += group.forward_s + group.backward_s;
  CHECK(seconds == doctest::Approx(report.best_seconds).epsilon(0.01));
  // 7x7 stem on two images of 64 x 96, stride 2, 3 -> 8 channels; forward and weight gradient, no
  // gradient of the pixels.
  CHECK(group_of(report, "stem").flops == 2 * (2.0 * 2 * 32 * 48 * 8 * 3 * 49));
  CHECK(group_of(report, "stem").backward_s > 0);
  CHECK(group_of(report, "optimizer").forward_s > 0);
  CHECK(group_of(report, "optimizer").flops == 0);
  CHECK(group_of(report, "other").flops == 0);
  CHECK(report.other_share > 0);
  CHECK(report.other_share < 1);
  CHECK(report.best_seconds <= report.median_seconds);
  CHECK(report_table(report).find("mask_head") != std::string::npos);
  CHECK(report_json(report).starts_with("{\"seconds_per_image\":{\"best\":"));
}

TEST_CASE("bench step: the ops of one update are listed once, with their sizes") {
  const detection::TrainConfig config = small_config();
  const testing::TemporaryDirectory folder;
  const std::string path = folder / "ops.txt";
  Logger logger(true);
  {
    StepLists lists("", path);
    StepOptions options = options_of(config, {6, 6});
    options.begin_update = [&] { lists.begin_update(); };
    StepBenchmark(config, options, logger).run(1, 2);
    lists.write();
  }
  const std::string text = read_file(path);
  CHECK(
      text.starts_with("stem\tconv2d\tf32[2,64,96,3] f32[8,7,7,3]* -\tf32[2,32,48,8]\n"
                       "stem\tgroup_norm\tf32[2,32,48,8]+ f32[8]* f32[8]* -\tf32[2,32,48,8]\n"));
  CHECK(text.find("stem\tconv2d", 1) == std::string::npos);
  CHECK(text.find("\nmask_head\tmask_bce\t") != std::string::npos);
  // Nobody looks any more.
  StepBenchmark(config, options_of(config, {6, 6}), logger).run(0, 1);
  CHECK(read_file(path) == text);
}
