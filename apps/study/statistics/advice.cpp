#include "apps/study/statistics/advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "apps/study/statistics/wording.h"

namespace denovo::study {
namespace {

constexpr int kManySeeds = 30;  // more are no advice

/// "+6.1 AP (4.2 to 8.0)".
std::string worth_text(const Worth& worth, double threshold) {
  const int decimals = worth.interval ? decimals_of(*worth.interval, threshold) : 1;
  const std::string sign = worth.estimate > 0 ? "+" : "";
  const std::string estimate = fmt::format("{}{} AP", sign, number_text(worth.estimate, decimals));
  return worth.interval ? fmt::format("{} ({})", estimate, interval_text(*worth.interval, decimals))
                        : estimate;
}

/// Seeds with which the interval would lie on one side of the threshold if mean and spread stayed
/// as they are; 0: more than kManySeeds.
int seeds_to_decide(const Worth& worth, double threshold) {
  const double reach = (worth.interval->high - worth.interval->low) / 2;
  const double spread = reach * std::sqrt(worth.n) / t_quantile((1 + kConfidence) / 2, worth.n - 1);
  for (int n = worth.n + 1; n <= kManySeeds; ++n)
    if (t_quantile((1 + kConfidence) / 2, n - 1) * spread / std::sqrt(n) <
        std::abs(worth.estimate - threshold))
      return n;
  return 0;
}

class Adviser {
 public:
  Adviser(const Design& design, const ArmClaims& claims)
      : design_(design),
        claims_(claims),
        name_(design.others.size() == 1 ? "pre-training" : "\"" + claims.arm + "\""),
        margin_(fmt::format("{} AP, the margin", number_text(design.margin, 1))) {
    for (const Worth& worth : claims.worth)
      if (worth.images == design.largest()) ends_.push_back(worth);
  }

  std::string text() const { return fmt::format("{} {}", short_sentence(), long_sentence()); }

  std::string surer() const {
    const Worth& last = ends_.back();
    if (const std::string names = missing_names(); !names.empty())
      return fmt::format("To be surer, finish what is left out: {}.", names);
    if (last.n < kFewestPairs)
      return "To be surer, run three seeds or more: fewer have no interval.";
    if (!last.interval)
      return fmt::format(
          "To be surer, find out why all seeds give the same difference{}.",
          last.estimate == 0 ? ": either nothing is learned yet, or the arms are the same" : "");
    if (side_of(*last.interval, design_.margin) == Side::kAcross) {
      const int seeds = seeds_to_decide(last, design_.margin);
      return seeds > 0 ? fmt::format(
                             "To be surer, run about {} seeds: if mean and spread stay as they "
                             "are, they decide whether it is worth the margin in the end.",
                             seeds)
                       : fmt::format(
                             "More seeds will hardly make it surer: even {} would not separate the "
                             "difference from the margin, if mean and spread stay as they "
                             "are.",
                             kManySeeds);
    }
    return more_sizes();
  }

 private:
  /// The first few.
  std::string missing_names() const {
    constexpr size_t kMost = 3;
    std::vector<std::string> names;
    for (const Worth& worth : ends_)
      names.insert(names.end(), worth.missing.begin(), worth.missing.end());
    const size_t more = names.size() > kMost ? names.size() - kMost : 0;
    names.resize(names.size() - more);
    return fmt::format("{}{}", fmt::join(names, ", "),
                       more > 0 ? fmt::format(" and {} more", more) : "");
  }

  std::string short_sentence() const {
    const Worth& first = ends_.front();
    const std::string where = fmt::format("With {} images and {} iterations",
                                          number_text(first.images), number_text(first.schedule));
    if (first.n == 0) return fmt::format("{}, no pair of runs is complete yet.", where);
    const std::string worth = worth_text(first, 0);
    if (first.n < kFewestPairs)
      return fmt::format("{}, {} gave {} over {}; an interval takes three seeds.", where, name_,
                         worth, first.n == 1 ? "one seed" : "two seeds");
    if (!first.interval)
      return fmt::format(
          "{}, {} gave {} with each of {} seeds; seeds that do not differ have no "
          "interval.",
          where, name_, worth, first.n);
    switch (side_of(*first.interval, 0)) {
      case Side::kAbove:
        return fmt::format("{}, {} is worth {}.", where, name_, worth);
      case Side::kBelow:
        return fmt::format("{}, {} does harm: {}.", where, name_, worth);
      default:
        return fmt::format("{}, it is open whether {} is worth anything: {}.", where, name_, worth);
    }
  }

  /// The shortest schedule from which on the worth is below the margin up to the longest;
  /// ends_.end(): there is none.
  std::vector<Worth>::const_iterator worthless_from() const {
    auto from = ends_.end();
    while (from != ends_.begin() && std::prev(from)->interval &&
           side_of(*std::prev(from)->interval, design_.margin) == Side::kBelow)
      --from;
    return from;
  }

  std::string long_sentence() const {
    const Worth& last = ends_.back();
    const std::string longest = number_text(last.schedule);
    const auto from = worthless_from();
    if (from == ends_.begin())
      return ends_.size() == 1
                 ? fmt::format("That is less than {}: train from random weights.", margin_)
                 : fmt::format(
                       "That is less than {}, as it is after every longer schedule up to {} "
                       "iterations: train from random weights.",
                       margin_, longest);
    if (from != ends_.end())
      return from->schedule == last.schedule
                 ? fmt::format(
                       "After {} iterations, the longest schedule, it is worth less than {}: "
                       "train longer instead.",
                       longest, margin_)
                 : fmt::format(
                       "From {} iterations on, up to the longest schedule of {}, it is worth "
                       "less than {}: train longer instead.",
                       number_text(from->schedule), longest, margin_);
    if (!last.interval)
      return "Whether training longer takes its place cannot be said without an interval.";
    const std::string worth = worth_text(last, design_.margin);
    if (side_of(*last.interval, design_.margin) == Side::kAbove)
      return ends_.size() == 1
                 ? fmt::format("That is more than {}; longer schedules were not tried.", margin_)
                 : fmt::format(
                       "Even after {} iterations, the longest schedule, it is worth {}, more "
                       "than {}: keep it, or train longer still.",
                       longest, worth, margin_);
    return fmt::format(
        "After {} iterations, the longest schedule, it is open whether it is worth {}: {}.",
        longest, margin_, worth);
  }

  std::string more_sizes() const {
    const auto& [worse, no_worse] = claims_.breakdown;
    if (worse && no_worse)
      return fmt::format(
          "More sizes between {} and {} images would say closer where random weights "
          "begin to end no worse.",
          number_text(*worse), number_text(*no_worse));
    if (no_worse)
      return fmt::format("Sizes below {} images would say where random weights begin to end worse.",
                         number_text(*no_worse));
    return fmt::format(
        "Sizes above {} images or longer schedules would say whether random weights "
        "ever end no worse.",
        number_text(design_.largest()));
  }

  const Design& design_;
  const ArmClaims& claims_;
  const std::string name_, margin_;
  std::vector<Worth> ends_;  // at the largest size, by schedule
};

}  // namespace

Advice advise(const Design& design, const ArmClaims& claims) {
  const Adviser adviser(design, claims);
  return {.text = adviser.text(), .surer = adviser.surer()};
}

}  // namespace denovo::study
