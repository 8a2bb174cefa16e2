#include "apps/study/results/report_json.h"

#include <cmath>

#include "core/files/json_writer.h"

namespace denovo::study {
namespace {

void add_scores(JsonWriter& json, const char* name, const Scores& scores) {
  if (std::isnan(scores.ap)) return;
  json.key(name).begin_object();
  json.field("AP", scores.ap).field("AP50", scores.ap50).field("AP75", scores.ap75);
  json.end_object();
}

void add_point(JsonWriter& json, const RunPoint& point) {
  json.begin_object().field("iteration", point.iteration).field("images_seen", point.images_seen);
  add_scores(json, "bbox", point.bbox);
  add_scores(json, "segm", point.segm);
  add_scores(json, "train_bbox", point.train_bbox);
  add_scores(json, "train_segm", point.train_segm);
  if (!std::isnan(point.keypoint_ap))
    json.key("keypoints").begin_object().field("AP", point.keypoint_ap).end_object();
  json.end_object();
}

void add_point(JsonWriter& json, const char* name, const RunPoint* point) {
  json.key(name);
  if (point) {
    add_point(json, *point);
  } else {
    json.value(nullptr);
  }
}

void add_run(JsonWriter& json, const RunResult& result) {
  const StudyRun& run = result.run;
  json.begin_object().field("id", run.id).field("arm", run.arm).field("images", run.images);
  json.field("schedule", run.schedule).field("seed", run.seed);
  json.field("state", name_of(result.state));
  if (!result.reason.empty()) json.field("reason", result.reason);
  if (!result.version.empty()) json.field("version", result.version);
  json.key("curve").begin_array();
  for (const RunPoint& point : result.curve) add_point(json, point);
  json.end_array();
  add_point(json, "final", result.final());
  add_point(json, "best", result.best());
  json.field("images_seen", result.images_seen).field("instances_seen", result.instances_seen);
  json.field("pixels_seen", result.pixels_seen).field("seconds", result.seconds);
  json.end_object();
}

void add_interval(JsonWriter& json, const char* name, const std::optional<Interval>& interval) {
  json.key(name);
  if (!interval) {
    json.value(nullptr);
    return;
  }
  json.begin_array().value(interval->low).value(interval->high).end_array();
}

void add_claim(JsonWriter& json, const Claim& claim) {
  json.begin_object().field("id", claim.id).field("arm", claim.arm).field("title", claim.title);
  json.field("verdict", verdict_name(claim.verdict)).field("images", claim.images);
  json.field("estimate", claim.estimate);
  add_interval(json, "interval", claim.interval);
  json.field("unit", claim.unit).field("n", claim.n).field("threshold", claim.threshold);
  json.field("rule", claim.rule).field("why", claim.why);
  if (claim.validation_noise) add_interval(json, "validation_noise", claim.validation_noise);
  json.key("by_size").begin_array();
  for (const SizeRow& row : claim.by_size) {
    json.begin_object().field("images", row.images).field("estimate", row.estimate);
    add_interval(json, "interval", row.interval);
    json.field("verdict", verdict_name(row.verdict)).field("n", row.n);
    json.field("num_censored", row.num_censored).key("missing").begin_array();
    for (const std::string& pair : row.missing) json.value(pair);
    json.end_array().end_object();
  }
  json.end_array().end_object();
}

void add_claims(JsonWriter& json, const char* name, const std::vector<ArmClaims>& arms) {
  json.key(name).begin_array();
  for (const ArmClaims& arm : arms)
    for (const Claim& claim : arm.claims) add_claim(json, claim);
  json.end_array();
}

void add_images(JsonWriter& json, const char* name, const std::optional<int64_t>& images) {
  json.key(name);
  if (images) {
    json.value(*images);
  } else {
    json.value(nullptr);
  }
}

void add_advice(JsonWriter& json, const ArmClaims& arm, const Advice& advice) {
  json.field("text", advice.text).field("surer", advice.surer);
  json.key("breakdown_images").begin_object();
  add_images(json, "worse_at", arm.breakdown.worse_at);
  add_images(json, "no_worse_at", arm.breakdown.no_worse_at);
  json.end_object().key("parity_iterations").begin_object();
  for (const ParityIterations& parity : arm.parity) {
    json.key(std::to_string(parity.images)).begin_object();
    json.field("iterations", parity.iterations).field("at_least", parity.at_least).end_object();
  }
  json.end_object().key("worth").begin_array();
  for (const Worth& worth : arm.worth) {
    json.begin_object().field("images", worth.images).field("schedule", worth.schedule);
    json.field("estimate", worth.estimate);
    add_interval(json, "interval", worth.interval);
    json.field("n", worth.n).end_object();
  }
  json.end_array();
}

void add_pretraining(JsonWriter& json, const std::vector<PretrainingResult>& all) {
  const auto add = [&](const PretrainingResult& each) {
    json.field("images_seen", each.images_seen).field("pixels_seen", each.pixels_seen);
    json.field("seconds", each.seconds).field("top1", each.top1);
  };
  PretrainingResult sum;
  for (const PretrainingResult& each : all) {
    sum.images_seen += each.images_seen;
    sum.pixels_seen += each.pixels_seen;
    sum.seconds += each.seconds;
  }
  sum.top1 = all.empty() ? std::nan("") : all.front().top1;
  json.key("pretraining").begin_object();
  add(sum);
  json.key("arms").begin_array();
  for (const PretrainingResult& each : all) {
    json.begin_object().field("arm", each.arm).field("state", name_of(each.state));
    add(each);
    json.end_object();
  }
  json.end_array().end_object();
}

void add_cost(JsonWriter& json, const ArmCost& cost) {
  json.begin_object().field("arm", cost.arm).field("images", cost.images);
  json.field("instances", cost.instances).field("pixels", cost.pixels);
  json.field("iterations", cost.iterations).field("seconds", cost.seconds);
  json.field("pretraining_images", cost.pretraining_images);
  json.field("pretraining_pixels", cost.pretraining_pixels);
  json.field("pretraining_seconds", cost.pretraining_seconds).end_object();
}

void add_estimate(JsonWriter& json, const char* name, const Estimate& estimate) {
  json.key(name).begin_object().field("estimate", estimate.mean);
  add_interval(json, "interval", estimate.interval);
  json.end_object();
}

void add_ends(JsonWriter& json, const char* name, const std::vector<EndScores>& ends) {
  json.key(name).begin_array();
  for (const EndScores& end : ends) {
    json.begin_object().field("arm", end.arm).field("images", end.images);
    json.field("schedule", end.schedule).field("mean", end.mean).field("low", end.low);
    json.field("high", end.high).field("n", end.n).end_object();
  }
  json.end_array();
}

void add_differences(JsonWriter& json, const char* name,
                     const std::vector<EndDifference>& differences) {
  json.key(name).begin_array();
  for (const EndDifference& difference : differences) {
    json.begin_object().field("arm", difference.arm).field("images", difference.images);
    json.field("schedule", difference.schedule).field("n", difference.n);
    add_estimate(json, "AP", difference.ap);
    add_estimate(json, "AP50", difference.ap50);
    add_estimate(json, "AP75", difference.ap75);
    json.end_object();
  }
  json.end_array();
}

void add_parity_costs(JsonWriter& json, const std::vector<ParityCost>& costs) {
  json.key("parity_costs").begin_array();
  for (const ParityCost& cost : costs) {
    json.begin_object().field("arm", cost.arm).field("images", cost.images);
    json.field("iterations", cost.iterations).field("iterations_ratio", cost.iterations_ratio);
    json.field("pixels_ratio", cost.pixels_ratio).field("at_least", cost.at_least).end_object();
  }
  json.end_array();
}

void add_config(JsonWriter& json, StudyConfig config) {
  const ConfigFields fields = ConfigFields::of(config);
  json.key("study").begin_object();
  for (const ConfigField& field : fields.all())
    json.key(field.key()).raw_value(field.value_text());  // TOML's values are written as JSON's
  json.end_object();
}

}  // namespace

std::string report_json(const StudyReport& report) {
  JsonWriter json;
  json.begin_object();
  add_config(json, report.config);
  json.field("version", report.version).key("trained_by").begin_array();
  for (const std::string& version : report.trained_by) json.value(version);
  json.end_array().field("device", report.device).field("data", report.data);
  json.key("runs").begin_array();
  for (const RunResult& run : report.runs) add_run(json, run);
  json.end_array();
  add_pretraining(json, report.pretraining);
  add_claims(json, "claims", report.claims);
  add_claims(json, "mask_claims", report.masks);
  json.key("keypoint_claims").begin_array();
  for (const ArmClaims& arm : report.claims)
    if (arm.keypoints) add_claim(json, *arm.keypoints);
  json.end_array();
  json.key("advice").begin_object();
  add_advice(json, report.claims.front(), report.advice.front());
  json.key("arms").begin_object();
  for (size_t i = 0; i < report.claims.size(); ++i) {
    json.key(report.claims[i].arm).begin_object();
    add_advice(json, report.claims[i], report.advice[i]);
    json.end_object();
  }
  json.end_object().end_object().key("costs").begin_array();
  for (const ArmCost& cost : report.costs) add_cost(json, cost);
  json.end_array();
  add_parity_costs(json, report.parity_costs);
  add_ends(json, "ends", report.ends);
  add_ends(json, "mask_ends", report.mask_ends);
  add_differences(json, "differences", report.differences);
  add_differences(json, "mask_differences", report.mask_differences);
  json.key("overtrained").begin_array();
  for (const Overtrained& run : report.overtrained) {
    json.begin_object().field("run", run.run).field("best_iteration", run.best_iteration);
    json.field("best_ap", run.best_ap).field("final_ap", run.final_ap).end_object();
  }
  json.end_array().end_object();
  return json.text() + "\n";
}

}  // namespace denovo::study
