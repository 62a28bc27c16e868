// `triage export`: profiles, and what a policy decides on them, as CSV.
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "cli/fitting.h"
#include "cli/label_options.h"
#include "triage/clock.h"
#include "triage/error.h"
#include "triage/tools/decisions_csv.h"
#include "triage/tools/export.h"
#include "triage/tools/profile.h"
#include "triage/tools/report.h"

namespace triage::cli {
namespace {

struct ExportArguments {
  std::vector<std::string> profiles;
  std::string out, columns, decisions, labels;
  bool wide = false;
  std::optional<double> price;
};

void check_arguments(const ExportArguments& arguments) {
  if (arguments.decisions.empty()) {
    if (arguments.price) {
      throw Error(ErrorCode::kUsage,
                  "--price: given without a policy, expected --decisions P.triage, or no price");
    }
    return;
  }
  if (!arguments.wide && arguments.columns.empty()) return;
  throw Error(
      ErrorCode::kUsage,
      fmt::format("{}: given with --decisions, expected without; decisions have one form, and are not "
                  "imported",
                  arguments.wide ? "--wide" : "--columns"));
}

std::vector<std::string> outputs_of(const ExportArguments& arguments) {
  std::vector<std::string> outputs{arguments.out};
  if (!arguments.columns.empty()) outputs.push_back(arguments.columns);
  return outputs;
}

void run_decisions(const ExportArguments& arguments) {
  const Table table = load_labelled_table(
      std::vector<std::filesystem::path>(arguments.profiles.begin(), arguments.profiles.end()),
      arguments.labels);
  const auto policy = load_fitting_policy(arguments.decisions, table, arguments.profiles);
  Request request;
  if (arguments.price) request.price = *arguments.price;
  write_report(arguments.out, decisions_csv(table, all_rows(table), *policy, steady_clock(), request));
  fmt::print("Wrote {} decisions to {}\n", table.n_inputs(), printable(arguments.out));
}

void run_table(const ExportArguments& arguments, const Session& session) {
  Table table =
      load_table(std::vector<std::filesystem::path>(arguments.profiles.begin(), arguments.profiles.end()));
  if (!arguments.labels.empty()) label_by_model(table, labels_model(arguments.labels));
  const TableColumns columns = export_table(table, arguments.wide ? TableForm::kWide : TableForm::kLong,
                                            arguments.out, session.stop_source.get_token());
  if (!arguments.columns.empty()) write_report(arguments.columns, columns_json(columns));
  fmt::print("Wrote {} inputs and {} models to {}\n", table.n_inputs(), table.n_models(),
             printable(arguments.out));
}

void run_export(const ExportArguments& arguments, const Session& session) {
  check_arguments(arguments);
  std::vector<std::string> inputs = arguments.profiles;
  if (!arguments.decisions.empty()) inputs.push_back(arguments.decisions);
  check_outputs(outputs_of(arguments), inputs);
  throw_if_stopped(session, "export");
  if (arguments.decisions.empty()) {
    run_table(arguments, session);
  } else {
    run_decisions(arguments);
  }
}

}  // namespace

void add_export(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("export", "Write a profile, or what a policy decides on it, as CSV");
  const auto arguments = std::make_shared<ExportArguments>();
  auto& a = *arguments;
  command->add_option("profiles", a.profiles, "Profiles")->required()->type_name("X.profile");
  command->add_option("-o,--out", a.out, "File to write")->required()->type_name("FILE.csv");
  command->add_flag("--wide", a.wide, "A line for each input; otherwise for each input and model");
  command
      ->add_option("--columns", a.columns, "Write a description too, by which 'triage import csv' reads it")
      ->type_name("COLUMNS.json");
  command->add_option("--decisions", a.decisions, "Instead: a line for each decision of this policy")
      ->type_name("P.triage");
  command->add_option("--price", a.price, "Of the policy's decisions; default: what it was trained for");
  add_labels_option(*command, a.labels);
  command->callback([arguments, &session] { run_export(*arguments, session); });
}

}  // namespace triage::cli
