#include "core/log/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace denovo {
namespace {

constexpr double kRedrawSeconds = 0.1;
// Samples lie at least this far apart and at most this many are kept: half a minute of history.
constexpr double kSampleSeconds = 0.5;
constexpr size_t kMaxSamples = 60;

std::string rate_text(double rate, const std::string& unit) {
  if (rate <= 0) return fmt::format("- {}/s", unit);
  return rate < 100 ? fmt::format("{:.3g} {}/s", rate, unit)
                    : fmt::format("{:.0f} {}/s", rate, unit);
}

}  // namespace

Progress::Progress(Logger& logger, std::string label, int64_t total, ProgressOptions options)
    : logger_(logger),
      label_(std::move(label)),
      total_(total),
      options_(std::move(options)),
      done_(options_.first),
      start_(options_.clock()),
      last_drawn_(start_ - kRedrawSeconds),
      last_line_(start_) {
  samples_.push_back({start_, done_});
}

Progress::~Progress() {
  logger_.draw_live_line("");
}

void Progress::update(int64_t done, std::string_view details) {
  const double now = options_.clock();
  const int64_t before = std::exchange(done_, done);
  details_ = details;
  // The newest sample moves along until it is far enough from the one before it.
  if (samples_.size() > 1 &&
      samples_.back().time - samples_[samples_.size() - 2].time < kSampleSeconds)
    samples_.pop_back();
  samples_.push_back({now, done});
  if (samples_.size() > kMaxSamples) samples_.pop_front();

  const int64_t items = options_.period_items;
  const bool due =
      items > 0 ? done / items != before / items : now - last_line_ >= options_.period_seconds;
  if (due) {
    last_line_ = now;
    logger_.terminal().live ? logger_.record(plain_line()) : logger_.info(plain_line());
  }
  if (logger_.terminal().live && now - last_drawn_ >= kRedrawSeconds) {
    last_drawn_ = now;
    logger_.draw_live_line(bar());
  }
}

void Progress::finish() {
  logger_.draw_live_line("");
  logger_.info(fmt::format("{}: {} in {}", label_, done_ - options_.first,
                           format_duration(options_.clock() - start_)));
}

double Progress::rate() const {
  const double seconds = samples_.back().time - samples_.front().time;
  return seconds > 0 ? (samples_.back().done - samples_.front().done) / seconds : 0;
}

double Progress::eta_seconds() const {
  if (done_ >= total_) return 0;
  const double per_second = rate();
  return per_second > 0 ? (total_ - done_) / per_second : std::numeric_limits<double>::infinity();
}

std::string Progress::plain_line() const {
  return fmt::format("{}: {}/{}, eta {}, {}{}{}", label_, done_, total_,
                     format_duration(eta_seconds()), rate_text(rate(), options_.unit),
                     details_.empty() ? "" : ", ", details_);
}

std::string Progress::bar() const {
  const double share = total_ > 0 ? std::clamp(double(done_) / double(total_), 0.0, 1.0) : 1.0;
  constexpr int kCells = 20;
  const int filled = static_cast<int>(share * kCells);
  std::string cells = std::string(filled, '=') + (filled < kCells ? ">" : "");
  cells.resize(kCells, ' ');
  return fmt::format("{}  {}/{} [{}] {:3.0f}%  eta {}  {}{}{}", label_, done_, total_, cells,
                     100 * share, format_duration(eta_seconds()), rate_text(rate(), options_.unit),
                     details_.empty() ? "" : "  ", details_);
}

}  // namespace denovo
