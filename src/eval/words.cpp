#include "eval/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace triage {
namespace {

// Three significant digits without an exponent.
std::string significant(double value) {
  if (!std::isfinite(value)) return kNoFigure;
  if (value == 0) return "0";
  const int magnitude = static_cast<int>(std::floor(std::log10(std::abs(value))));
  return fmt::format("{:.{}f}", value, std::clamp(2 - magnitude, 0, 9));
}

}  // namespace

std::string percent(double share, int digits) {
  return std::isfinite(share) ? fmt::format("{:.{}f}", 100 * share, digits) : kNoFigure;
}

std::string points(double share, int digits) {
  if (!std::isfinite(share)) return kNoFigure;
  const std::string text = fmt::format("{:+.{}f}", 100 * share, digits);
  // "-0.00" is no figure.
  return text.find_first_of("123456789") == std::string::npos ? text.substr(1) : text;
}

std::string milliseconds(double ms) { return significant(ms); }
std::string times(double factor) { return significant(factor); }

std::string points_range(Interval interval) {
  if (!std::isfinite(interval.low)) return kNoFigure;
  return fmt::format("[{}, {}]", points(interval.low), points(interval.high));
}

std::string times_range(Interval interval) {
  if (!std::isfinite(interval.low)) return kNoFigure;
  return fmt::format("[{}, {}]", times(interval.low), times(interval.high));
}

std::string score_word(Criterion criterion, std::string_view labels_from) {
  if (labels_from.empty()) return criterion == Criterion::kTop1 ? "top-1" : "top-5";
  return criterion == Criterion::kTop1 ? "agreement" : "top-5 agreement";
}

std::string score_head(Criterion criterion, std::string_view labels_from) {
  const bool short_form = !labels_from.empty() && criterion == Criterion::kTop5;
  return (short_form ? std::string("in top 5") : score_word(criterion, labels_from)) + " %";
}

std::string criterion_name(const Evaluation& evaluation) {
  const std::string name = score_word(evaluation.criterion, evaluation.labels_from);
  return evaluation.labels_from.empty() ? name : fmt::format("{} with {}", name, evaluation.labels_from);
}

std::string score_phrase(const Evaluation& evaluation) {
  return criterion_name(evaluation) + (evaluation.labels_from.empty() ? " score" : "");
}

std::string score_subject(const Evaluation& evaluation) {
  return evaluation.labels_from.empty() ? "accuracy" : "agreement with " + evaluation.labels_from;
}

std::string right_note(std::string_view labels_from) {
  return labels_from.empty() ? std::string() : fmt::format(" Right is the answer of {}.", labels_from);
}

std::string agreement_note(std::string_view labels_from) {
  if (labels_from.empty()) return {};
  return fmt::format(
      "Labels are the answers of {0}: scores are agreement with it, not accuracy, and its own is 100 % by "
      "construction.",
      labels_from);
}

double low_end(const Estimate& estimate) {
  return std::isfinite(estimate.interval.low) ? estimate.interval.low : estimate.value;
}
double high_end(const Estimate& estimate) {
  return std::isfinite(estimate.interval.high) ? estimate.interval.high : estimate.value;
}

std::string sbs_model(const Evaluation& evaluation) {
  const auto& chosen = evaluation.find("SBS")->chosen;
  const auto most = std::max_element(chosen.begin(), chosen.end() - 1);
  return evaluation.models[static_cast<std::size_t>(most - chosen.begin())];
}

}  // namespace triage
