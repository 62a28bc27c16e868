// triage evaluate: cross-validates on profiles, judges finished policies on them, or one on perturbed images.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "cli/evaluate_perturbed.h"
#include "cli/fitting.h"
#include "cli/flags.h"
#include "cli/label_options.h"
#include "cli/train_command.h"
#include "triage/error.h"
#include "triage/tools/profile.h"
#include "triage/tools/report.h"
#include "triage/tools/stability.h"

namespace triage::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kOfficial = "official";

struct EvaluateArguments {
  std::vector<std::string> profiles;
  std::vector<std::string> policies;
  std::vector<std::string> augment;
  std::string cv = "10";  // or kOfficial
  bool by_source = false;
  std::uint64_t seed = 0;
  std::vector<std::string> label_options;  // as typed; `labels` is the one of profiles
  std::string labels;
  PerturbArguments perturb;
  std::string criterion = "top1";
  double theta_points = 0.5;
  std::string fallback = "best";
  std::vector<std::string> premodels{std::string(kPaperPremodel)};
  std::string label = "optimum";
  std::string weights = "uniform";
  std::string cost = "time";
  std::optional<double> max_distance_quantile;
  std::string beyond = "refuse";
  std::string selector;
  bool full = false;
  std::vector<std::string> learners;
  Request request;
  std::optional<double> mean_latency_ms;
  std::optional<double> margin_points;
  int resamples = 2000;
  std::string exhaustive;
  std::string folds_file;
  std::string report;
  bool json = false;
};

// As typed, but with the file names alone: a report is passed on, folders are the user's own.
std::string command_line(const EvaluateArguments& arguments) {
  std::string out = "triage evaluate";
  for (const auto& path : arguments.profiles) out += " " + fs::path(path).filename().string();
  if (!arguments.labels.empty()) out += " --labels " + arguments.labels;
  for (const auto& path : arguments.augment) out += " --augment " + fs::path(path).filename().string();
  for (const auto& path : arguments.policies) out += " --policy " + fs::path(path).filename().string();
  if (arguments.by_source) out += " --by-source";
  if (arguments.policies.empty() && !arguments.by_source) out += " --cv " + arguments.cv;
  if (!arguments.exhaustive.empty())
    out += " --exhaustive " + fs::path(arguments.exhaustive).filename().string();
  out += fmt::format(" --seed {} --criterion {} --theta {:g} --fallback {} --bootstrap {}", arguments.seed,
                     arguments.criterion, arguments.theta_points, arguments.fallback, arguments.resamples);
  for (const auto& kind : arguments.premodels) out += " --premodel " + kind;
  out += fmt::format(" --label {} --weights {} --cost {}", arguments.label, arguments.weights,
                     shell_word(to_string(parse_cost(arguments.cost))));
  if (arguments.max_distance_quantile) {
    out += fmt::format(" --max-distance-quantile {} --beyond {}", *arguments.max_distance_quantile,
                       arguments.beyond);
  }
  if (!arguments.selector.empty()) out += " --selector " + arguments.selector;
  if (arguments.full) out += " --full";
  if (!arguments.learners.empty()) out += fmt::format(" --learners {}", fmt::join(arguments.learners, ","));
  if (arguments.margin_points) out += fmt::format(" --margin {:g}", *arguments.margin_points);
  const Request& request = arguments.request;
  if (!std::isinf(request.max_latency_ms))
    out += fmt::format(" --max-latency-ms {:g}", request.max_latency_ms);
  if (request.cap_quantile != Request{}.cap_quantile)
    out += fmt::format(" --cap-quantile {:g}", request.cap_quantile);
  if (!std::isinf(request.max_energy_j)) out += fmt::format(" --max-energy-j {:g}", request.max_energy_j);
  if (request.min_confidence > 0) out += fmt::format(" --min-confidence {:g}", request.min_confidence);
  if (arguments.mean_latency_ms) out += fmt::format(" --mean-latency-ms {:g}", *arguments.mean_latency_ms);
  if (!std::isnan(request.price)) out += fmt::format(" --price {:g}", request.price);
  return out;
}

std::vector<std::string> file_names(const std::vector<std::string>& paths) {
  std::vector<std::string> names;
  for (const auto& path : paths) names.push_back(fs::path(path).filename().string());
  return names;
}

ReportInfo report_info(const EvaluateArguments& arguments) {
  ReportInfo info;
  info.version = TRIAGE_VERSION;
  info.command = command_line(arguments);
  info.sources = file_names(arguments.profiles);
  info.date = fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::time(nullptr)));
  return info;
}

constexpr std::string_view kBothLabels = "both";

// Whether neighbours vote in a premodel of this kind.
bool has_votes(const std::string& kind) { return kind.find("knn") != std::string::npos; }

PremodelOptions premodel_options(const EvaluateArguments& arguments, const std::string& kind) {
  PremodelOptions options;
  options.kind = kind;
  options.theta = arguments.theta_points / 100;
  options.fallback = arguments.fallback;
  if (has_votes(kind)) options.weights = parse_vote_weights(arguments.weights);
  if (arguments.label != kBothLabels) options.label = parse_premodel_label(arguments.label);
  options.selector = arguments.selector;
  options.full = arguments.full;
  options.max_distance_quantile = arguments.max_distance_quantile;
  options.beyond = parse_beyond(arguments.beyond);
  return options;
}

// --weights is for the kinds in which neighbours vote; others may stand beside them.
void check_weights(const EvaluateArguments& arguments) {
  const auto& kinds = arguments.premodels;
  if (parse_vote_weights(arguments.weights) == VoteWeights::kUniform) return;
  if (std::any_of(kinds.begin(), kinds.end(), [](const std::string& kind) { return has_votes(kind); }))
    return;
  throw Error(ErrorCode::kUsage,
              fmt::format("--weights: {}, expected uniform for premodels in which no neighbours vote; name a "
                          "kind with knn",
                          arguments.weights));
}

// The first kind is "the premodel", the others stand beside it; with both labels, chains occur twice.
void add_premodels(const EvaluateArguments& arguments, EvaluateOptions& options) {
  check_weights(arguments);
  options.premodel = premodel_options(arguments, arguments.premodels.front());
  for (std::size_t i = 0; i < arguments.premodels.size(); ++i) {
    const std::string& kind = arguments.premodels[i];
    PremodelOptions premodel = premodel_options(arguments, kind);
    if (i > 0) options.variants.push_back({"premodel " + kind, premodel});
    if (arguments.label != kBothLabels || kind.find('.') == std::string::npos) continue;
    premodel.label = PremodelLabel::kCorrect;
    options.variants.push_back({"premodel " + kind + ", correct", premodel});
  }
}

EvaluateOptions evaluate_options(const EvaluateArguments& arguments, const Session& session) {
  EvaluateOptions options;
  options.criterion = parse_criterion(arguments.criterion);
  options.cost = parse_cost(arguments.cost);
  if (arguments.margin_points) options.margin = *arguments.margin_points / 100;
  options.seed = arguments.seed;
  options.official_folds = arguments.cv == kOfficial;
  if (!options.official_folds) options.folds = std::stoi(arguments.cv);
  options.by_source = arguments.by_source;
  options.resamples = arguments.resamples;
  options.request = arguments.request;
  options.mean_latency_ms = arguments.mean_latency_ms;
  add_premodels(arguments, options);
  for (const auto& name : arguments.learners) options.learners.push_back(parse_forests_learner(name));
  options.stop = session.stop_source.get_token();
  return options;
}

Evaluation judge(const Table& table, const EvaluateArguments& arguments, const EvaluateOptions& options) {
  std::vector<std::unique_ptr<Policy>> policies;
  std::vector<NamedPolicy> named;
  for (const auto& path : arguments.policies) {
    policies.push_back(load_fitting_policy(path, table, arguments.profiles));
    named.push_back({fs::path(path).stem().string(), policies.back().get()});
    if (is_reserved_name(named.back().name)) {
      throw Error(ErrorCode::kUsage,
                  fmt::format("policy '{}': is the name of a built-in method, expected another name; rename "
                              "the file",
                              named.back().name));
    }
  }
  for (const NamedPolicy& each : named) warn_of_caps(*each.policy, options.request);
  return judge_policies(table, named, options);
}

// How much the cheap timing of the table matters, by a profile timed exhaustively; nullopt without one.
std::optional<TimingDifference> timing_difference(const Table& table, const EvaluateArguments& arguments,
                                                  const EvaluateOptions& evaluate) {
  if (arguments.exhaustive.empty()) return {};
  const Table exhaustive = load_table(std::vector<fs::path>{arguments.exhaustive});
  StabilityOptions options;
  options.criterion = evaluate.criterion;
  options.folds = evaluate.folds;
  options.seed = evaluate.seed;
  options.resamples = evaluate.resamples;
  options.stop = evaluate.stop;
  LearnOptions learn;
  learn.criterion = evaluate.criterion;
  learn.stop = evaluate.stop;
  PremodelOptions premodel;
  premodel.theta = evaluate.premodel.theta;
  std::vector<NamedTrainer> trainers{
      {"cascade", [=](const Table& t, Rows rows) { return train_cascade(t, rows, learn); }}};
  if (table.schema.size() > 0 && table.schema.groups.empty()) {
    trainers.push_back({"premodel", [=](const Table& t, Rows rows) {
                          return train_premodel(t, rows, learn, premodel).policy;
                        }});
  }
  return judge_timing(table, exhaustive, trainers, options);
}

Evaluation evaluate(const Table& table, const EvaluateArguments& arguments, EvaluateOptions options) {
  std::optional<Progress> progress;
  options.on_progress = [&](std::size_t done, std::size_t total) {
    if (!progress) progress.emplace("evaluating", total);
    progress->update(done);
  };
  return arguments.policies.empty() ? cross_validate(table, options) : judge(table, arguments, options);
}

void run_perturbed(const EvaluateArguments& arguments, Session& session) {
  if (!arguments.profiles.empty() || arguments.policies.size() != 1) {
    throw Error(ErrorCode::kUsage,
                fmt::format("--perturb: with {} profiles and {} policies, expected one --policy and --data, "
                            "since policies run on images then",
                            arguments.profiles.size(), arguments.policies.size()));
  }
  if (arguments.mean_latency_ms) {
    throw Error(ErrorCode::kUsage,
                "--mean-latency-ms: given together with --perturb, expected no budget of time, by which "
                "choices depend on the clock");
  }
  evaluate_perturbed(
      arguments.perturb,
      {arguments.policies.front(), arguments.label_options, parse_criterion(arguments.criterion),
       arguments.request, arguments.resamples, arguments.seed, arguments.json},
      session);
}

// The profiles, and behind their inputs the perturbed copies; nullopt where none are asked for.
std::optional<Table> load_augmented(const EvaluateArguments& arguments) {
  if (arguments.augment.empty()) return std::nullopt;
  std::vector<fs::path> paths(arguments.profiles.begin(), arguments.profiles.end());
  paths.insert(paths.end(), arguments.augment.begin(), arguments.augment.end());
  return load_labelled_table(paths, arguments.labels);
}

void check_profiles(EvaluateArguments& arguments) {
  if (arguments.profiles.empty()) {
    throw Error(ErrorCode::kUsage,
                "profiles: none, expected at least one *.profile; 'triage profile' makes them");
  }
  if (arguments.label_options.size() > 1) {
    throw Error(ErrorCode::kUsage, fmt::format("--labels: given {} times, expected from:MODEL once",
                                               arguments.label_options.size()));
  }
  if (!arguments.label_options.empty()) arguments.labels = arguments.label_options.front();
}

void run(const EvaluateArguments& arguments, const Session& session) {
  if (!arguments.folds_file.empty() && !arguments.policies.empty()) {
    throw Error(
        ErrorCode::kUsage,
        "--folds: given together with --policy, expected with --cv alone; finished policies have no folds");
  }
  if ((!arguments.request.is_default() || arguments.mean_latency_ms) && arguments.policies.empty()) {
    throw Error(
        ErrorCode::kUsage,
        "--max-latency-ms, --max-energy-j, --min-confidence, --price and --mean-latency-ms are asked of "
        "finished policies, expected with --policy alone");
  }
  std::vector<std::string> inputs = arguments.profiles;
  inputs.insert(inputs.end(), arguments.policies.begin(), arguments.policies.end());
  inputs.insert(inputs.end(), arguments.augment.begin(), arguments.augment.end());
  if (!arguments.exhaustive.empty()) inputs.push_back(arguments.exhaustive);
  check_outputs(std::array{arguments.folds_file, arguments.report}, inputs);
  EvaluateOptions options = evaluate_options(arguments, session);
  const Table table = load_labelled_table(
      std::vector<fs::path>(arguments.profiles.begin(), arguments.profiles.end()), arguments.labels);
  const std::optional<Table> augmented = load_augmented(arguments);
  if (augmented) options.augmented = &*augmented;
  auto difference = timing_difference(table, arguments, options);
  Evaluation evaluation = evaluate(table, arguments, options);
  evaluation.timing_difference = std::move(difference);
  ReportInfo info = report_info(arguments);
  info.make = train_command(evaluation, options, {arguments.profiles, arguments.augment, arguments.labels});
  for (const std::string& warning : evaluation_warnings(evaluation)) warn(with_flags(warning, *session.app));
  if (!arguments.folds_file.empty()) write_report(arguments.folds_file, folds_csv(table, evaluation));
  if (!arguments.report.empty()) {
    ReportInfo passed_on = info;  // without the user's own folders
    const auto copies = file_names(arguments.augment);
    passed_on.make = train_command(evaluation, options, {info.sources, copies, arguments.labels});
    write_report(arguments.report, evaluation_html(evaluation, passed_on));
  }
  fmt::print("{}", arguments.json ? evaluation_json(evaluation, info) : evaluation_text(evaluation, info));
  if (!arguments.json && !arguments.report.empty()) fmt::print("\nReport: {}\n", printable(arguments.report));
}

void add_training_options(CLI::App& command, EvaluateArguments& a, CLI::Option& policies) {
  auto* folds = command
                    .add_option("--cv", a.cv,
                                "folds, everything is trained anew in each; official: those that came with "
                                "an imported table")
                    ->check(CLI::Range(2, 1000) | CLI::IsMember({std::string(kOfficial)}))
                    ->capture_default_str()
                    ->excludes(&policies);
  command
      .add_flag("--by-source", a.by_source,
                "each fold tests one source and trains on the others: a source is a profile or, of a single "
                "one, the first folder of its inputs' ids")
      ->excludes(&policies)
      ->excludes(folds);
  command
      .add_option(
          "--augment", a.augment,
          "profiles of perturbed copies ('triage profile --perturb'): each fold trains on those of its "
          "inputs too, and is judged without")
      ->excludes(&policies);
  command
      .add_option("--theta", a.theta_points,
                  "Algorithm 1 continues while coverage grows by more points than this")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
  command
      .add_option("--fallback", a.fallback,
                  "what the premodel does when every stage says no: best, refuse or a model's name")
      ->capture_default_str();
  command
      .add_option(
          "--margin", a.margin_points,
          "points of score that adaptive, cascade and cascade routing aim for above the best single model")
      ->excludes(&policies);
}

void add_premodel_options(CLI::App& command, EvaluateArguments& a, CLI::Option& policies) {
  command
      .add_option("--premodel", a.premodels,
                  "knn, dt, svm, cnn, or a chain such as knn.dt.svm; may be repeated, the others stand "
                  "beside the first")
      ->capture_default_str()
      ->allow_extra_args(false)
      ->excludes(&policies);
  command.add_option("--label", a.label, "what stages say yes to: optimum, correct, or both side by side")
      ->capture_default_str()
      ->excludes(&policies);
  command
      .add_option("--weights", a.weights,
                  "votes of the neighbours that knn asks: uniform, or by 1 / distance (distance)")
      ->capture_default_str()
      ->excludes(&policies);
  command.add_option("--cost", a.cost, "what methods save: time, energy, or a sum such as \"ms + 40 j\"")
      ->capture_default_str()
      ->excludes(&policies);
  command
      .add_option("--max-distance-quantile", a.max_distance_quantile,
                  "the premodel's limit on the distance to its training inputs, as a quantile of theirs")
      ->excludes(&policies);
  command.add_option("--beyond", a.beyond, "beyond that limit: refuse or fallback")
      ->capture_default_str()
      ->excludes(&policies);
  command
      .add_option("--selector", a.selector, "for the premodel cnn: which network; each fold takes its own")
      ->excludes(&policies);
  command.add_flag("--full", a.full, "train an svm on all inputs of a fold, not at most 5,000")
      ->excludes(&policies);
  command
      .add_option("--learners", a.learners,
                  "of imported tables with features: judge these beside the seven forests: pairwise, knn, "
                  "boosted-regression, boosted-classification")
      ->delimiter(',')
      ->type_name("A,B,...")
      ->excludes(&policies);
}

}  // namespace

void add_evaluate(CLI::App& app, Session& session) {
  auto* command =
      app.add_subcommand("evaluate", "Judge policies by cross-validation, or finished ones on new inputs");
  const auto arguments = std::make_shared<EvaluateArguments>();
  command->add_option("profiles", arguments->profiles, "profiles (*.profile) of the same models");
  auto* policies =
      command->add_option("--policy", arguments->policies,
                          "judge this finished policy on inputs it was not trained on; may be repeated");
  policies->allow_extra_args(false);
  command
      ->add_option("--labels", arguments->label_options,
                   "from:MODEL takes that model's answers for labels: agreement with it instead of accuracy; "
                   "with --perturb, a CSV (file,label) or IDX file for each --data")
      ->allow_extra_args(false)
      ->type_name("from:MODEL");
  auto* perturb = add_perturb_options(*command, arguments->perturb)->needs(policies);
  command->add_option("--seed", arguments->seed, "seed of folds, bootstrap and random choice")
      ->check(not_negative())
      ->capture_default_str();
  command->add_option("--criterion", arguments->criterion, "when an answer is right: top1 or top5")
      ->capture_default_str();
  add_training_options(*command, *arguments, *policies);
  add_premodel_options(*command, *arguments, *policies);
  add_request_options(*command, arguments->request, arguments->mean_latency_ms);
  command
      ->add_option("--bootstrap", arguments->resamples, "resamples for the 95 % intervals; 0 leaves them out")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str();
  command
      ->add_option("--exhaustive", arguments->exhaustive,
                   "a profile of the same models on some of the inputs, made with --exhaustive: the report "
                   "says what difference the timing makes")
      ->excludes(policies);
  command->add_option("--folds", arguments->folds_file, "write 'input,fold' lines to this CSV file");
  command->add_option("--report", arguments->report, "write an HTML report to this file")->excludes(perturb);
  command->add_flag("--json", arguments->json, "print one JSON document instead of tables");
  command->callback([arguments, perturb, &session] {
    if (perturb->count() > 0) return run_perturbed(*arguments, session);
    check_profiles(*arguments);
    run(*arguments, session);
  });
}

}  // namespace triage::cli
