// triage features: searches for the features that the premodel should use, and reports why.
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/cli.h"
#include "cli/feature_report.h"
#include "cli/label_options.h"
#include "triage/error.h"
#include "triage/tools/profile.h"
#include "triage/tools/report.h"
#include "triage/tools/rows.h"

namespace triage::cli {
namespace {

struct FeaturesArguments {
  std::vector<std::filesystem::path> profiles;
  std::string labels;
  std::string criterion = "top1";
  std::string cost = "time";
  double theta_points = 0.5;
  int k = 5;
  std::string fallback = "best";
  std::vector<std::string> candidates{"all"};
  double correlation = 0.75;
  std::string keep = "cheaper";
  int folds = 10;
  std::uint64_t seed = 0;
  std::optional<std::size_t> n_features;
  double tolerance = 1;
  std::optional<std::size_t> slice;
  unsigned threads = 0;
  std::string out;
  bool json = false;
};

// "all", "paper" (those of its Table 2 that the profile has) or names.
std::vector<std::string> candidate_names(const Table& table, const std::vector<std::string>& wanted) {
  if (wanted == std::vector<std::string>{"all"}) return {};
  if (wanted != std::vector<std::string>{"paper"}) return wanted;
  std::vector<std::string> names;
  for (const FeatureInfo& feature : feature_registry()) {
    const auto has = [&](const FeatureRef& ref) { return ref.name == feature.name; };
    const auto& known = table.schema.features;
    if (!feature.extra && std::any_of(known.begin(), known.end(), has)) names.emplace_back(feature.name);
  }
  if (names.empty()) {
    throw Error(
        ErrorCode::kUsage,
        "--candidates paper: the profile has none of the paper's features, expected some; give names");
  }
  return names;
}

void require_positive(std::string_view option, const std::optional<std::size_t>& value) {
  if (value != std::optional<std::size_t>(0)) return;
  throw Error(ErrorCode::kUsage, fmt::format("{}: 0, expected 1 or more; leave it out for no limit", option));
}

FeatureSelectionOptions selection_options(const FeaturesArguments& arguments, const Table& table,
                                          const Session& session) {
  FeatureSelectionOptions options;
  options.criterion = parse_criterion(arguments.criterion);
  options.cost = parse_cost(arguments.cost);
  options.theta = arguments.theta_points / 100;
  options.k = arguments.k;
  options.fallback = arguments.fallback;
  options.candidates = candidate_names(table, arguments.candidates);
  options.max_correlation = arguments.correlation;
  options.pair_rule = parse_pair_rule(arguments.keep);
  options.folds = arguments.folds;
  options.seed = arguments.seed;
  options.n_features = arguments.n_features.value_or(0);
  options.tolerance = arguments.tolerance;
  options.max_rows = arguments.slice.value_or(SIZE_MAX);
  options.threads = arguments.threads;
  options.stop = session.stop_source.get_token();
  return options;
}

void run(const FeaturesArguments& arguments, const Session& session) {
  require_positive("--n-features", arguments.n_features);
  require_positive("--slice", arguments.slice);
  const Table table = load_labelled_table(arguments.profiles, arguments.labels);
  const auto rows = all_rows(table);
  const auto options = selection_options(arguments, table, session);
  const FeatureSelection selection = select_features_with_progress(table, rows, options);
  if (!arguments.out.empty()) write_report(arguments.out, feature_selection_csv(selection));
  if (arguments.json) {
    print_json(feature_selection_json(selection, options));
  } else {
    print_feature_selection(selection, options);
    if (!arguments.out.empty()) fmt::print("{} written\n", printable(arguments.out));
  }
}

}  // namespace

void add_features(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("features", "Search for the features that the premodel should use");
  const auto arguments = std::make_shared<FeaturesArguments>();
  auto& a = *arguments;
  command->add_option("profiles", a.profiles, "Profiles of the same models (triage profile)")
      ->required()
      ->type_name("X.profile");
  command->add_option("--criterion", a.criterion, "What counts as right: top1 or top5")
      ->capture_default_str();
  add_labels_option(*command, a.labels);
  command
      ->add_option("--cost", a.cost, "What the optimum saves: time, energy, or a sum such as \"ms + 40 j\"")
      ->capture_default_str()
      ->type_name("KIND");
  command->add_option("--theta", a.theta_points, "As in triage train")
      ->capture_default_str()
      ->type_name("POINTS");
  command->add_option("--k", a.k, "Number of neighbours, odd")->capture_default_str()->type_name("N");
  command->add_option("--fallback", a.fallback, "As in triage train")
      ->capture_default_str()
      ->type_name("MODEL");
  command->add_option("--candidates", a.candidates, "all, paper (its Table 2) or names")
      ->delimiter(',')
      ->capture_default_str()
      ->type_name("A,B,...");
  command->add_option("--correlation", a.correlation, "Drop one of two features with |r| above this")
      ->capture_default_str()
      ->type_name("R");
  command->add_option("--keep", a.keep, "Which of the two to keep: cheaper or useful")
      ->capture_default_str()
      ->type_name("RULE");
  command->add_option("--inner-folds", a.folds, "Folds of the search's own cross-validation")
      ->capture_default_str()
      ->type_name("N");
  command->add_option("--seed", a.seed, "Seed of inner folds and slice")
      ->check(not_negative())
      ->capture_default_str()
      ->type_name("N");
  auto* count = command->add_option("--n-features", a.n_features, "Stop at this many; the paper uses 7")
                    ->check(not_negative());
  command
      ->add_option("--tolerance", a.tolerance,
                   "Without --n-features: the fewest within this many standard errors of the best accuracy")
      ->capture_default_str()
      ->type_name("N")
      ->excludes(count);
  command->add_option("--slice", a.slice, "Search on this many inputs, drawn by a hash of their names")
      ->check(not_negative());
  command->add_option("--threads", a.threads, "Default: one per core")->check(not_negative());
  command->add_option("-o,--out", a.out, "CSV file to write, one line per candidate")->type_name("TABLE.csv");
  command->add_flag("--json", a.json, "One JSON document on stdout");
  command->callback([arguments, &session] { run(*arguments, session); });
}

}  // namespace triage::cli
