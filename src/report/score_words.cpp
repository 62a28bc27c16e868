#include "triage/tools/score_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "report/phrases.h"

namespace triage {

ScoreWords::ScoreWords(Terms terms, Criterion criterion, std::string_view labels_from)
    : terms_(std::move(terms)),
      name_(terms_.score.empty() ? score_word(criterion, labels_from) : terms_.score) {}

bool ScoreWords::costs_are_times() const {
  constexpr std::array<std::string_view, 5> kTimes{"ms", "s", "us", "min", "h"};
  return std::find(kTimes.begin(), kTimes.end(), terms_.cost_unit) != kTimes.end();
}

bool ScoreWords::in_percent() const {
  return terms_.score_unit == "%" && terms_.worst == 0 && terms_.best == 100;
}

bool ScoreWords::is_share() const { return in_percent() || (terms_.worst == 0 && terms_.best == 1); }

std::string ScoreWords::head() const {
  return terms_.score_unit.empty() ? name_ : fmt::format("{} {}", name_, terms_.score_unit);
}

std::string ScoreWords::head_of(std::string_view method) const {
  return is_named() ? fmt::format("{} {}", method, head()) : fmt::format("{} %", method);
}

std::string ScoreWords::score(double share, int digits) const {
  return in_percent() ? percent(share, digits) : significant_figure(terms_.shown(share), 4);
}

std::string ScoreWords::score_with_unit(double share) const {
  const std::string& unit = terms_.score_unit;
  return fmt::format("{} {}{}{}", score(share), unit, unit.empty() ? "" : " ", name_);
}

std::string ScoreWords::score_range(Interval range, int digits) const {
  if (!std::isfinite(range.low)) return kNoFigure;
  if (less_is_better()) std::swap(range.low, range.high);
  return fmt::format("[{}, {}]", score(range.low, digits), score(range.high, digits));
}

std::string ScoreWords::score_estimate(double share, Interval range, int digits) const {
  return with_range(score(share, digits), score_range(range, digits));
}

std::string ScoreWords::spread(double share, int digits) const {
  return in_percent() ? percent(share, digits)
                      : significant_figure(std::abs(terms_.best - terms_.worst) * share, 3);
}

std::string ScoreWords::gain(double difference, int digits) const {
  if (in_percent()) return points(difference, digits);
  const double shown = terms_.shown_gain(difference);
  return fmt::format("{}{}", shown > 0 ? "+" : "", significant_figure(shown == 0 ? 0 : shown, 3));
}

std::string ScoreWords::gain_range(Interval range) const {
  if (!std::isfinite(range.low)) return kNoFigure;
  if (less_is_better()) std::swap(range.low, range.high);
  return fmt::format("[{}, {}]", gain(range.low), gain(range.high));
}

std::string ScoreWords::gain_estimate(const Estimate& estimate) const {
  return with_range(gain(estimate.value), gain_range(estimate.interval));
}

std::string ScoreWords::gain_unit() const { return terms_.score_unit == "%" ? "points" : terms_.score_unit; }

std::string ScoreWords::named_unit() const {
  if (in_percent()) return gain_unit();
  return gain_unit().empty() ? name_ : fmt::format("{} {}", gain_unit(), name_);
}

std::string ScoreWords::gain_phrase(const Estimate& estimate) const {
  return with_range(fmt::format("{} {}", gain(estimate.value), named_unit()), gain_range(estimate.interval));
}

std::string ScoreWords::gain_with_error(double difference, double error) const {
  if (in_percent())
    return fmt::format("{:+.2f} points (standard error {:.2f})", 100 * difference, 100 * error);
  return fmt::format("{} {} (standard error {})", gain(difference), named_unit(), plain(error, 2));
}

std::string ScoreWords::plain(double difference, int digits) const {
  return in_percent() ? percent(difference, digits)
                      : significant_figure(std::abs(terms_.best - terms_.worst) * difference, 3);
}

std::string ScoreWords::amount(double difference, int digits) const {
  return fmt::format("{} {}", plain(difference, digits), named_unit());
}

std::string ScoreWords::loss(double difference) const {
  return fmt::format("{} {}", loss_figure(difference), named_unit());
}

std::string ScoreWords::loss_figure(double difference) const {
  return in_percent() ? points(difference) : plain(difference, 2);
}

std::string ScoreWords::advantage(const Estimate& estimate) const {
  Interval range = estimate.interval;
  const bool is_worse = estimate.value < 0;
  if (is_worse) range = {-range.high, -range.low};
  const std::string words =
      fmt::format("{} by {}", is_worse ? "worse" : "better", amount(std::abs(estimate.value)));
  return std::isfinite(range.low)
             ? fmt::format("{} [{}, {}]", words, plain(range.low, 2), plain(range.high, 2))
             : words;
}

std::string ScoreWords::gain_head(std::string_view reference) const {
  const std::string unit = gain_unit();
  return fmt::format("{} - {}{}{}", is_named() ? name_ : "score", reference, unit.empty() ? "" : ", ", unit);
}

std::string ScoreWords::cost(double value) const {
  return terms_.counts_ms() ? milliseconds(value) : significant_figure(value, 3);
}

std::string ScoreWords::cost_phrase(double value) const {
  return fmt::format("{} {}", cost(value), terms_.cost_unit);
}

std::string ScoreWords::cost_figure(double value) const {
  return terms_.counts_ms() ? format_figure(value) : significant_figure(value, 4);
}

std::string ScoreWords::cost_tick(double value) const {
  return terms_.counts_ms() ? fmt::format("{:g}", value) : significant_figure(value, 1);
}

std::string ScoreWords::cost_noun() const {
  if (!costs_are_times()) return "cost";
  return counts_run_times() ? "run time" : "time";
}

std::string ScoreWords::faster() const { return costs_are_times() ? "faster" : "cheaper"; }

std::string ScoreWords::slower() const { return costs_are_times() ? "slower" : "dearer"; }

std::string ScoreWords::saved(const CostWeights& weights) const {
  return weights == kTimeCost ? cost_noun() : to_string(weights);
}

std::string ScoreWords::unit_of(const CostWeights& weights) const {
  return weights == kTimeCost ? terms_.cost_unit : unit_name(weights);
}

std::string ScoreWords::per_unit(const CostWeights& weights) const {
  const std::string unit = unit_of(weights);
  return weights == kTimeCost || weights == kEnergyCost ? "a " + unit : fmt::format("per ({})", unit);
}

std::string ScoreWords::figures(double share, double cost) const {
  return fmt::format("{} at {}{}", score_with_unit(share), counts_run_times() ? "a mean run time of " : "",
                     cost_phrase(cost));
}

}  // namespace triage
