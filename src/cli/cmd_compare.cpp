// triage compare: which of two finished policies is better, by how much and at what cost.
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "cli/fitting.h"
#include "cli/flags.h"
#include "cli/label_options.h"
#include "triage/error.h"
#include "triage/tools/compare.h"
#include "triage/tools/profile.h"
#include "triage/tools/report.h"

namespace triage::cli {
namespace {

namespace fs = std::filesystem;

struct CompareArguments {
  std::string first, second;
  std::vector<std::string> profiles;
  std::string labels;
  std::string criterion = "top1";
  CompareOptions options;
  std::optional<double> margin;  // in the table's numbers
  bool json = false;
};

// The files' names without folder and extension; where those are the same, as they were typed.
std::array<std::string, 2> names_of(const CompareArguments& arguments) {
  std::error_code error;
  if (arguments.first == arguments.second || fs::equivalent(arguments.first, arguments.second, error)) {
    throw Error(
        ErrorCode::kUsage,
        fmt::format("{}: given twice, expected two different policies; name another file", arguments.second));
  }
  const std::array stems{fs::path(arguments.first).stem().string(),
                         fs::path(arguments.second).stem().string()};
  return stems[0] == stems[1] ? std::array{arguments.first, arguments.second} : stems;
}

std::string signed_figure(double value) { return (value > 0 ? "+" : "") + format_figure(value); }

// "+0.0437 [+0.0430, +0.0444]"; the value alone where no interval was made.
std::string difference_text(const Estimate& estimate) {
  const Interval& range = estimate.interval;
  std::string text = signed_figure(estimate.value);
  if (!std::isfinite(range.low)) return text;
  return text + fmt::format(" [{}, {}]", signed_figure(range.low), signed_figure(range.high));
}

std::string ratio_text(const Estimate& estimate) {
  if (!std::isfinite(estimate.value)) return "-";
  std::string text = format_figure(estimate.value, 3);
  if (!std::isfinite(estimate.interval.low)) return text;
  return text + fmt::format(" [{}, {}]", format_figure(estimate.interval.low, 3),
                            format_figure(estimate.interval.high, 3));
}

void print_costs(const CostComparison& costs, std::string_view unit) {
  fmt::print("  {:<22} {}\n", fmt::format("difference, {}", unit), difference_text(costs.difference));
  fmt::print("  {:<22} {}\n", fmt::format("ratio, {}", unit), ratio_text(costs.ratio));
}

void print_text(const Comparison& comparison) {
  const ScoreWords words(comparison.terms, comparison.criterion, comparison.labels_from);
  const std::string score = printable(words.name()), unit = printable(words.cost_unit());
  fmt::print("{} of {} inputs\n\n", comparison.inputs, comparison.table_inputs);
  const std::array names{printable(comparison.names[0]), printable(comparison.names[1])};
  const std::size_t width = std::max<std::size_t>({names[0].size(), names[1].size(), 6});
  fmt::print("  {:<{}}  {:>10}  {:>10}{}\n", "policy", width, printable(words.head()), "mean " + unit,
             comparison.j ? "      mean J" : "");
  for (std::size_t p = 0; p < 2; ++p) {
    fmt::print("  {:<{}}  {:>10}  {:>10}", names[p], width,
               words.in_percent() ? fmt::format("{:.2f}", 100 * comparison.score[p])
                                  : words.score(comparison.score[p]),
               words.cost_figure(comparison.ms.mean[p]));
    if (comparison.j) fmt::print("  {:>10}", format_figure(comparison.j->mean[p], 6));
    fmt::print("\n");
  }
  fmt::print("\nThe first against the second, with {:g} % intervals\n", 100 * (1 - comparison.delta));
  fmt::print(
      "  {:<22} {}\n", fmt::format("{}, {}", score, words.in_percent() ? "points" : "difference"),
      words.in_percent() ? format_points(comparison.difference) : words.gain_estimate(comparison.difference));
  print_costs(comparison.ms, unit);
  if (comparison.j) print_costs(*comparison.j, "J");
  fmt::print("  {:<22} {} of the first, {} of the second\n",
             comparison.right_or_wrong ? "right alone on" : "better on", comparison.first_alone,
             comparison.second_alone);
  fmt::print("\n{}\n", printable(comparison_verdict(comparison)));
  if (comparison.imported) {
    fmt::print("Costs {}\n", printable(imported_costs_phrase(comparison.machine, words)));
  } else if (!comparison.machine.empty()) {
    fmt::print("Timed on {}\n", printable(comparison.machine));
  }
}

nlohmann::json figure_or_null(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr);
}

nlohmann::json to_json(const Estimate& estimate) {
  return {{"value", figure_or_null(estimate.value)},
          {"low", figure_or_null(estimate.interval.low)},
          {"high", figure_or_null(estimate.interval.high)}};
}

nlohmann::json to_json(const CostComparison& costs) {
  return {{"means", costs.mean}, {"difference", to_json(costs.difference)}, {"ratio", to_json(costs.ratio)}};
}

std::string_view name_of(Preference preference) {
  switch (preference) {
    case Preference::kFirst:
      return "first";
    case Preference::kSecond:
      return "second";
    case Preference::kNeither:
      break;
  }
  return "neither";
}

nlohmann::json to_json(const Comparison& comparison) {
  nlohmann::json document{{"policies", comparison.names},
                          {"criterion", to_string(comparison.criterion)},
                          {"labels_from", comparison.labels_from},
                          {"delta", comparison.delta},
                          {"margin", nullptr},
                          {"table_inputs", comparison.table_inputs},
                          {"inputs", comparison.inputs},
                          {"scores", comparison.score},
                          {"right_alone", {comparison.first_alone, comparison.second_alone}},
                          {"difference", to_json(comparison.difference)},
                          {"better", name_of(comparison.better)},
                          {"within_margin", nullptr},
                          {"inputs_needed", figure_or_null(comparison.inputs_needed)},
                          {"ms", to_json(comparison.ms)},
                          {"j", nullptr},
                          {"machine", comparison.machine},
                          {"warnings", comparison_warnings(comparison)},
                          {"verdict", comparison_verdict(comparison)}};
  if (comparison.margin) {
    document["margin"] = *comparison.margin;
    document["within_margin"] = comparison.within_margin;
  }
  if (comparison.j) document["j"] = to_json(*comparison.j);
  return document;
}

void run(CompareArguments& arguments, Session& session) {
  const auto names = names_of(arguments);
  CompareOptions& options = arguments.options;
  options.criterion = parse_criterion(arguments.criterion);
  options.stop = session.stop_source.get_token();
  const Table table = load_labelled_table(
      std::vector<fs::path>(arguments.profiles.begin(), arguments.profiles.end()), arguments.labels);
  const Terms& terms = table.terms;
  if (arguments.margin) options.margin = *arguments.margin / std::abs(terms.best - terms.worst);
  const auto first = load_fitting_policy(arguments.first, table, arguments.profiles);
  const auto second = load_fitting_policy(arguments.second, table, arguments.profiles);
  const Comparison comparison =
      compare_policies(table, {names[0], first.get()}, {names[1], second.get()}, options);
  throw_if_stopped(session, "compare");
  for (const std::string& warning : comparison_warnings(comparison)) warn(with_flags(warning, *session.app));
  if (arguments.json) {
    print_json(to_json(comparison));
  } else {
    print_text(comparison);
  }
  if (comparison.margin && !comparison.within_margin) session.exit_code = kExitSomeFailed;
}

}  // namespace

void add_compare(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand(
      "compare", "Which of two finished policies is better, by how much and at what cost, with a certainty");
  const auto arguments = std::make_shared<CompareArguments>();
  auto& a = *arguments;
  command->add_option("first", a.first, "Policy")->required()->type_name("A.triage");
  command->add_option("second", a.second, "Policy to compare it with")->required()->type_name("B.triage");
  command->add_option("--on", a.profiles, "Profiles with inputs that neither was trained on; may be repeated")
      ->required()
      ->allow_extra_args(false)
      ->type_name("X.profile");
  command->add_option("--delta", a.options.delta, "Probability that what is said about the score is wrong")
      ->capture_default_str()
      ->type_name("P");
  command
      ->add_option("--margin", a.margin,
                   "Points, or what else the table's scores count in: show that A is worse than B by less "
                   "than this, if by anything; exit code 1 where that cannot be shown")
      ->type_name("POINTS");
  command->add_option("--criterion", a.criterion, "When an answer is right: top1 or top5")
      ->capture_default_str();
  command->add_option("--bootstrap", a.options.resamples, "Resamples for the intervals of the costs")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str();
  command->add_option("--seed", a.options.seed, "Seed of the bootstrap")
      ->check(not_negative())
      ->capture_default_str();
  add_labels_option(*command, a.labels);
  command->add_flag("--json", a.json, "One JSON document on stdout");
  command->callback([arguments, &session] { run(*arguments, session); });
}

}  // namespace triage::cli
