// Scores and costs from the runs of a scenario: PAR10 where run times count, else a share of the range seen.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "import/aslib_runs.h"
#include "triage/error.h"

namespace triage {
namespace {

[[noreturn]] void fail_runs(const std::filesystem::path& folder, const std::string& what) {
  throw Error(ErrorCode::kData, fmt::format("{}: {}", (folder / "algorithm_runs.arff").string(), what));
}

// All repetitions of one algorithm on one instance.
struct Repetitions {
  std::size_t n = 0, solved = 0;
  double score_sum = 0, cost_sum = 0;
};

std::vector<Repetitions> no_repetitions(const AslibRuns& runs) {
  return std::vector<Repetitions>(runs.instances.size() * runs.algorithms.size());
}

Repetitions& repetitions_of(std::vector<Repetitions>& all, const AslibRuns& runs, const AslibRun& run) {
  return all[run.instance * runs.algorithms.size() + run.algorithm];
}

// Calls score_of for those that were run.
template <class ScoreOf>
std::vector<std::optional<OutcomeCell>> cells_of(const std::vector<Repetitions>& all,
                                                 const ScoreOf& score_of) {
  std::vector<std::optional<OutcomeCell>> cells;
  for (const Repetitions& one : all) {
    cells.emplace_back();
    if (one.n == 0) continue;
    const double cost = one.cost_sum / static_cast<double>(one.n);
    cells.back().emplace();
    cells.back()->score = static_cast<float>(score_of(one, cost));
    cells.back()->cost = static_cast<float>(cost);
  }
  return cells;
}

AslibOutcomes times_as_outcomes(const AslibRuns& runs, double cutoff, const std::filesystem::path& folder) {
  if (cutoff == 0) {
    throw Error(ErrorCode::kData, fmt::format("{}: no algorithm_cutoff_time, expected one above 0, since run "
                                              "times are judged by it; add it",
                                              (folder / "description.txt").string()));
  }
  AslibOutcomes outcomes;
  outcomes.terms = {.score = "PAR10",
                    .worst = 10 * cutoff,
                    .best = 0,
                    .score_unit = "s",
                    .cost_unit = "s",
                    .cutoff = cutoff};
  std::vector<Repetitions> all = no_repetitions(runs);
  for (const AslibRun& run : runs.runs) {
    Repetitions& one = repetitions_of(all, runs, run);
    ++one.n;
    one.solved += run.is_ok && run.time && *run.time <= cutoff ? 1 : 0;
    one.cost_sum += std::min(run.time.value_or(cutoff), cutoff);
  }
  outcomes.cells = cells_of(all, [&](const Repetitions& one, double cost) {
    return outcomes.terms.score_of_time(cost, 2 * one.solved > one.n);
  });
  return outcomes;
}

// Worst and best of the runs that are ok.
Terms quality_terms(const AslibRuns& runs, const AslibMeasure& measure, const std::filesystem::path& folder) {
  double least = std::numeric_limits<double>::infinity(), most = -least;
  for (const AslibRun& run : runs.runs) {
    if (!run.is_ok || !run.value) continue;
    least = std::min(least, *run.value);
    most = std::max(most, *run.value);
  }
  if (!(least < most)) {
    fail_runs(folder, least > most
                          ? fmt::format("no run that is ok has a '{}', expected some", measure.name)
                          : fmt::format("all runs have the same '{}', {}, expected some that differ; "
                                        "name another measure",
                                        measure.name, least));
  }
  Terms terms{.score = measure.name, .worst = least, .best = most, .score_unit = "", .cost_unit = "runs"};
  if (!measure.maximize) std::swap(terms.worst, terms.best);
  if (runs.has_time) terms.cost_unit = "s";
  return terms;
}

double seconds_or_cutoff(const AslibRuns& runs, const AslibRun& run, double cutoff,
                         const std::filesystem::path& folder) {
  if (run.time) return *run.time;
  if (cutoff > 0) return cutoff;
  fail_runs(folder,
            fmt::format("algorithm '{}' on instance '{}' has no time, expected one, since there is no "
                        "algorithm_cutoff_time that could stand for it",
                        runs.algorithms.names()[run.algorithm], runs.instances.names()[run.instance]));
}

AslibOutcomes qualities_as_outcomes(const AslibRuns& runs, const AslibMeasure& measure, double cutoff,
                                    const std::filesystem::path& folder) {
  AslibOutcomes outcomes{quality_terms(runs, measure, folder), {}};
  const double worst = outcomes.terms.worst, best = outcomes.terms.best;
  std::vector<Repetitions> all = no_repetitions(runs);
  for (const AslibRun& run : runs.runs) {
    Repetitions& one = repetitions_of(all, runs, run);
    ++one.n;
    // A run that failed is as bad as the worst that did not.
    one.score_sum += run.is_ok && run.value ? (*run.value - worst) / (best - worst) : 0;
    one.cost_sum += runs.has_time ? seconds_or_cutoff(runs, run, cutoff, folder) : 1;
  }
  outcomes.cells = cells_of(all, [](const Repetitions& one, double) {
    return std::clamp(one.score_sum / static_cast<double>(one.n), 0.0, 1.0);
  });
  return outcomes;
}

}  // namespace

AslibOutcomes outcomes_of(const AslibRuns& runs, const AslibMeasure& measure, double cutoff,
                          const std::filesystem::path& folder) {
  if (runs.runs.empty()) fail_runs(folder, "no runs, expected 1 or more");
  return measure.is_runtime ? times_as_outcomes(runs, cutoff, folder)
                            : qualities_as_outcomes(runs, measure, cutoff, folder);
}

}  // namespace triage
