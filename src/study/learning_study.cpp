// The learning curves as exhibits.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string>

#include "evaluate/table_facts.h"
#include "report/phrases.h"
#include "study/learning_curves.h"
#include "triage/tools/study.h"

namespace triage {
namespace {

constexpr double kClearErrors = 2;

std::string name_of(CurveMethod method) { return std::string(to_string(method)); }

Cell count_cell(std::size_t count) { return static_cast<double>(count); }

// In standard errors; 0 where there is no difference but that of rounding.
double in_errors(double difference, double error) {
  constexpr double kNoDifference = 1e-12;
  return std::abs(difference) < kNoDifference ? 0 : difference / error;
}

// Of the judged rivals, the one of most worth.
const CurveRival& best_rival(const CurveStep& step) {
  const CurveRival* best = nullptr;
  for (const CurveRival& rival : step.rivals) {
    if (!is_judged_rival(rival.method)) continue;
    if (best == nullptr || rival.worth < best->worth) best = &rival;
  }
  return *best;
}

double worth_of(const CurveStep& step, CurveMethod method) {
  return std::find_if(step.points.begin(), step.points.end(),
                      [&](const CurvePoint& point) { return point.method == method; })
      ->worth;
}

std::string failures_of(const CurveStep& step) {
  std::string names;
  for (const CurveRival& rival : step.rivals) {
    if (!rival.fails_auto()) continue;
    names += fmt::format("{}{}{}", names.empty() ? "" : ", ", to_string(rival.method),
                         rival.dominates() ? " (more score, no more time)" : "");
  }
  return names;
}

// Whether auto is below any of the judged rivals by so much that chance hardly explains it.
bool is_clearly_below(const CurveStep& step) {
  return std::any_of(step.rivals.begin(), step.rivals.end(), [](const CurveRival& rival) {
    return is_judged_rival(rival.method) && rival.worth < -kClearErrors * rival.worth_error;
  });
}

std::size_t count_steps(std::span<const CurveStep> steps, bool (*holds)(const CurveStep&)) {
  return static_cast<std::size_t>(std::count_if(steps.begin(), steps.end(), holds));
}

std::string check_verdict(std::span<const CurveStep> steps) {
  const std::size_t passed = count_steps(steps, [](const CurveStep& step) { return step.passes(); });
  const std::size_t clear = count_steps(steps, is_clearly_below);
  if (passed == steps.size()) return "Auto is nowhere below a rival by more than half a standard error.";
  return fmt::format(
      "Auto is below a rival by more than half a standard error at {} of {} sizes, by more than two at {}.",
      steps.size() - passed, steps.size(), clear == 0 ? "none" : std::to_string(clear));
}

std::string check_about() {
  return fmt::format(
      "Rivals: SBS, cascades of two and of three, cascade routing, and the zero router at auto's time. "
      "Worth, in points, against the SBS of the same training set: gain in score + {} point * (1 - time / "
      "SBS's time), as where training chooses a kind. Auto passes where no rival is worth more by over "
      "half a standard error of the difference, nor has more score by over half a standard error in no "
      "more time. The best rival is the one of most worth on the inputs that judge, so it is chosen with "
      "hindsight. Where it fails, the rivals are named. Standard errors are over inputs and training sets "
      "together. Of two methods that are equally good, each is below the other by over half an error in 31 "
      "% of all trials.",
      100 * kWorthOfTime);
}

Exhibit check_exhibit(std::span<const CurveStep> steps) {
  Exhibit exhibit;
  exhibit.id = "learning-check";
  exhibit.title = "The check: auto against the best of its rivals";
  exhibit.about = check_about();
  exhibit.data.columns = {{"inputs", 0},         {"judged on", 0}, {"auto's worth", 2},
                          {"best rival", 0},     {"its worth", 2}, {"difference", 2},
                          {"standard error", 2}, {"in errors", 1}, {"check", 0}};
  for (const CurveStep& step : steps) {
    const CurveRival& best = best_rival(step);
    exhibit.data.rows.push_back({count_cell(step.inputs), count_cell(step.judging),
                                 100 * worth_of(step, CurveMethod::kAuto), name_of(best.method),
                                 100 * worth_of(step, best.method), 100 * best.worth, 100 * best.worth_error,
                                 in_errors(best.worth, best.worth_error),
                                 step.passes() ? std::string("pass") : "FAIL: " + failures_of(step)});
  }
  exhibit.ours =
      fmt::format("passes at {} of {} sizes",
                  count_steps(steps, [](const CurveStep& step) { return step.passes(); }), steps.size());
  exhibit.verdict = check_verdict(steps);
  return exhibit;
}

// Of auto.
std::string gain_phrase(const CurveStep& step) {
  const CurvePoint& point = step.points.front();
  return fmt::format("with {} inputs {} points in {} times the time of SBS", grouped(step.inputs),
                     points(point.gain.median), times(point.ratio.median));
}

Exhibit curves_exhibit(std::span<const CurveStep> steps) {
  Exhibit exhibit;
  exhibit.id = "learning-curves";
  exhibit.title = "Learning curves";
  exhibit.about =
      "Score and time against the SBS of the same training set, by the inputs that it has: the median over "
      "the training sets, and shaded from the first to the third quartile. The zero router mixes single "
      "models at random so that it takes auto's time.";
  exhibit.data.columns = {{"inputs", 0},
                          {"method", 0},
                          {"gain, points", 2},
                          {"gain, 1st quartile", 2},
                          {"gain, 3rd quartile", 2},
                          {"time / SBS's time", 3},
                          {"time, 1st quartile", 3},
                          {"time, 3rd quartile", 3},
                          {"mean gain", 2},
                          {"mean time", 3},
                          {"worth, points", 2}};
  exhibit.chart = {ChartSpec::Kind::kCurves, 0, {2, 5}, 1, {3, 6}, {4, 7}};
  for (const CurveStep& step : steps) {
    for (const CurvePoint& point : step.points) {
      exhibit.data.rows.push_back({count_cell(step.inputs), name_of(point.method), 100 * point.gain.median,
                                   100 * point.gain.low, 100 * point.gain.high, point.ratio.median,
                                   point.ratio.low, point.ratio.high, 100 * point.mean_gain, point.mean_ratio,
                                   100 * point.worth});
    }
  }
  exhibit.ours = "medians of auto: " + gain_phrase(steps.front());
  exhibit.verdict = fmt::format("In the end, {}.", gain_phrase(steps.back()));
  return exhibit;
}

std::string most_often(const CurveStep& step, std::span<const PolicyKind> kinds) {
  const auto often = [&](PolicyKind kind) {
    return std::count(step.chosen.begin(), step.chosen.end(), kind);
  };
  const PolicyKind most = *std::max_element(kinds.begin(), kinds.end(),
                                            [&](PolicyKind a, PolicyKind b) { return often(a) < often(b); });
  return fmt::format("with {} inputs most often {}, {} of {} times", grouped(step.inputs), to_string(most),
                     often(most), step.chosen.size());
}

Exhibit kinds_exhibit(std::span<const CurveStep> steps) {
  constexpr std::array kKinds{PolicyKind::kSingleBest, PolicyKind::kCheapestEqual, PolicyKind::kCascadeOfTwo,
                              PolicyKind::kCascadeOfThree, PolicyKind::kAdaptive};
  Exhibit exhibit;
  exhibit.id = "learning-kinds";
  exhibit.title = "What auto chose";
  exhibit.about = "Training sets for which auto chose each kind.";
  exhibit.data.columns = {{"inputs", 0}};
  for (const PolicyKind kind : kKinds) exhibit.data.columns.push_back({std::string(to_string(kind)), 0});
  for (const CurveStep& step : steps) {
    auto& row = exhibit.data.rows.emplace_back(std::vector<Cell>{count_cell(step.inputs)});
    for (const PolicyKind kind : kKinds) {
      row.push_back(
          count_cell(static_cast<std::size_t>(std::count(step.chosen.begin(), step.chosen.end(), kind))));
    }
  }
  exhibit.ours = most_often(steps.front(), kKinds);
  exhibit.verdict = fmt::format("In the end, {}.", most_often(steps.back(), kKinds));
  return exhibit;
}

// Where auto is farthest below a judged rival, at equal worth and in standard errors.
std::string lowest_phrase(std::span<const CurveStep> steps) {
  double lowest = 0;
  std::string where;
  for (const CurveStep& step : steps) {
    for (const CurveRival& rival : step.rivals) {
      const double errors = in_errors(rival.worth, rival.worth_error);
      if (!is_judged_rival(rival.method) || !(errors < lowest)) continue;
      lowest = errors;
      where = fmt::format("{}, with {} inputs: {} points", to_string(rival.method), grouped(step.inputs),
                          points(rival.worth));
    }
  }
  if (where.empty()) return "At equal worth it is below none of them.";
  return fmt::format("At equal worth it is farthest below {}, {:.1f} standard errors.", where, lowest);
}

Exhibit rivals_exhibit(std::span<const CurveStep> steps) {
  Exhibit exhibit;
  exhibit.id = "learning-rivals";
  exhibit.title = "Auto less each other method";
  exhibit.about =
      "Differences in points with their standard errors, over inputs and training sets. Adaptive and the "
      "cheapest equal model are among what auto chooses from, and not part of the check.";
  exhibit.data.columns = {
      {"inputs", 0},    {"method", 0},           {"worth difference", 2}, {"standard error", 2},
      {"in errors", 1}, {"score difference", 2}, {"standard error", 2},   {"takes more time than auto", 0},
      {"check", 0}};
  std::size_t judged = 0, passed = 0;
  for (const CurveStep& step : steps) {
    for (const CurveRival& rival : step.rivals) {
      const bool is_judged = is_judged_rival(rival.method);
      judged += is_judged ? 1 : 0;
      passed += is_judged && !rival.fails_auto() ? 1 : 0;
      exhibit.data.rows.push_back({count_cell(step.inputs), name_of(rival.method), 100 * rival.worth,
                                   100 * rival.worth_error, in_errors(rival.worth, rival.worth_error),
                                   100 * rival.score, 100 * rival.score_error,
                                   std::string(rival.is_cheaper ? "no" : "yes"),
                                   std::string(!is_judged           ? "not part of it"
                                               : rival.fails_auto() ? "FAIL"
                                                                    : "pass")});
    }
  }
  exhibit.ours = fmt::format("auto passes in {} of {} comparisons with rivals", passed, judged);
  exhibit.verdict = lowest_phrase(steps);
  return exhibit;
}

}  // namespace

Study study_learning(const Table& table, const LearningOptions& options) {
  const std::vector<CurveStep> steps = measure_curves(table, options);
  Study study;
  study.title =
      fmt::format("Learning curves on {} inputs and {} models", grouped(table.n_inputs()), table.n_models());
  EvaluateOptions facts;
  facts.criterion = options.criterion;
  set_table_facts(table, facts, study.evaluation);
  study.exhibits = {check_exhibit(steps), curves_exhibit(steps), kinds_exhibit(steps), rivals_exhibit(steps)};
  study.verdict =
      fmt::format("{} {} training sets of each size, from {} to {} inputs.", study.exhibits.front().verdict,
                  options.draws, grouped(steps.front().inputs), grouped(steps.back().inputs));
  for (const Exhibit& exhibit : study.exhibits) {
    study.findings.push_back(fmt::format("{}: {}. {}", exhibit.title, exhibit.ours, exhibit.verdict));
  }
  return study;
}

}  // namespace triage
