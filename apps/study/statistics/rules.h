// The six claims of the study and the rules of their verdicts, as a table.
//
// S and P are the arms with random and with pre-trained weights; "final" is AP at the end of the
// longest schedule; differences are taken within a pair of one seed. Titles and thresholds are
// those of the study's design; nothing that depends on a measurement stands here.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "apps/study/statistics/interval.h"
#include "apps/study/statistics/pair.h"

namespace denovo::study {

enum class Verdict { kSupported, kContradicted, kInconclusive };

/// "supported", "contradicted" or "inconclusive".
std::string verdict_name(Verdict verdict);

/// What else a verdict asks for.
enum class Condition {
  kNone,
  kEqualConfigurations,  // supported only if the arms differ in model.init alone
  kWhereNoWorse,         // contradicted at any size where claim 3 is supported, and nowhere else
};

struct Rule {
  int id;
  const char *title, *estimate, *unit;
  double (*value)(Pair&);  // of one seed; its mean is estimated. nullptr: see parity.h
  Side supports;           // the side of the threshold on which the claim holds
  bool touching;           // an interval that touches the threshold from that side is on it
  double number, margins;  // threshold = number + margins * Design::margin
  Condition condition;

  double threshold(double margin) const { return number + margins * margin; }
};

double share_of_final(Pair& pair);
double final_difference(Pair& pair);
double early_lead(Pair& pair);
double overfitting_difference(Pair& pair);
double localisation_difference(Pair& pair);
double keypoint_difference(Pair& pair);

// clang-format off
inline constexpr std::array<Rule, 6> kRules = {{
    {.id = 1, .title = "training from random weights works without changing the architecture",
     .estimate = "S / P, final, largest size",
     .unit = "times P's AP", .value = share_of_final,
     .supports = Side::kAbove, .touching = true, .number = 0.9, .margins = 0,
     .condition = Condition::kEqualConfigurations},
    {.id = 2, .title = "it needs more iterations",
     .estimate = "iterations(S) / iterations(P) to reach P's AP at the shortest schedule less the "
                 "margin, largest size",
     .unit = "times the iterations", .value = nullptr,
     .supports = Side::kAbove, .touching = false, .number = 1, .margins = 0,
     .condition = Condition::kNone},
    {.id = 3, .title = "it ends no worse, down to a data size",
     .estimate = "S - P, final, by size",
     .unit = "AP", .value = final_difference,
     .supports = Side::kAbove, .touching = false, .number = 0, .margins = -1,
     .condition = Condition::kNone},
    {.id = 4, .title = "pre-training speeds up early convergence",
     .estimate = "P - S early in the longest schedule, largest size",
     .unit = "AP", .value = early_lead,
     .supports = Side::kAbove, .touching = false, .number = 0, .margins = 0,
     .condition = Condition::kNone},
    {.id = 5, .title = "pre-training does not reduce overfitting until data is small",
     .estimate = "gap(S) - gap(P), gap = train AP - validation AP, final, by size",
     .unit = "AP", .value = overfitting_difference,
     .supports = Side::kBelow, .touching = false, .number = 0, .margins = 1,
     .condition = Condition::kWhereNoWorse},
    {.id = 6, .title = "it helps less where localisation matters",
     .estimate = "(S - P) in AP75 less (S - P) in AP50, final, largest size",
     .unit = "AP", .value = localisation_difference,
     .supports = Side::kAbove, .touching = false, .number = 0, .margins = 0,
     .condition = Condition::kNone},
}};

/// Claim 6 once more, where there are keypoints: the paper's Figure 6.
inline constexpr Rule kKeypointRule =
    {.id = 6, .title = "it helps less where localisation matters: keypoints",
     .estimate = "(S - P) in keypoint AP less (S - P) in box AP50, final, largest size",
     .unit = "AP", .value = keypoint_difference,
     .supports = Side::kAbove, .touching = false, .number = 0, .margins = 0,
     .condition = Condition::kNone};
// clang-format on

/// The rule's sentence: "S - P, final, by size: supported when the lower bound is above -1 (minus
/// the margin), contradicted when …".
std::string rule_text(const Rule& rule, double margin);

/// The one comparison that makes verdicts. No interval: inconclusive.
Verdict verdict_of(const std::optional<Interval>& interval, double threshold, Side supports,
                   bool touching);

}  // namespace denovo::study
