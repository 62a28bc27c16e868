#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stop_token>

#include "base/stop.h"
#include "calibrate/setting_losses.h"
#include "evaluate/unseen_rows.h"
#include "learn/training_info.h"
#include "stats/mean.h"
#include "table/row_order.h"
#include "triage/error.h"
#include "triage/tools/replay.h"

namespace triage {
namespace {

[[noreturn]] void fail(std::string_view what, const std::string& found, const std::string& expected) {
  throw Error(ErrorCode::kUsage, fmt::format("calibrate: {} {}, expected {}", what, found, expected));
}

void check(const Policy& policy, const CalibrateOptions& options) {
  if (!(options.max_loss > 0 && options.max_loss < 1)) {
    fail("max loss", fmt::format("{:.4g}", options.max_loss),
         "a share between 0 and 1, such as 0.01 for one point");
  }
  if (!(options.delta >= 1e-9 && options.delta < 1)) {
    fail("delta", fmt::format("{:.4g}", options.delta), "a probability from 1e-9 to below 1, such as 0.05");
  }
  if (!policy.has_prices()) {
    fail("a policy of kind", fmt::format("'{}'", policy.kind()),
         "one that has settings to choose from: adaptive, forests or ladder");
  }
}

// What the losses are made of has to be what the policy was trained on.
void check_labels(const Table& table, Rows rows, const Policy& policy, ModelIndex versus) {
  const std::string& trained = policy.info().training.labels_from;
  if (trained != table.labels_from) {
    fail("labels", fmt::format("'{}'", describe_labels(table.labels_from)),
         fmt::format("'{}', those of training; take the same", describe_labels(trained)));
  }
  const TableModel& found = table.models[static_cast<std::size_t>(versus)];
  for (const std::uint32_t row : rows) {
    if (table.scores.empty() && (table.labels[row] == kNoLabel || table.ranks[table.at(row, versus)] == 0)) {
      fail("input", fmt::format("'{}' without a label, or unknown to {}", table.ids[row], found.name),
           "labelled inputs alone; profile with labels, or use label_by_model");
    }
    if (!table.scores.empty() && !table.is_complete(row)) {
      fail("input", fmt::format("'{}', on which some model was not run", table.ids[row]),
           "inputs on which every model was; take complete_rows alone");
    }
  }
  const PolicyModel& best = policy.info().best;
  if (best.name == found.name && best.fingerprint != found.fingerprint) {
    throw Error(ErrorCode::kPolicy,
                fmt::format("calibrate: model '{}' has fingerprint '{}' in the profile, expected '{}', that "
                            "of training; profile the same zoo",
                            found.name, found.fingerprint, best.fingerprint));
  }
}

// The model that is asked for, or the policy's best single one, which the policy itself may never run.
ModelIndex find_versus(const Table& table, const Policy& policy, const std::string& asked) {
  const std::string& best = policy.info().best.name;
  const ModelIndex model = table.find(asked.empty() ? best : asked);
  if (model != kNoModel) return model;
  if (!asked.empty())
    fail("versus", fmt::format("'{}'", asked), "a model of the profile; see 'triage zoo list'");
  throw Error(
      ErrorCode::kPolicy,
      fmt::format("calibrate: '{}', the best single model where the policy was trained, is not in the "
                  "profile, expected it there to compare with; name another model as `versus`, or "
                  "profile the zoo that the policy was trained on",
                  best));
}

std::unique_ptr<Policy> certify(const Table& table, Rows rows, const Policy& policy,
                                const CalibrateOptions& options, const Calibration& calibration,
                                const CalibrationStep& step) {
  Certificate certificate{options.max_loss,         options.delta,  calibration.versus, rows.size(),
                          inputs_hash(table, rows), step.mean_loss, step.mean_ms,       table.labels_from};
  certificate.per = to_string(calibration.per);
  for (const CalibrationGroup& group : calibration.groups) {
    if (group.counts) {
      ++certificate.groups;
    } else {
      certificate.groups_left_out.push_back(group.name);
    }
  }
  auto certified = policy.with_certificate(step.setting, certificate);
  if (certified == nullptr) {
    fail("a policy of kind", fmt::format("'{}'", policy.kind()),
         "one that can hold a certificate (Policy::with_certificate)");
  }
  return certified;
}

// Every setting that passed is covered, so the cheapest of them may be taken.
std::size_t cheapest_passed(const std::vector<CalibrationStep>& steps) {
  const auto cheapest = std::min_element(steps.begin(), steps.end(), [](const auto& a, const auto& b) {
    return a.passed != b.passed ? a.passed : a.mean_cost < b.mean_cost;
  });
  return static_cast<std::size_t>(cheapest - steps.begin());
}

void expect_sources(const Table& table, CalibrateGroups per) {
  if (per != CalibrateGroups::kSource || table.sources.size() > 1) return;
  fail("sources", std::to_string(table.sources.size()),
       "two or more; give a profile of each, or one of a folder with a sub-folder for each");
}

void expect_classes(const Table& table, Rows rows, CalibrateGroups per) {
  if (per != CalibrateGroups::kClass) return;
  const auto without = std::count_if(rows.begin(), rows.end(),
                                     [&](std::uint32_t row) { return table.labels[row] == kNoLabel; });
  if (without == 0) return;
  fail("inputs without a label", std::to_string(without),
       "none where each class is promised for; import a column of labels");
}

// Empty where none were asked for.
RowGroups make_groups(const Table& table, Rows rows, const LossTest& test, const CalibrateOptions& options,
                      Calibration& calibration) {
  if (options.per == CalibrateGroups::kNone) return {};
  expect_sources(table, options.per);
  expect_classes(table, rows, options.per);
  RowGroups groups = group_rows(table, rows, options.per, test);
  calibration.group_needs = groups.fewest;
  for (std::size_t g = 0; g < groups.names.size(); ++g) {
    calibration.groups.push_back({groups.names[g], groups.sizes[g], groups.counts(g)});
  }
  const std::size_t largest = *std::max_element(groups.sizes.begin(), groups.sizes.end());
  if (largest < groups.fewest) {
    fail(fmt::format("inputs of the largest {}", to_string(options.per)), std::to_string(largest),
         fmt::format("at least {} to promise anything for it; profile more, or take a larger bound",
                     calibration.group_needs));
  }
  return groups;
}

CalibrationStep make_step(const PriceSetting& price, std::size_t setting, const GroupedLosses& losses,
                          const RowGroups& groups, const LossTest& test) {
  CalibrationStep step;
  step.setting = setting;
  step.price = price.price;
  step.mean_loss = losses.all.mean();
  step.p_value = test.p_value(losses.all);
  double worst = -1;
  for (std::size_t g = 0; g < losses.groups.size(); ++g) {
    if (!groups.counts(g)) continue;
    const double p = test.p_value(losses.groups[g]);
    if (p <= worst) continue;
    worst = p;
    step.worst_group = g;
    step.worst_loss = losses.groups[g].mean();
  }
  step.p_value = std::max(step.p_value, worst);
  return step;
}

// About how many inputs the first setting needs, all of them: the groups keep their shares.
double needed(const GroupedLosses& losses, const RowGroups& groups, const LossTest& test) {
  double most = test.pairs_needed(losses.all);
  for (std::size_t g = 0; g < losses.groups.size() && std::isfinite(most); ++g) {
    if (!groups.counts(g)) continue;
    const double share = static_cast<double>(groups.sizes[g]) / static_cast<double>(losses.all.size());
    const double pairs = test.pairs_needed(losses.groups[g]) / share;
    most = std::isnan(pairs) ? kNotMeasured : std::max(most, std::ceil(pairs));
  }
  return most;
}

double cheapest_ms(const SettingLosses& losses, std::span<const std::size_t> settings) {
  if (settings.empty()) return kNotMeasured;
  return mean(
      losses.ms[*std::min_element(settings.begin(), settings.end(), [&](std::size_t a, std::size_t b) {
        return losses.mean_cost[a] < losses.mean_cost[b];
      })]);
}

// `order` has each position among the rows once.
void test_settings(std::span<const PriceSetting> prices, const SettingLosses& losses, const RowGroups& groups,
                   std::span<const std::uint32_t> order, const LossTest& test, Calibration& calibration) {
  const auto sequence = test_sequence(prices);
  const auto of = [&](std::size_t setting) { return group_losses(losses, setting, groups, order); };
  const std::size_t passing = count_passing(
      sequence, [&](std::size_t setting) { return passes_everywhere(of(setting), groups.fewest, test); });
  for (std::size_t i = 0; i < std::min(passing + 1, sequence.size()); ++i) {
    const std::size_t setting = sequence[i];
    calibration.steps.push_back(make_step(prices[setting], setting, of(setting), groups, test));
    calibration.steps.back().mean_ms = mean(losses.ms[setting]);
    calibration.steps.back().mean_cost = losses.mean_cost[setting];
    calibration.steps.back().passed = i < passing;
  }
  calibration.inputs_needed = needed(of(sequence.front()), groups, test);
  if (passing > 0) calibration.chosen = cheapest_passed(calibration.steps);
  const GroupedLosses shown = of(calibration.steps[calibration.chosen.value_or(0)].setting);
  for (std::size_t g = 0; g < calibration.groups.size(); ++g) {
    calibration.groups[g].mean_loss = shown.groups[g].mean();
  }
  if (groups.names.empty()) return;
  const std::size_t on_average =
      count_passing(sequence, [&](std::size_t setting) { return test.passes(of(setting).all); });
  calibration.ms_without_groups = cheapest_ms(losses, std::span(sequence).first(on_average));
}

}  // namespace

LossKind loss_kind(const Table& table) {
  const bool are_right_or_wrong = std::all_of(table.scores.begin(), table.scores.end(), [](float score) {
    return score == 0 || score == 1 || std::isnan(score);
  });
  return are_right_or_wrong && table.terms.cutoff <= 0 ? LossKind::kSigns : LossKind::kShares;
}

SettingLosses measure_losses(const Table& table, Rows rows, const Policy& policy, ModelIndex versus,
                             const Clock& clock, std::stop_token stop) {
  SettingLosses losses;
  losses.kind = loss_kind(table);
  const Criterion criterion = policy.info().criterion;
  Replay replay = make_replay("setting", table.n_inputs());
  for (const PriceSetting& setting : policy.price_settings()) {
    throw_if_stopped(stop, "calibrate");
    replay_policy(table, rows, policy, clock, replay, {.price = setting.price});
    auto& loss = losses.loss.emplace_back();
    auto& ms = losses.ms.emplace_back();
    double j = 0;
    for (const std::uint32_t row : rows) {
      const double difference = table.score(row, versus, criterion) - replay.score(criterion)[row];
      loss.push_back(static_cast<float>(difference));
      ms.push_back(static_cast<float>(replay.ms[row]));
      j += replay.j[row] / static_cast<double>(rows.size());
    }
    const double cost = policy.price_unit().of(mean(ms), j);
    losses.mean_cost.push_back(std::isnan(cost) ? mean(ms) : cost);
  }
  for (const std::uint32_t row : rows)
    losses.versus_ms.push_back(static_cast<float>(table.cost_ms(row, versus)));
  return losses;
}

std::vector<std::size_t> test_sequence(std::span<const PriceSetting> settings) {
  const auto best = std::max_element(settings.begin(), settings.end(),
                                     [](const auto& a, const auto& b) { return a.score < b.score; });
  std::vector<std::size_t> sequence;
  for (auto i = best - settings.begin(); i >= 0; --i) sequence.push_back(static_cast<std::size_t>(i));
  return sequence;
}

std::size_t count_passing(std::span<const std::size_t> sequence,
                          const std::function<bool(std::size_t)>& passes) {
  std::size_t n = 0;
  while (n < sequence.size() && passes(sequence[n])) ++n;
  return n;
}

std::string_view to_string(CalibrateGroups groups) {
  switch (groups) {
    case CalibrateGroups::kNone:
      break;
    case CalibrateGroups::kClass:
      return "class";
    case CalibrateGroups::kSource:
      return "source";
  }
  return {};
}

CalibrateGroups parse_calibrate_groups(std::string_view text) {
  for (const CalibrateGroups groups : {CalibrateGroups::kClass, CalibrateGroups::kSource}) {
    if (text == to_string(groups)) return groups;
  }
  fail("per", fmt::format("'{}'", text), "class or source");
}

Calibration calibrate(const Table& table, const Policy& policy, const CalibrateOptions& options) {
  check_table(table);
  check(policy, options);
  if (const auto difference = policy_difference(table, policy)) {
    throw Error(ErrorCode::kPolicy, "policy: " + *difference);
  }
  Calibration calibration;
  calibration.terms = table.terms;
  calibration.max_loss = options.max_loss;
  calibration.delta = options.delta;
  calibration.anytime = options.anytime;
  calibration.per = options.per;
  const ModelIndex versus = find_versus(table, policy, options.versus);
  calibration.versus = table.models[static_cast<std::size_t>(versus)].name;
  const auto rows = distinct_rows(table, unseen_rows(table, policy.info().training));
  calibration.inputs = rows.size();
  calibration.left_out = table.n_inputs() - rows.size();
  if (rows.empty()) {
    fail("inputs that the policy was not trained on", "0",
         "at least one; train on a share of the inputs, or profile others");
  }
  check_labels(table, rows, policy, versus);
  const LossTest test{options.max_loss, options.delta, options.anytime, loss_kind(table)};
  const RowGroups groups = make_groups(table, rows, test, options, calibration);
  const auto losses =
      measure_losses(table, rows, policy, versus, clock_or_steady(options.clock), options.stop);
  calibration.versus_ms = mean(losses.versus_ms);
  // Where losses are not counted, their order matters, and must not depend on how the table is sorted.
  test_settings(policy.price_settings(), losses, groups, shuffled_positions(table, rows, 0), test,
                calibration);
  if (calibration.chosen) {
    calibration.policy =
        certify(table, rows, policy, options, calibration, calibration.steps[*calibration.chosen]);
  }
  return calibration;
}

}  // namespace triage
