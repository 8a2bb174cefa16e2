#include "apps/study/statistics/rules.h"

#include <fmt/format.h>

namespace denovo::study {
namespace {

double final_in(Pair& pair, double Scores::*score) {
  const int64_t longest = pair.longest();
  return pair.end(Role::kReference, score, longest) - pair.end(Role::kOther, score, longest);
}

}  // namespace

double share_of_final(Pair& pair) {
  const int64_t longest = pair.longest();
  const double share = pair.end(Role::kOther, &Scores::ap, longest);
  if (share == 0)
    return pair.missing(
        fmt::format("{} has AP 0, of which nothing is a share", pair.name(Role::kOther, longest)));
  return pair.end(Role::kReference, &Scores::ap, longest) / share;
}

double final_difference(Pair& pair) {
  return final_in(pair, &Scores::ap);
}

double early_lead(Pair& pair) {
  return pair.early(Role::kOther) - pair.early(Role::kReference);
}

double overfitting_difference(Pair& pair) {
  return pair.overfitting(Role::kReference) - pair.overfitting(Role::kOther);
}

double localisation_difference(Pair& pair) {
  return final_in(pair, &Scores::ap75) - final_in(pair, &Scores::ap50);
}

double keypoint_difference(Pair& pair) {
  return pair.end_of_keypoints(Role::kReference) - pair.end_of_keypoints(Role::kOther) -
         final_in(pair, &Scores::ap50);
}

std::string verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kSupported:
      return "supported";
    case Verdict::kContradicted:
      return "contradicted";
    default:
      return "inconclusive";
  }
}

std::string rule_text(const Rule& rule, double margin) {
  const bool above = rule.supports == Side::kAbove;
  const std::string threshold = fmt::format(
      "{}{}", rule.threshold(margin),
      rule.margins > 0 ? " (the margin)" : (rule.margins < 0 ? " (minus the margin)" : ""));
  return fmt::format(
      "{}: supported when the {} bound is {} {}{}, contradicted when the {} bound is {} it{}",
      rule.estimate, above ? "lower" : "upper",
      rule.touching ? "at least" : (above ? "above" : "below"), threshold,
      rule.condition == Condition::kEqualConfigurations
          ? " and the configurations are equal but for model.init"
          : "",
      above ? "upper" : "lower", above ? "below" : "above",
      rule.condition == Condition::kWhereNoWorse
          ? " at a size where claim 3 is supported (by bounds that hold for all sizes together)"
          : "");
}

Verdict verdict_of(const std::optional<Interval>& interval, double threshold, Side supports,
                   bool touching) {
  if (!interval) return Verdict::kInconclusive;
  const bool above = supports == Side::kAbove;
  const Side side = side_of(*interval, threshold);
  if (side == supports || (touching && (above ? interval->low : interval->high) == threshold))
    return Verdict::kSupported;
  return side == Side::kAcross ? Verdict::kInconclusive : Verdict::kContradicted;
}

}  // namespace denovo::study
