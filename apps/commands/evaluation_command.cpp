#include "apps/commands/evaluation_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "apps/commands/tta_options.h"
#include "core/error.h"
#include "data/evaluation/evaluate_files.h"
#include "detection/training/evaluate_run.h"

namespace denovo::apps {
namespace {

using namespace denovo::data;

std::vector<IouType> asked_types(const Options& options) {
  std::vector<IouType> types;
  for (const std::string& name : options.comma_list("iou")) {
    const auto type = std::find_if(std::begin(kIouTypes), std::end(kIouTypes),
                                   [&](IouType t) { return iou_type_name(t) == name; });
    if (type == std::end(kIouTypes))
      throw ConfigError(fmt::format("--iou: must list bbox, segm or keypoints, got {}", name));
    if (std::find(types.begin(), types.end(), *type) == types.end()) types.push_back(*type);
  }
  return types;
}

std::vector<double> asked_sigmas(const Options& options) {
  std::vector<double> sigmas;
  for (const std::string& text : options.comma_list("sigmas")) {
    double sigma = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), sigma);
    if (error != std::errc() || end != text.data() + text.size() || !(sigma > 0) ||
        !std::isfinite(sigma))
      throw ConfigError(fmt::format("--sigmas: must list positive numbers, got {}", text));
    sigmas.push_back(sigma);
  }
  return sigmas;
}

/// nullopt where it is not asked for.
std::optional<VocRule> asked_voc(const Options& options) {
  if (!options.given("voc")) return std::nullopt;
  const std::vector<IouType> types = asked_types(options);
  if (!types.empty() && std::find(types.begin(), types.end(), IouType::kBbox) == types.end())
    throw ConfigError(
        fmt::format("--voc: scores boxes, which --iou {} leaves out", options.text("iou")));
  for (const auto& [rule, name] : kVocRuleNames)
    if (rule != VocRule::kNone && options.text("voc") == name) return rule;
  throw ConfigError(fmt::format("--voc: must be 07 or 10, got {}", options.text("voc")));
}

/// Scores a checkpoint on its validation set or another one.
EvaluationReport evaluate_checkpoint(const Options& options, Logger& log) {
  for (const char* of_files : {"gt", "dt", "coco-compat"})
    if (options.given(of_files))
      throw ConfigError(fmt::format("--{} does not go with --run", of_files));
  if (options.given("annotations") != options.given("images"))
    throw ConfigError("--annotations and --images belong together");
  std::optional<OnBadImage> on_bad;
  for (const auto& [value, name] : kOnBadImageNames)
    if (options.text("on-bad-image") == name) on_bad = value;
  if (!on_bad && options.given("on-bad-image"))
    throw ConfigError(
        fmt::format("--on-bad-image: must be stop or skip, got {}", options.text("on-bad-image")));
  return detection::evaluate_run({.run = options.text("run"),
                                  .checkpoint = options.text("checkpoint"),
                                  .annotations = options.text("annotations"),
                                  .images = options.text("images"),
                                  .ignore_unknown_classes = options.given("ignore-unknown-classes"),
                                  .allow_parent_folders = options.given("allow-parent-folders"),
                                  .types = asked_types(options),
                                  .sigmas = asked_sigmas(options),
                                  .confusion = options.given("page"),
                                  .on_bad_image = on_bad,
                                  .voc = asked_voc(options),
                                  .tta = asked_tta(options),
                                  .device = parse_device(options.text("device"))},
                                 log);
}

EvaluationReport evaluate_results_file(const Options& options) {
  for (const char* of_run : {"checkpoint", "annotations", "images", "allow-parent-folders",
                             "ignore-unknown-classes", "on-bad-image", "tta", "config"})
    if (options.given(of_run)) throw ConfigError(fmt::format("--{} needs --run", of_run));
  for (const char* required : {"gt", "dt"})
    if (!options.given(required))
      throw ConfigError(fmt::format("--{} FILE is required without --run", required));
  asked_tta(options);  // refuses its keys
  const std::string& compat = options.text("coco-compat");
  if (compat != "strict" && compat != "off")
    throw ConfigError(fmt::format("--coco-compat: must be strict or off, got {}", compat));
  return evaluate_files(options.text("gt"), options.text("dt"), asked_types(options),
                        {.strict = compat == "strict",
                         .sigmas = asked_sigmas(options),
                         .confusion = options.given("page")},
                        asked_voc(options).value_or(VocRule::kNone));
}

}  // namespace

void declare_evaluation_options(Options& options) {
  // name, placeholder, meaning, default
  options.add({"gt", "FILE", "ground truth, COCO JSON"});
  options.add({"dt", "FILE", "COCO results JSON"});
  options.add({"run", "RUN", "run directory: score a checkpoint, in place of --gt and --dt"});
  options.add({"checkpoint", "NAME", "checkpoint of --run: last, best or a name", "last"});
  options.add({"annotations", "FILE",
               "COCO JSON for --run, matched by class names; else its validation set"});
  options.add({"images", "DIR", "folder of the images of --annotations"});
  options.add(
      {"allow-parent-folders", "",
       "with --run: a file_name may leave the folder of images by \"..\"; else as the run"});
  options.add({"ignore-unknown-classes", "",
               "with --run: leave categories that the model does not know out of the scores"});
  options.add(
      {"on-bad-image", "stop|skip",
       "images of --run that cannot be used: stop, or leave them out; else as the run does"});
  options.add({"iou", "TYPES", "some of bbox, segm, keypoints; else what the results carry"});
  options.add({"voc", "07|10",
               "also PASCAL VOC's mAP of the boxes, by the rule of 2007 or that of 2010 to 2012"});
  options.add({"sigmas", "NUMBERS",
               "of the OKS, one for each keypoint; else with --run as the run, or COCO's 17"});
  options.add({"json", "FILE", "also write the numbers as JSON; - for stdout"});
  options.add({"curves", "FILE", "write precision, recall and scores as safetensors"});
  options.add({"page", "FILE", "write curves, classes, sizes and confusions as an HTML page"});
  options.add({"per-category", "", "print the AP of each category"});
  options.add({"coco-compat", "MODE",
               "strict: the reference's treatment of id 0 and of repeated ids; off: none",
               "strict"});
  declare_tta_options(options);
}

EvaluationReport evaluate_as_asked(const Options& options, Logger& log) {
  return options.given("run") ? evaluate_checkpoint(options, log) : evaluate_results_file(options);
}

std::string what_is_scored(const Options& options) {
  if (!options.given("run")) return fmt::format("{} on {}", options.text("dt"), options.text("gt"));
  return fmt::format("{}, checkpoint {}{}", options.text("run"), options.text("checkpoint"),
                     options.given("annotations") ? " on " + options.text("annotations") : "");
}

}  // namespace denovo::apps
