#include "study/learning_curves.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <mutex>

#include "base/number_text.h"
#include "base/parallel.h"
#include "base/stop.h"
#include "stats/crossed_error.h"
#include "stats/mean.h"
#include "stats/quantile.h"
#include "triage/error.h"

namespace triage {
namespace {

constexpr std::size_t kFirstSize = 100;
constexpr std::size_t kEnoughJudging = 200;
constexpr double kAllowedErrors = 0.5;
constexpr double kRounding = 1e-12;  // of sums of equal outcomes

bool is_below(double difference, double error) { return difference < -kAllowedErrors * error - kRounding; }

std::size_t most_training(std::size_t n_inputs) {
  return n_inputs - std::min((n_inputs + 4) / 5, kEnoughJudging);
}

void check_learning(const Table& table, const LearningOptions& options) {
  check_table(table);
  const auto fail = [](std::string_view what, auto found, std::string_view expected) {
    throw Error(ErrorCode::kUsage,
                fmt::format("learning: {} {}, expected {}", what, number_text(found), expected));
  };
  if (options.draws < 2) fail("draws", options.draws, "2 or more");
  if (options.most_judging < 2) fail("inputs that judge", options.most_judging, "2 or more");
  if (options.most_inputs < kFirstSize) fail("most inputs", options.most_inputs, "100 or more");
  if (options.cost != kTimeCost) fail("cost", to_string(options.cost), "time, which the curves count");
  if (table.n_models() < 2) fail("models", table.n_models(), "2 or more");
  if (curve_sizes(table.n_inputs(), options.most_inputs).empty()) {
    fail("inputs", table.n_inputs(), "125 or more: 100 to train on, the others to judge");
  }
  const auto unlabelled = std::count(table.labels.begin(), table.labels.end(), kNoLabel);
  if (unlabelled > 0) fail("inputs without a label", unlabelled, "none; use label_by_model");
  if (!has_all_outputs(table, all_rows(table))) {
    fail("outputs", "missing", "those of every model on every input; profile the inputs with all models");
  }
}

const CurveOutcome& outcome_of(const LearningDraw& draw, CurveMethod method) {
  return *std::find_if(draw.outcomes.begin(), draw.outcomes.end(),
                       [&](const CurveOutcome& outcome) { return outcome.method == method; });
}

CurveQuartiles quartiles_of(std::vector<double> values) {
  return {interpolated_quantile(values, 0.25), interpolated_quantile(values, 0.5),
          interpolated_quantile(values, 0.75)};
}

CurvePoint sum_up_method(std::span<const LearningDraw> draws, CurveMethod method) {
  std::vector<double> gains, ratios;
  for (const LearningDraw& draw : draws) {
    const CurveOutcome& own = outcome_of(draw, method);
    const CurveOutcome& sbs = outcome_of(draw, CurveMethod::kSbs);
    gains.push_back(mean(own.scores) - mean(sbs.scores));
    ratios.push_back(mean(own.ms) / mean(sbs.ms));
  }
  CurvePoint point{method, quartiles_of(gains), quartiles_of(ratios), mean(gains), mean(ratios)};
  point.worth = point.mean_gain + kWorthOfTime * (1 - point.mean_ratio);
  return point;
}

double mean_value(std::span<const CrossedValue> cells) {
  double sum = 0;
  for (const CrossedValue& cell : cells) sum += cell.value;
  return sum / static_cast<double>(cells.size());
}

CurveRival compare_with_auto(std::span<const LearningDraw> draws, CurveMethod method) {
  std::vector<CrossedValue> worths, scores;
  double ms = 0;
  for (std::uint32_t d = 0; d < draws.size(); ++d) {
    const CurveOutcome& own = outcome_of(draws[d], CurveMethod::kAuto);
    const CurveOutcome& other = outcome_of(draws[d], method);
    const double sbs_ms = mean(outcome_of(draws[d], CurveMethod::kSbs).ms);
    for (std::size_t i = 0; i < draws[d].test.size(); ++i) {
      const double score = own.scores[i] - other.scores[i];
      const double saved = (other.ms[i] - own.ms[i]) / sbs_ms;
      scores.push_back({draws[d].test[i], d, score});
      worths.push_back({draws[d].test[i], d, score + kWorthOfTime * saved});
    }
    ms += (mean(other.ms) - mean(own.ms)) / sbs_ms;
  }
  return {method,
          mean_value(worths),
          crossed_error(worths),
          mean_value(scores),
          crossed_error(scores),
          ms <= kRounding * static_cast<double>(draws.size())};
}

}  // namespace

bool CurveRival::is_above() const { return is_below(worth, worth_error); }

bool CurveRival::dominates() const { return is_cheaper && is_below(score, score_error); }

bool CurveRival::fails_auto() const { return is_judged_rival(method) && (is_above() || dominates()); }

bool CurveStep::passes() const {
  return std::none_of(rivals.begin(), rivals.end(),
                      [](const CurveRival& rival) { return rival.fails_auto(); });
}

std::vector<std::size_t> curve_sizes(std::size_t n_inputs, std::size_t most) {
  const std::size_t last = std::min(most, most_training(n_inputs));
  std::vector<std::size_t> sizes;
  for (std::size_t n = kFirstSize; n <= last; n *= 2) sizes.push_back(n);
  if (!sizes.empty() && 4 * last >= 5 * sizes.back()) sizes.push_back(last);
  return sizes;
}

CurveStep sum_up_draws(std::span<const LearningDraw> draws, std::size_t n_train) {
  CurveStep step;
  step.inputs = n_train;
  step.judging = draws.front().test.size();
  for (const CurveOutcome& outcome : draws.front().outcomes) {
    step.points.push_back(sum_up_method(draws, outcome.method));
    if (outcome.method == CurveMethod::kAuto) continue;
    step.rivals.push_back(compare_with_auto(draws, outcome.method));
  }
  for (const LearningDraw& draw : draws) step.chosen.push_back(draw.auto_kind);
  return step;
}

std::vector<CurveStep> measure_curves(const Table& table, const LearningOptions& options) {
  check_learning(table, options);
  const auto sizes = curve_sizes(table.n_inputs(), options.most_inputs);
  const auto n_draws = static_cast<std::size_t>(options.draws);
  std::mutex mutex;
  std::size_t done = 0;
  std::vector<CurveStep> steps(sizes.size());
  // The largest first: the time left is then guessed too long rather than too short.
  for (std::size_t s = sizes.size(); s-- > 0;) {
    std::vector<LearningDraw> draws(n_draws);
    const std::function<void(std::size_t)> work = [&](std::size_t d) {
      throw_if_stopped(options.stop, "study");
      draws[d] = make_learning_draw(table, sizes[s], d, options);
      const std::lock_guard lock(mutex);
      ++done;
      if (options.on_progress) options.on_progress(done, n_draws * sizes.size());
    };
    for_each_parallel(n_draws, options.threads > 0 ? options.threads : default_threads(),
                      [&] { return work; });
    steps[s] = sum_up_draws(draws, sizes[s]);
  }
  return steps;
}

}  // namespace triage
