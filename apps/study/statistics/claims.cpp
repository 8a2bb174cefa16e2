#include "apps/study/statistics/claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "apps/study/statistics/parity.h"
#include "apps/study/statistics/wording.h"

namespace denovo::study {
namespace {

/// One value of each seed's pair, where there is one.
struct PairValues {
  std::vector<double> values;
  std::vector<std::string> missing;
};

template <typename Value>
PairValues values_of(const Runs& runs, const std::string& arm, int64_t images, const Value& value) {
  PairValues result;
  for (const int64_t seed : runs.design().seeds) {
    Pair pair(runs, arm, images, seed);
    const double number = value(pair);
    if (pair.why_missing().empty())
      result.values.push_back(number);
    else
      result.missing.push_back(pair.why_missing());
  }
  return result;
}

/// All of S's ends, and P's first.
std::optional<ParityPair> parity_pair(Pair& pair) {
  const Design& design = pair.design();
  const auto shortest = static_cast<double>(design.shortest());
  ParityPair result{
      .scratch = {},
      .pretrained = {shortest, pair.end(Role::kOther, &Scores::ap, design.shortest())}};
  for (const int64_t schedule : pair.schedules())
    result.scratch.push_back(
        {static_cast<double>(schedule), pair.end(Role::kReference, &Scores::ap, schedule)});
  if (result.target(design.margin) <= 0)
    pair.missing(pair.name(Role::kOther, design.shortest()) + " has no AP above the margin");
  if (!pair.why_missing().empty()) return std::nullopt;
  return result;
}

struct ParityRow {
  Parity parity;
  int n = 0;
  std::vector<std::string> missing;
};

ParityRow parity_at(const Runs& runs, const std::string& arm, int64_t images) {
  std::vector<ParityPair> pairs;
  PairValues values = values_of(runs, arm, images, [&](Pair& pair) {
    if (const auto found = parity_pair(pair)) pairs.push_back(*found);
    return 0.0;
  });
  return {parity(pairs, runs.design().margin), static_cast<int>(pairs.size()),
          std::move(values.missing)};
}

class Judge {
 public:
  Judge(const Runs& runs, const std::string& arm) : runs_(runs), arm_(arm) {}

  ArmClaims run(bool keypoints) {
    ArmClaims result{.arm = arm_,
                     .claims = {},
                     .keypoints = std::nullopt,
                     .breakdown = {},
                     .parity = {},
                     .worth = {}};
    const bool several_schedules = design().schedules.size() > 1;
    if (several_schedules)
      for (const int64_t images : design().sizes) {
        parity_.push_back(parity_at(runs_, arm_, images));
        const Parity& parity = parity_.back().parity;
        result.parity.push_back({images, parity.iterations, parity.num_censored > 0});
      }
    for (size_t i = 0; i < kRules.size(); ++i) result.claims[i] = claim(kRules[i], result);
    if (keypoints) result.keypoints = claim(kKeypointRule, result);
    result.breakdown = breakdown(result.claim(3));
    for (const int64_t images : design().sizes)
      for (const int64_t schedule : design().schedules_of(images))
        result.worth.push_back(worth(images, schedule));
    return result;
  }

 private:
  const Design& design() const { return runs_.design(); }

  SizeRow row(const Rule& rule, size_t size) const {
    SizeRow row{.images = design().sizes[size],
                .estimate = std::numeric_limits<double>::quiet_NaN(),
                .interval = std::nullopt};
    if (rule.value) {
      PairValues pairs = values_of(runs_, arm_, row.images, rule.value);
      row.estimate = mean(pairs.values);
      row.interval = t_interval(pairs.values);
      row.n = static_cast<int>(pairs.values.size());
      row.missing = std::move(pairs.missing);
    } else if (!parity_.empty()) {
      const ParityRow& found = parity_[size];
      row.estimate = found.parity.ratio;
      row.interval = found.parity.interval;
      row.n = found.n;
      row.num_censored = found.parity.num_censored;
      row.missing = found.missing;
    }
    row.verdict =
        verdict_of(row.interval, rule.threshold(design().margin), rule.supports, rule.touching);
    return row;
  }

  /// Claims of smaller id are already in `before`.
  Claim claim(const Rule& rule, const ArmClaims& before) const {
    Claim claim;
    claim.id = rule.id;
    claim.arm = arm_;
    claim.title = rule.title;
    claim.unit = rule.unit;
    claim.threshold = rule.threshold(design().margin);
    claim.rule = rule_text(rule, design().margin);
    for (size_t size = 0; size < design().sizes.size(); ++size)
      claim.by_size.push_back(row(rule, size));
    decide(claim, claim.by_size.back());
    std::string more;
    if (rule.condition == Condition::kEqualConfigurations && !design().only_init_differs &&
        claim.verdict == Verdict::kSupported) {
      claim.verdict = Verdict::kInconclusive;
      more = ", but the configurations differ in more than model.init";
    }
    if (rule.condition == Condition::kWhereNoWorse)
      more = search_counterexample(rule, claim, before.claim(3));
    const SizeRow& decisive =
        *std::find_if(claim.by_size.begin(), claim.by_size.end(),
                      [&](const SizeRow& r) { return r.images == claim.images; });
    claim.why = rule.value || !parity_.empty()
                    ? comparison_text(claim, decisive) + more + missing_text(decisive.missing)
                    : "one schedule has no other end to interpolate to";
    return claim;
  }

  static void decide(Claim& claim, const SizeRow& row) {
    claim.verdict = row.verdict;
    claim.images = row.images;
    claim.estimate = row.estimate;
    claim.interval = row.interval;
    claim.n = row.n;
  }

  /// Claim 5: contradicted at the largest size where claim 3 is supported and the gap is wider for
  /// certain, or not at all. Returns what the sentence adds.
  std::string search_counterexample(const Rule& rule, Claim& claim, const Claim& no_worse) const {
    const double confidence = 1 - (1 - kConfidence) / static_cast<double>(design().sizes.size());
    for (size_t size = design().sizes.size(); size-- > 0;) {
      if (no_worse.by_size[size].verdict != Verdict::kSupported) continue;
      SizeRow row = claim.by_size[size];
      row.interval = t_interval(values_of(runs_, arm_, row.images, rule.value).values, confidence);
      row.verdict = verdict_of(row.interval, claim.threshold, rule.supports, rule.touching);
      if (row.verdict != Verdict::kContradicted) continue;
      decide(claim, row);
      return fmt::format(
          " at {} images, where scratch ends no worse ({:.4g} % interval, as {} {} searched)",
          number_text(row.images), 100 * confidence, design().sizes.size(),
          design().sizes.size() == 1 ? "size was" : "sizes were");
    }
    if (claim.verdict == Verdict::kContradicted) {
      claim.verdict = Verdict::kInconclusive;
      return no_worse.by_size.back().verdict == Verdict::kSupported
                 ? fmt::format(", but the {:.4g} % interval of a search over {} sizes does not",
                               100 * confidence, design().sizes.size())
                 : ", but there scratch is not known to end no worse (claim 3)";
    }
    std::vector<std::string> narrowed;
    for (const SizeRow& row : claim.by_size)
      if (row.verdict == Verdict::kContradicted) narrowed.push_back(number_text(row.images));
    return narrowed.empty() ? ""
                            : fmt::format("; pre-training narrows the gap at {} images",
                                          fmt::join(narrowed, ", "));
  }

  static Breakdown breakdown(const Claim& no_worse) {
    Breakdown result;
    for (const SizeRow& row : no_worse.by_size) {
      if (row.verdict == Verdict::kContradicted) result = {row.images, std::nullopt};
      if (row.verdict == Verdict::kSupported && !result.no_worse_at)
        result.no_worse_at = row.images;
    }
    return result;
  }

  Worth worth(int64_t images, int64_t schedule) const {
    PairValues pairs = values_of(runs_, arm_, images, [&](Pair& pair) {
      return pair.end(Role::kOther, &Scores::ap, schedule) -
             pair.end(Role::kReference, &Scores::ap, schedule);
    });
    return {.images = images,
            .schedule = schedule,
            .estimate = mean(pairs.values),
            .interval = t_interval(pairs.values),
            .n = static_cast<int>(pairs.values.size()),
            .missing = std::move(pairs.missing)};
  }

  const Runs& runs_;
  const std::string& arm_;
  std::vector<ParityRow> parity_;  // by size; empty for a single schedule
};

}  // namespace

std::vector<ArmClaims> judge(const Design& design, std::span<const Measurement> measurements) {
  const Runs runs(design, measurements);
  std::vector<ArmClaims> result;
  const bool keypoints = std::any_of(measurements.begin(), measurements.end(),
                                     [](const auto& m) { return !std::isnan(m.keypoint_ap); });
  for (const std::string& arm : design.others) result.push_back(Judge(runs, arm).run(keypoints));
  return result;
}

}  // namespace denovo::study
