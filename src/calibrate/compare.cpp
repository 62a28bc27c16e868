// Two finished policies on the same inputs.
#include "triage/tools/compare.h"

#include <fmt/format.h>

#include <cmath>

#include "base/number_text.h"
#include "base/stop.h"
#include "calibrate/setting_losses.h"
#include "evaluate/origin_warnings.h"
#include "evaluate/table_facts.h"
#include "evaluate/unseen_rows.h"
#include "stats/bootstrap.h"
#include "stats/mean.h"
#include "table/row_order.h"
#include "triage/error.h"

namespace triage {
namespace {

using Pair = std::array<const NamedPolicy*, 2>;

void check_options(const CompareOptions& options) {
  const auto refuse = [](std::string_view what, double found, std::string_view expected) {
    throw Error(ErrorCode::kUsage,
                fmt::format("compare: {} {}, expected {}", what, number_text(found), expected));
  };
  if (!(options.delta >= 1e-9 && options.delta < 1)) {
    refuse("delta", options.delta, "a probability from 1e-9 to below 1, such as 0.05");
  }
  if (options.margin && !(*options.margin > 0 && *options.margin < 1)) {
    refuse("margin", *options.margin, "a share between 0 and 1, such as 0.005 for half a point");
  }
  if (options.resamples < 0) refuse("resamples", options.resamples, "0 or more");
}

void check_pair(const Table& table, const Pair& pair) {
  for (const NamedPolicy* named : pair) {
    if (const auto difference = policy_difference(table, *named->policy)) {
      throw Error(ErrorCode::kPolicy, fmt::format("policy '{}': {}", named->name, *difference));
    }
  }
  if (pair[0]->name == pair[1]->name) {
    throw Error(
        ErrorCode::kUsage,
        fmt::format("policy '{}': both have this name, expected two that differ; rename one", pair[0]->name));
  }
}

// Of what is left when both policies' training inputs and copies of pictures have been left out.
std::vector<std::uint32_t> fair_rows(const Table& table, const Pair& pair) {
  std::vector<std::uint8_t> unseen(table.n_inputs(), 0);
  for (const NamedPolicy* named : pair) {
    for (const std::uint32_t row : unseen_rows(table, named->policy->info().training)) ++unseen[row];
  }
  std::vector<std::uint32_t> rows;
  for (std::uint32_t row = 0; row < unseen.size(); ++row) {
    if (unseen[row] == pair.size()) rows.push_back(row);
  }
  rows = distinct_rows(table, rows);
  if (rows.empty()) {
    throw Error(ErrorCode::kUsage,
                "compare: inputs that neither policy was trained on 0, expected at least one; profile "
                "others, or train both on the same share of the inputs");
  }
  return rows;
}

void check_judged(const Table& table, Rows rows) {
  for (const std::uint32_t row : rows) {
    if (table.scores.empty() && table.labels[row] == kNoLabel) {
      throw Error(
          ErrorCode::kUsage,
          fmt::format("compare: input '{}' has no label, expected labelled inputs alone; profile with "
                      "labels, or use label_by_model",
                      table.ids[row]));
    }
    if (!table.scores.empty() && !table.is_complete(row)) {
      throw Error(
          ErrorCode::kUsage,
          fmt::format("compare: input '{}', on which some model was not run, expected inputs on which "
                      "every model was; take complete_rows alone",
                      table.ids[row]));
    }
  }
}

// The certificate names the set that it was made on, not its inputs.
bool is_calibrated_here(const Table& table, Rows rows, const Policy& policy) {
  const Certificate* certificate = policy.certificate();
  if (certificate == nullptr) return false;
  const std::string& hash = certificate->inputs_hash;
  return hash == inputs_hash(table, rows) || hash == inputs_hash(table, all_rows(table)) ||
         hash == inputs_hash(table, distinct_rows(table, unseen_rows(table, policy.info().training)));
}

void add_warnings(const Table& table, Rows rows, const Policy& policy, MethodId method, Criterion criterion,
                  std::vector<Warning>& warnings) {
  const TrainingFacts& training = policy.info().training;
  const std::size_t seen = table.n_inputs() - unseen_rows(table, training).size();
  if (seen > 0) warnings.push_back({WarningKind::kTrainedLeftOut, method, seen});
  if (training.input_hashes.empty()) {
    const bool is_same_set = training.inputs_hash == inputs_hash(table, all_rows(table));
    warnings.push_back({is_same_set ? WarningKind::kTrainedHere : WarningKind::kTrainedUnknown, method});
  }
  if (is_calibrated_here(table, rows, policy)) warnings.push_back({WarningKind::kCalibratedHere, method});
  add_origin_warnings(table, policy, method, criterion, warnings);
}

std::array<Replay, 2> replay_both(const Table& table, Rows rows, const Pair& pair,
                                  const CompareOptions& options) {
  std::array<Replay, 2> replays;
  for (std::size_t p = 0; p < pair.size(); ++p) {
    throw_if_stopped(options.stop, "compare");
    replays[p] = make_replay(pair[p]->name, table.n_inputs());
    replay_policy(table, rows, *pair[p]->policy, clock_or_steady(options.clock), replays[p]);
  }
  return replays;
}

// In an order that does not depend on how the table is sorted.
PairedLosses losses_of(const Table& table, Rows rows, const std::array<Replay, 2>& replays,
                       Criterion criterion) {
  PairedLosses losses(loss_kind(table));  // of the first against the second
  for (const std::uint32_t row : shuffled_rows(table, rows, 0)) {
    losses.add(static_cast<float>(replays[1].score(criterion)[row] - replays[0].score(criterion)[row]));
  }
  return losses;
}

void compare_scores(const Table& table, Rows rows, const std::array<Replay, 2>& replays,
                    Comparison& comparison) {
  const PairedLosses losses = losses_of(table, rows, replays, comparison.criterion);
  for (std::size_t p = 0; p < replays.size(); ++p) {
    comparison.score[p] = mean_of(replays[p].score(comparison.criterion), rows);
  }
  comparison.right_or_wrong = losses.kind() == LossKind::kSigns;
  comparison.first_alone = losses.counts().better;
  comparison.second_alone = losses.counts().worse;
  const Interval loss = mean_loss_interval(losses, comparison.delta);
  comparison.difference = {-losses.mean(), {-loss.high, -loss.low}};
  const Interval& range = comparison.difference.interval;
  if (range.low > 0) comparison.better = Preference::kFirst;
  if (range.high < 0) comparison.better = Preference::kSecond;
  const double margin = comparison.margin.value_or(0);
  comparison.within_margin = range.low > -margin;
  const bool is_shown =
      comparison.margin ? comparison.within_margin : comparison.better != Preference::kNeither;
  if (is_shown) return;
  // Without a margin either of the two may come out ahead.
  const bool mirror = !comparison.margin && losses.mean() > 0;
  comparison.inputs_needed = pairs_needed(mirror ? losses.mirrored() : losses, margin, comparison.delta / 2);
}

std::vector<double> values_at(const std::vector<double>& values, Rows rows) {
  std::vector<double> out;
  out.reserve(rows.size());
  for (const std::uint32_t row : rows) out.push_back(values[row]);
  return out;
}

double ratio_of(std::span<const double> means) { return means[1] > 0 ? means[0] / means[1] : kNotMeasured; }

CostComparison compare_costs(const std::vector<double>& first, const std::vector<double>& second, Rows rows,
                             const CompareOptions& options) {
  const std::array columns{values_at(first, rows), values_at(second, rows)};
  const std::array means{mean(columns[0]), mean(columns[1])};
  const auto difference_of = [](std::span<const double> m) { return m[0] - m[1]; };
  const std::vector<double> resampled = bootstrap_means(columns, options.resamples, options.seed);
  CostComparison costs;
  costs.mean = means;
  costs.difference = {difference_of(means), bootstrap_interval(resampled, 2, difference_of, options.delta)};
  costs.ratio.value = ratio_of(means);
  if (std::isfinite(costs.ratio.value)) {
    costs.ratio.interval = bootstrap_interval(resampled, 2, ratio_of, options.delta);
  }
  return costs;
}

}  // namespace

Comparison compare_policies(const Table& table, const NamedPolicy& first, const NamedPolicy& second,
                            const CompareOptions& options) {
  check_table(table);
  check_options(options);
  const Pair pair{&first, &second};
  check_pair(table, pair);
  const auto rows = fair_rows(table, pair);
  check_judged(table, rows);
  Comparison comparison;
  comparison.names = {first.name, second.name};
  comparison.criterion = options.criterion;
  comparison.delta = options.delta;
  comparison.margin = options.margin;
  comparison.labels_from = table.labels_from;
  comparison.terms = table.terms;
  comparison.imported = !table.scores.empty();
  comparison.machine = table.machine;
  comparison.table_inputs = table.n_inputs();
  comparison.inputs = rows.size();
  add_table_warnings(table, comparison.warnings);
  for (std::size_t p = 0; p < pair.size(); ++p) {
    add_warnings(table, rows, *pair[p]->policy, {MethodKind::kPolicy, static_cast<int>(p)}, options.criterion,
                 comparison.warnings);
  }
  const auto replays = replay_both(table, rows, pair, options);
  compare_scores(table, rows, replays, comparison);
  comparison.ms = compare_costs(replays[0].ms, replays[1].ms, rows, options);
  if (std::isfinite(mean_of(replays[0].j, rows)) && std::isfinite(mean_of(replays[1].j, rows))) {
    comparison.j = compare_costs(replays[0].j, replays[1].j, rows, options);
  }
  return comparison;
}

}  // namespace triage
