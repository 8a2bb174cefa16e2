#include "apps/study/statistics/pair.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"

namespace denovo::study {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Runs::Runs(const Design& design, std::span<const Measurement> measurements) : design_(design) {
  if (design.sizes.empty() || design.schedules.empty())
    throw ConfigError("study: a grid needs a size and a schedule, got none");
  for (const Measurement& m : measurements)
    if (!runs_.try_emplace({m.arm, m.images, m.schedule, m.seed}, &m).second)
      throw ConfigError(fmt::format("study: a run is measured once, got {} twice",
                                    run_name(m.arm, m.images, m.schedule, m.seed)));
}

const Measurement* Runs::find(const std::string& arm, int64_t images, int64_t schedule,
                              int64_t seed) const {
  const auto found = runs_.find({arm, images, schedule, seed});
  return found == runs_.end() ? nullptr : found->second;
}

std::string run_name(const std::string& arm, int64_t images, int64_t schedule, int64_t seed) {
  return fmt::format("{}-{}-{}-s{}", arm, images, schedule, seed);
}

const std::string& Pair::arm_name(Role role) const {
  return role == Role::kReference ? design().reference : other_;
}

std::string Pair::name(Role role, int64_t schedule) const {
  return run_name(arm_name(role), images_, schedule, seed_);
}

double Pair::missing(std::string why) {
  if (why_missing_.empty()) why_missing_ = std::move(why);
  return kNan;
}

const Measurement* Pair::finished(Role role, int64_t schedule) {
  const Measurement* run = runs_.find(arm_name(role), images_, schedule, seed_);
  if (run && run->finished) return run;
  missing(fmt::format("{} {}", name(role, schedule), run ? "did not finish" : "is missing"));
  return nullptr;
}

double Pair::defined(double value, const char* what, Role role, int64_t schedule) {
  if (std::isfinite(value)) return value;
  return missing(fmt::format("{} has no {}", name(role, schedule), what));
}

double Pair::end(Role role, double Scores::*score, int64_t schedule) {
  const Measurement* run = finished(role, schedule);
  return run ? defined(run->final.*score, "AP", role, schedule) : kNan;
}

double Pair::end_of_keypoints(Role role) {
  const Measurement* run = finished(role, longest());
  return run ? defined(run->keypoint_ap, "keypoint AP", role, longest()) : kNan;
}

double Pair::overfitting(Role role) {
  const Measurement* run = finished(role, longest());
  if (!run) return kNan;
  return defined(run->train_ap, "train AP", role, longest()) - end(role, &Scores::ap, longest());
}

double Pair::early(Role role) {
  const Measurement* run = finished(role, longest());
  if (!run) return kNan;
  const auto iteration = std::llround(design().early_fraction * static_cast<double>(longest()));
  const auto next =
      std::find_if(run->curve.begin(), run->curve.end(),
                   [&](const CurvePoint& point) { return point.iteration >= iteration; });
  if (next != run->curve.end() && next->iteration == iteration)
    return defined(next->ap, "AP early on", role, longest());
  if (next == run->curve.end() || next == run->curve.begin())
    return missing(fmt::format("{} has no AP before and after {} iterations", name(role, longest()),
                               iteration));
  const CurvePoint& last = *std::prev(next);
  const double share = static_cast<double>(iteration - last.iteration) /
                       static_cast<double>(next->iteration - last.iteration);
  return defined(last.ap + share * (next->ap - last.ap), "AP early on", role, longest());
}

}  // namespace denovo::study
