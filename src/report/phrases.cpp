#include "report/phrases.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/files.h"
#include "triage/tools/report.h"

namespace triage {
namespace {

// So many significant digits without an exponent.
std::string significant(double value, int digits, int most_decimals = 9) {
  if (!std::isfinite(value)) return kNoFigure;
  if (value == 0) return "0";
  int magnitude = static_cast<int>(std::floor(std::log10(std::abs(value))));
  const double rounded_up = 10 - 5 * std::pow(10.0, -digits);
  if (std::abs(value) >= rounded_up * std::pow(10.0, magnitude)) ++magnitude;
  return fmt::format("{:.{}f}", value, std::clamp(digits - 1 - magnitude, 0, most_decimals));
}

// "-0.00" and "+0.00" become "0.00".
std::string without_minus_zero(std::string text) {
  const bool is_zero = text.find_first_of("123456789") == std::string::npos;
  return is_zero && (text[0] == '-' || text[0] == '+') ? text.substr(1) : text;
}

// 100 in as many digits as 99.99.
std::string in_percent(double share, int digits, bool signed_value) {
  const double value = 100 * share;
  const bool three = std::abs(value) >= 100 - 0.5 * std::pow(10.0, -digits);
  const int decimals = three ? std::min(digits, 1) : digits;
  return without_minus_zero(signed_value ? fmt::format("{:+.{}f}", value, decimals)
                                         : fmt::format("{:.{}f}", value, decimals));
}

}  // namespace

std::string parted(std::string figure) {
  const std::size_t first = figure.find_first_of("0123456789"),
                    end = std::min(figure.find('.'), figure.size());
  for (std::size_t at = end; first != std::string::npos && at > first + 3;) figure.insert(at -= 3, 1, ',');
  return figure;
}

std::string significant_figure(double value, int digits) {
  constexpr int kMostDecimals = 12;
  return parted(significant(value, digits, kMostDecimals));
}

std::string with_range(std::string words, const std::string& range) {
  return range == kNoFigure ? std::move(words) : fmt::format("{} {}", words, range);
}

std::string points_phrase(const Estimate& estimate) {
  return with_range(points(estimate.value) + " points", points_range(estimate.interval));
}

std::string percent(double share, int digits) {
  return std::isfinite(share) ? in_percent(share, digits, false) : kNoFigure;
}

std::string points(double share, int digits) {
  return std::isfinite(share) ? in_percent(share, digits, true) : kNoFigure;
}

std::string format_figure(double value, int most_decimals) {
  return value == 0 ? fmt::format("{:.{}f}", 0.0, most_decimals) : significant(value, 4, most_decimals);
}
std::string milliseconds(double ms) { return significant(ms, 3); }
std::string times(double factor) { return significant(factor, 3); }

std::string points_range(Interval interval) {
  if (!std::isfinite(interval.low)) return kNoFigure;
  return fmt::format("[{}, {}]", points(interval.low), points(interval.high));
}

std::string percent_range(Interval interval, int digits) {
  if (!std::isfinite(interval.low)) return kNoFigure;
  const std::string high = std::isinf(interval.high) ? "never" : percent(interval.high, digits);
  return fmt::format("[{}, {}]", percent(interval.low, digits), high);
}

std::string times_range(Interval interval) {
  if (!std::isfinite(interval.low)) return kNoFigure;
  return fmt::format("[{}, {}]", times(interval.low), times(interval.high));
}

std::string percent_estimate(double share, Interval interval, int digits) {
  return with_range(percent(share, digits), percent_range(interval, digits));
}
std::string points_estimate(double share, Interval interval) {
  return with_range(points(share), points_range(interval));
}
std::string points_estimate(const Estimate& estimate) {
  return points_estimate(estimate.value, estimate.interval);
}
std::string times_estimate(double factor, Interval interval) {
  return with_range(times(factor), times_range(interval));
}
std::string times_estimate(const Estimate& estimate) {
  return times_estimate(estimate.value, estimate.interval);
}

std::string interval_note(const Evaluation& evaluation, std::string_view note) {
  return evaluation.resamples > 0 ? std::string(note) : std::string();
}

std::string protocol_phrase(const Evaluation& evaluation) {
  if (evaluation.folds == 0) return "finished policies";
  const std::string copies =
      evaluation.n_copies == 0
          ? std::string()
          : fmt::format(", training parts with their {} perturbed copies", grouped(evaluation.n_copies));
  if (!evaluation.sources.empty()) {
    return fmt::format("each of {} sources judged by what was trained on the others{}", evaluation.folds,
                       copies);
  }
  if (evaluation.official_folds) {
    return fmt::format("the {} folds that came with the table{}", evaluation.folds, copies);
  }
  return fmt::format("{}-fold cross-validation, seed {}{}", evaluation.folds, evaluation.seed, copies);
}

std::string grouped(std::size_t value) {
  std::string out;
  for (; value >= 1000; value /= 1000) out = fmt::format(",{:03}{}", value % 1000, out);
  return fmt::format("{}{}", value, out);
}

std::string request_phrase(const Evaluation& evaluation) {
  const Request& request = evaluation.request;
  std::string out;
  const auto add = [&](const std::string& part) { out += (out.empty() ? "" : ", ") + part; };
  if (std::isfinite(request.max_latency_ms)) {
    const bool usual = request.cap_quantile == Request{}.cap_quantile;
    add(fmt::format(
        "at most {:g} ms{}", request.max_latency_ms,
        usual ? "" : fmt::format(" by the quantile {:g} of a model's time", request.cap_quantile)));
  }
  if (std::isfinite(request.max_energy_j)) add(fmt::format("at most {:g} J", request.max_energy_j));
  if (request.min_confidence > 0) add(fmt::format("confidence of at least {:g}", request.min_confidence));
  if (std::isfinite(request.price)) add(fmt::format("price {:g}", request.price));
  if (evaluation.mean_latency_ms) add(fmt::format("a mean of {:g} ms", *evaluation.mean_latency_ms));
  return out;
}

std::string score_word(Criterion criterion, std::string_view labels_from) {
  if (labels_from.empty()) return criterion == Criterion::kTop1 ? "top-1" : "top-5";
  return criterion == Criterion::kTop1 ? "agreement" : "top-5 agreement";
}

std::string score_head(Criterion criterion, std::string_view labels_from) {
  const bool short_form = !labels_from.empty() && criterion == Criterion::kTop5;
  return (short_form ? std::string("in top 5") : score_word(criterion, labels_from)) + " %";
}

ScoreWords words_of(const Evaluation& evaluation) {
  return ScoreWords(evaluation.terms, evaluation.criterion, evaluation.labels_from);
}

std::string cost_axis(const ScoreWords& words) {
  return fmt::format("mean {} per input, {} (logarithmic)", words.cost_noun(), words.cost_unit());
}

std::string criterion_name(const Evaluation& evaluation) {
  if (!evaluation.terms.score.empty()) return evaluation.terms.score;
  const std::string name = score_word(evaluation.criterion, evaluation.labels_from);
  return evaluation.labels_from.empty() ? name : fmt::format("{} with {}", name, evaluation.labels_from);
}

std::string score_phrase(const Evaluation& evaluation) {
  if (!evaluation.terms.score.empty()) return evaluation.terms.score;
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

std::string plural(std::string_view noun) {
  return fmt::format("{}{}", noun, noun.ends_with('s') ? "es" : "s");
}

std::string promise_of(const Certificate& certificate, const ScoreWords& words) {
  const std::string where =
      certificate.per.empty()
          ? ""
          : fmt::format(", on average and in each of {} {},", certificate.groups, plural(certificate.per));
  return fmt::format("a loss of at most {} against {}{} with probability {:g} or more",
                     words.amount(certificate.max_loss), certificate.versus, where, 1 - certificate.delta);
}

void write_report(const std::filesystem::path& path, std::string_view text) { write_text_atomic(path, text); }

bool has_class_figures(const Evaluation& evaluation) {
  if (!words_of(evaluation).is_named()) return true;
  return std::any_of(evaluation.methods.begin(), evaluation.methods.end(),
                     [](const Method& method) { return std::isfinite(method.pooled.f1); });
}

bool has_selection(const Evaluation& evaluation) {
  const ScoreWords words = words_of(evaluation);
  return words.counts_successes() && (!words.is_named() || !evaluation.premodels.empty());
}

std::size_t sbs_model_index(const Evaluation& evaluation) {
  const auto& chosen = evaluation.find({MethodKind::kSbs})->chosen;
  return static_cast<std::size_t>(std::max_element(chosen.begin(), chosen.end() - 1) - chosen.begin());
}

std::string sbs_model(const Evaluation& evaluation) { return evaluation.models[sbs_model_index(evaluation)]; }

}  // namespace triage
