// Images without objects as negatives, and objects without masks, through whole steps.
#include <algorithm>
#include <cmath>

#include "core/autograd/autograd.h"
#include "core/error.h"
#include "core/files/file.h"
#include "data/loading/batch_builder.h"
#include "detection/training/build_model.h"
#include "detection/training/device_batch.h"
#include "tests/detection/training/small_run.h"

using namespace denovo;
using namespace denovo::detection;
using denovo::detection::testing::kTrainImages;
using denovo::detection::testing::SmallRun;

namespace {

/// Gives the run training annotations of its own: each, a line of the file, as `edit` returns it,
/// or none where that is empty.
void edit_annotations(SmallRun& run, const std::function<std::string(const std::string&)>& edit) {
  const std::string file = run.own_data() + "/annotations/instances_train.json";
  const std::string text = read_file(file), head = "\"annotations\": [";
  const size_t begin = text.find(head) + head.size();
  std::string edited;
  static const std::regex annotation(R"re(\{"id": .*\}(?=,?\n|\]))re");
  for (std::sregex_iterator it(text.begin() + static_cast<int64_t>(begin), text.end(), annotation),
       end;
       it != end; ++it) {
    const std::string line = edit(it->str());
    if (!line.empty()) edited += (edited.empty() ? "" : ",\n") + line;
  }
  REQUIRE(!edited.empty());
  FileWriter(file, FileWriter::Mode::kReplace).write(text.substr(0, begin) + edited + "]}\n");
}

std::string of_first_two_images(const std::string& line) {
  const bool kept = std::regex_search(line, std::regex("\"image_id\": [12],"));
  return kept ? line : "";
}

std::string without_segmentation(const std::string& line) {
  return std::regex_replace(line, std::regex("\"segmentation\": .*"), "\"segmentation\": []}");
}

std::vector<std::string> short_run(std::vector<std::string> more = {}) {
  more.insert(more.end(), {"data.val_annotations=", "log.period=1"});
  return more;
}

void check_losses_finite(const SmallRun& run) {
  for (const char* name :
       {"loss_rpn_cls", "loss_rpn_loc", "loss_cls", "loss_box_reg", "loss_mask", "total_loss"}) {
    const auto values = run.metric(name);
    REQUIRE(values.size() == 12);
    for (const double value : values) CHECK(std::isfinite(value));
  }
}

}  // namespace

TEST_CASE("MaskRcnn: a batch without objects trains RPN and box head on background alone") {
  SmallRun run({"data.keep_empty_images=true"});
  edit_annotations(run, of_first_two_images);
  const auto dataset = data::read_coco(run.config.data.path(run.config.data.train_annotations));
  const auto view = data::training_view(dataset, run.config.training_filter());
  REQUIRE(view.images.size() == kTrainImages);
  const data::ImageFiles files(dataset, run.config.data.path(run.config.data.train_images));
  const data::BatchBuilder builder(files, view, {.rule = run.config.input.test_rule()});
  std::vector<data::PlannedImage> plan;
  for (const int image : {4, 7}) {
    const data::CocoImage& entry = dataset.images()[static_cast<size_t>(image)];
    plan.push_back(
        {image, 0,
         data::evaluation_transform(run.config.input.test_rule(), {entry.height, entry.width})});
  }
  const BuiltModel built = build_model(run.config, data::CategoryList::of(dataset), kCpu);
  const DeviceBatch batch = prepare(builder.build(plan), *built.model, DType::kF32);
  const DeviceStepState state(kCpu);
  const NamedLosses losses = built.model->losses(batch.images, batch.gt, {1, &state}, {2, 1});
  CHECK(losses[0].second.item() > 0);
  CHECK(losses[1].second.item() == 0);
  CHECK(losses[2].second.item() > 0);
  CHECK(losses[3].second.item() == 0);
  CHECK(losses[4].second.item() == 0);
  std::vector<Tensor> outputs;
  for (const auto& [name, loss] : losses) {
    CHECK_MESSAGE(std::isfinite(loss.item()), name);
    outputs.push_back(loss);
  }
  backward(outputs, std::vector<Tensor>(outputs.size()));
  built.model->for_each_parameter([&](const std::string& name, const nn::Parameter& parameter) {
    CAPTURE(name);
    const Tensor grad = parameter.tensor().grad();
    if (!grad.defined()) return;
    const auto values = grad.to_vector<float>();
    CHECK(std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); }));
    if (name.find("mask_head") == std::string::npos) return;
    CHECK(std::all_of(values.begin(), values.end(), [](float v) { return v == 0; }));
  });
}

TEST_CASE("trainer: data.keep_empty_images trains on images without objects, groups of them too") {
  SmallRun with(short_run({"data.keep_empty_images=true"})), without(short_run());
  SmallRun recorded(short_run({"data.keep_empty_images=true", "solver.cuda_graph=true"}));
  for (SmallRun* run : {&with, &without, &recorded}) {
    edit_annotations(*run, of_first_two_images);
    run->train();
    check_losses_finite(*run);
  }
  CHECK(with.shown().find("12 images with ") != std::string::npos);
  CHECK(with.shown().find(", 10 of the images as negatives; left out 0 images ") !=
        std::string::npos);
  CHECK(without.shown().find("2 images with ") != std::string::npos);
  // Two of twelve images have objects: of 24 groups of two most are empty.
  const auto boxes = with.metric("loss_box_reg");
  CHECK(std::count(boxes.begin(), boxes.end(), 0.0) >= 3);
  CHECK(std::count_if(boxes.begin(), boxes.end(), [](double v) { return v > 0; }) >= 3);
  CHECK(with.model_bytes() == recorded.model_bytes());
}

TEST_CASE("trainer: where some objects have no mask the others train theirs; without any it ends") {
  SmallRun some(short_run()), recorded(short_run({"solver.cuda_graph=true"})), none(short_run());
  for (SmallRun* run : {&some, &recorded}) {
    int count = 0;
    edit_annotations(*run, [&](const std::string& line) {
      return count++ % 2 ? without_segmentation(line) : line;
    });
    run->train();
    check_losses_finite(*run);
  }
  CHECK(some.shown().starts_with("warning: 12 images with "));
  CHECK(some.shown().find(" without a mask, for their box alone") != std::string::npos);
  CHECK(some.model_bytes() == recorded.model_bytes());

  edit_annotations(none, without_segmentation);
  CHECK_THROWS_WITH_AS(none.train(),
                       "instances_train.json: no instance has a segmentation; set "
                       "model.mask.enabled=false to train boxes only",
                       IoError);
  CHECK(!std::filesystem::exists(none.out()));
  none.config.model.mask.enabled = false;
  none.train();
}
