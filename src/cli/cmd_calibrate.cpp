// triage calibrate: which setting of a policy keeps a promise about its score, and how cheap that is.
#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "cli/fitting.h"
#include "cli/label_options.h"
#include "triage/tools/calibrate.h"
#include "triage/tools/profile.h"
#include "triage/tools/report.h"

namespace triage::cli {
namespace {

namespace fs = std::filesystem;

struct CalibrateArguments {
  std::string policy;
  std::vector<std::string> profiles;
  std::string out;
  std::string labels;
  std::string per;
  CalibrateOptions options;
  bool json = false;
};

// Of right answers with as many digits as ever.
std::string loss_of(const ScoreWords& words, double loss) {
  return words.in_percent() ? fmt::format("{:+.3f}", 100 * loss) : words.loss_figure(loss);
}

// "  shirt +0.52"; empty without groups.
std::string worst_group(const Calibration& calibration, const CalibrationStep& step) {
  if (!step.worst_group) return {};
  return fmt::format("  {} {}", printable(calibration.groups[*step.worst_group].name),
                     loss_of(ScoreWords(calibration.terms), step.worst_loss));
}

void print_text(const CalibrateArguments& arguments, const Calibration& calibration, const Table& table) {
  const ScoreWords words(table.terms);
  const std::string unit = printable(words.gain_unit().empty() ? words.name() : words.gain_unit());
  fmt::print("{} inputs", calibration.inputs);
  if (calibration.left_out > 0)
    fmt::print("; {} that the policy was trained on are left out", calibration.left_out);
  fmt::print("\n\nSettings in the order of testing, until one fails\n");
  const bool grouped = !calibration.groups.empty();
  fmt::print("  {:>12} {:>14} {:>10} {:>10}{}\n", "price", "loss, " + unit, "p-value",
             "mean " + printable(words.cost_unit()),
             grouped ? fmt::format("          worst {}, {}", to_string(calibration.per), unit) : "");
  for (const CalibrationStep& step : calibration.steps) {
    fmt::print("  {:>12.4g} {:>14} {:>10.2g} {:>10}  {}{}\n", step.price, loss_of(words, step.mean_loss),
               step.p_value, words.cost_figure(step.mean_ms), step.passed ? "passed" : "failed",
               worst_group(calibration, step));
  }
  fmt::print("\n{}\n", printable(calibration_verdict(calibration)));
  if (!table.scores.empty()) {
    fmt::print("Costs {}\n", printable(imported_costs_phrase(table.machine, words)));
  } else if (!table.machine.empty()) {
    fmt::print("Timed on {}\n", printable(table.machine));
  }
  if (calibration.policy != nullptr) fmt::print("{} written\n", printable(arguments.out));
}

nlohmann::json steps_json(const Calibration& calibration) {
  nlohmann::json steps = nlohmann::json::array();
  for (const CalibrationStep& step : calibration.steps) {
    steps.push_back({{"price", step.price},
                     {"mean_loss", step.mean_loss},
                     {"p_value", step.p_value},
                     {"mean_ms", step.mean_ms},
                     {"passed", step.passed}});
    if (!step.worst_group) continue;
    steps.back()["worst_group"] = calibration.groups[*step.worst_group].name;
    steps.back()["worst_loss"] = step.worst_loss;
  }
  return steps;
}

void add_groups(const Calibration& calibration, nlohmann::json& document) {
  nlohmann::json& groups = document["groups"] = nlohmann::json::array();
  for (const CalibrationGroup& group : calibration.groups) {
    groups.push_back({{"name", group.name},
                      {"inputs", group.inputs},
                      {"promised", group.counts},
                      {"mean_loss", group.mean_loss}});
  }
  document["group_needs"] = calibration.group_needs;
  document["ms_without_groups"] = nullptr;
  if (std::isfinite(calibration.ms_without_groups)) {
    document["ms_without_groups"] = calibration.ms_without_groups;
  }
}

nlohmann::json to_json(const CalibrateArguments& arguments, const Calibration& calibration,
                       const std::string& machine) {
  nlohmann::json document{{"achieved", calibration.policy != nullptr},
                          {"file", nullptr},
                          {"max_loss", arguments.options.max_loss},
                          {"delta", arguments.options.delta},
                          {"versus", calibration.versus},
                          {"inputs", calibration.inputs},
                          {"left_out", calibration.left_out},
                          {"machine", machine},
                          {"inputs_needed", nullptr},
                          {"verdict", calibration_verdict(calibration)},
                          {"anytime", calibration.anytime},
                          {"per", nullptr},
                          {"steps", steps_json(calibration)}};
  if (calibration.policy != nullptr) document["file"] = arguments.out;
  if (std::isfinite(calibration.inputs_needed)) document["inputs_needed"] = calibration.inputs_needed;
  if (calibration.per != CalibrateGroups::kNone) {
    document["per"] = to_string(calibration.per);
    add_groups(calibration, document);
  }
  return document;
}

void run(CalibrateArguments& arguments, Session& session) {
  std::vector<std::string> inputs = arguments.profiles;
  inputs.push_back(arguments.policy);
  check_outputs({&arguments.out, 1}, inputs);
  if (!arguments.per.empty()) arguments.options.per = parse_calibrate_groups(arguments.per);
  const Table table = load_labelled_table(
      std::vector<fs::path>(arguments.profiles.begin(), arguments.profiles.end()), arguments.labels);
  const auto policy = load_fitting_policy(arguments.policy, table, arguments.profiles);
  arguments.options.stop = session.stop_source.get_token();
  const Calibration calibration = calibrate(table, *policy, arguments.options);
  throw_if_stopped(session, "calibrate");
  if (calibration.policy != nullptr) save_policy(*calibration.policy, arguments.out);
  if (arguments.json) {
    print_json(to_json(arguments, calibration, table.machine));
  } else {
    print_text(arguments, calibration, table);
  }
  if (calibration.policy == nullptr) session.exit_code = kExitSomeFailed;
}

}  // namespace

void add_calibrate(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand(
      "calibrate",
      "Certify the cheapest setting of a policy (adaptive, forests, ladder) whose loss of score is bounded");
  const auto arguments = std::make_shared<CalibrateArguments>();
  auto& a = *arguments;
  command->add_option("profiles", a.profiles, "Profiles with inputs that the policy was not trained on")
      ->required()
      ->type_name("X.profile");
  command
      ->add_option("--policy,-p", a.policy,
                   "Policy of kind adaptive, forests or ladder (triage train --train-share 0.5)")
      ->required()
      ->type_name("IN.triage");
  command
      ->add_option("-o,--out", a.out, "Certified policy to write; left alone when the bound is not achieved")
      ->required()
      ->type_name("OUT.triage");
  command
      ->add_option(
          "--max-loss", a.options.max_loss,
          "Bound on the loss of mean score, a share of the way from worst to best: 0.01 is one point")
      ->capture_default_str()
      ->type_name("SHARE");
  command->add_option("--delta", a.options.delta, "Probability of promising too much")
      ->capture_default_str()
      ->type_name("P");
  command
      ->add_option("--versus", a.options.versus,
                   "Model to compare with; default: the best single one in training")
      ->type_name("MODEL");
  command->add_flag(
      "--anytime", a.options.anytime,
      "The promise stays valid however often it is looked at while inputs are added; takes more "
      "inputs");
  command
      ->add_option(
          "--per", a.per,
          "The bound has to hold in each of these too: class (the label), or source (each of several "
          "profiles; of one, the folders)")
      ->type_name("GROUP");
  add_labels_option(*command, a.labels);
  command->add_flag("--json", a.json, "One JSON document on stdout");
  command->callback([arguments, &session] { run(*arguments, session); });
}

}  // namespace triage::cli
