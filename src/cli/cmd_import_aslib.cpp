// `triage import aslib`: a scenario of the Algorithm Selection Library.
#include <fmt/format.h>

#include <array>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/cmd_import.h"
#include "triage/tools/import_aslib.h"

namespace triage::cli {
namespace {

struct AslibArguments {
  std::string folder, out;
  AslibOptions options;
  bool json = false;
};

void print_summary(const AslibArguments& arguments, const AslibSummary& summary) {
  const Terms& terms = summary.terms;
  if (arguments.json) {
    print_json({{"profile", arguments.out},
                {"scenario", arguments.folder},
                {"instances", summary.instances},
                {"algorithms", summary.algorithms},
                {"features", summary.features},
                {"feature_groups", summary.groups},
                {"folds", summary.folds},
                {"missing_cells", summary.missing_cells},
                {"instances_without_features", summary.without_features},
                {"score", terms.score},
                {"worst", terms.worst},
                {"best", terms.best},
                {"cost_unit", terms.cost_unit},
                {"cutoff", terms.cutoff}});
    return;
  }
  fmt::print("{}: {} instances, {} algorithms, {} features in {} groups, {} folds\n",
             printable(arguments.out), summary.instances, summary.algorithms, summary.features,
             summary.groups, summary.folds);
  fmt::print("score: {}, from {:.6g} (worst) to {:.6g} (best); cost in {}\n", printable(terms.score),
             terms.worst, terms.best, terms.cost_unit);
  if (summary.missing_cells > 0) fmt::print("{} pairs were not run\n", summary.missing_cells);
  if (summary.features > 0 && summary.without_features > 0) {
    fmt::print("{} instances have no features\n", summary.without_features);
  }
}

void run_import_aslib(const AslibArguments& arguments) {
  check_outputs(std::array{arguments.out}, {});
  print_summary(arguments, import_aslib(arguments.folder, arguments.options, arguments.out));
}

}  // namespace

void add_import_aslib(CLI::App& import, Session& /*session*/) {
  auto arguments = std::make_shared<AslibArguments>();
  CLI::App* command = import.add_subcommand(
      "aslib", "A scenario of the Algorithm Selection Library, with its official folds");
  command->add_option("folder", arguments->folder, "Folder with description.txt and the ARFF files")
      ->required()
      ->type_name("DIR");
  command->add_option("-o,--out", arguments->out, "Profile to make; must not exist")->required();
  command->add_option("--measure", arguments->options.measure,
                      "Performance measure to judge by; default: the scenario's first");
  command
      ->add_option("--cv-repetition", arguments->options.cv_repetition,
                   "Repetition of cv.arff whose folds are the official ones")
      ->check(not_negative())
      ->capture_default_str();
  command->add_flag("--feature-costs", arguments->options.feature_costs,
                    "Charge features with the costs of feature_costs.arff");
  command->add_flag("--json", arguments->json, "Print the result as JSON");
  command->callback([arguments] { run_import_aslib(*arguments); });
}

}  // namespace triage::cli
