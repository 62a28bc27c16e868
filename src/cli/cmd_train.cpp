// `triage train`: from profiles to a policy file.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/cli.h"
#include "cli/feature_report.h"
#include "cli/flags.h"
#include "cli/label_options.h"
#include "cli/train_report.h"
#include "triage/error.h"
#include "triage/tools/feature_selection.h"
#include "triage/tools/ladder.h"
#include "triage/tools/learn.h"
#include "triage/tools/profile.h"
#include "triage/tools/report.h"
#include "triage/tools/train_forests.h"

namespace triage::cli {
namespace {

struct TrainArguments {
  std::vector<std::string> profiles, augment, unlabelled;
  std::string policy = "auto";
  std::string out;
  std::string labels;
  std::string criterion = "top1";
  double theta_points = 0.5;
  std::vector<std::string> features;
  int k = 5;
  std::string weights = "uniform";
  std::string fallback = "best";
  std::optional<std::size_t> max_models;
  std::string premodel = std::string(kPaperPremodel);
  std::string label = "optimum";
  std::string cost = "time";
  std::string selector;
  std::uint64_t seed = 0;
  bool full = false;
  std::optional<double> max_distance_quantile;
  std::string beyond = "refuse";
  std::optional<double> margin_points;
  std::optional<double> price;
  std::string learner = std::string(to_string(ForestsLearner::kSeven));
  std::optional<int> max_stages;
  double train_share = 1;
  bool all_settings = false;
  bool json = false;
};

std::vector<std::uint32_t> training_rows(const Table& table, const TrainArguments& arguments) {
  if (!(arguments.train_share > 0 && arguments.train_share <= 1)) {
    throw Error(ErrorCode::kUsage,
                fmt::format("--train-share: {:.4g}, expected above 0 and at most 1", arguments.train_share));
  }
  return draw_rows(table, arguments.train_share, arguments.seed);
}

// `--features auto`: those that a search on the same rows chooses.
void choose_features(const Table& table, Rows rows, const LearnOptions& learn, PremodelOptions& options) {
  const auto chosen = select_features_with_progress(table, rows, selection_options(learn, options));
  options.features = chosen.features;
  options.notes.emplace_back("features", describe_selection(chosen));
}

LearnOptions learn_options(const TrainArguments& arguments, const Session& session) {
  LearnOptions options;
  options.criterion = parse_criterion(arguments.criterion);
  options.cost = parse_cost(arguments.cost);
  if (arguments.margin_points) options.margin = *arguments.margin_points / 100;
  options.seed = arguments.seed;
  options.stop = session.stop_source.get_token();
  return options;
}

TrainedPolicy train_premodel_with(const Table& table, Rows rows, const LearnOptions& learn,
                                  const TrainArguments& arguments) {
  PremodelOptions options;
  options.theta = arguments.theta_points / 100;
  options.max_models = arguments.max_models.value_or(SIZE_MAX);
  options.k = arguments.k;
  options.weights = parse_vote_weights(arguments.weights);
  options.features = arguments.features;
  options.fallback = arguments.fallback;
  options.kind = arguments.premodel;
  options.label = parse_premodel_label(arguments.label);
  options.selector = arguments.selector;
  options.full = arguments.full;
  options.max_distance_quantile = arguments.max_distance_quantile;
  options.beyond = parse_beyond(arguments.beyond);
  if (arguments.features == std::vector<std::string>{"auto"}) choose_features(table, rows, learn, options);
  auto trained = train_premodel(table, rows, learn, options);
  return {std::move(trained.policy), std::move(trained.selection.trace), std::move(trained.warnings)};
}

TrainedPolicy train_cascade_with(const Table& table, Rows rows, const LearnOptions& learn,
                                 const TrainArguments& arguments) {
  CascadeOptions options;
  options.max_stages = arguments.max_stages.value_or(options.max_stages);
  options.price = arguments.price;
  return {train_cascade(table, rows, learn, options), {}, {}};
}

TrainedPolicy train_adaptive_with(const Table& table, Rows rows, const LearnOptions& learn,
                                  const TrainArguments& arguments) {
  AdaptiveOptions options;
  options.max_stages = arguments.max_stages.value_or(options.max_stages);
  options.price = arguments.price;
  return {train_adaptive(table, rows, learn, options), {}, {}};
}

TrainedPolicy train_forests_with(const Table& table, Rows rows, const LearnOptions& learn,
                                 const TrainArguments& arguments) {
  ForestsOptions options;
  options.learner = parse_forests_learner(arguments.learner);
  options.price = arguments.price;
  return {train_forests_policy(table, rows, learn, options), {}, {}};
}

TrainedPolicy train_ladder_with(const Table& table, Rows rows, const LearnOptions& learn,
                                const TrainArguments& arguments) {
  LadderOptions options;
  options.max_rungs = arguments.max_stages.value_or(options.max_rungs);
  options.price = arguments.price;
  return {train_ladder(table, rows, learn, options), {}, {}};
}

TrainedPolicy train_auto_with(const Table& table, Rows rows, const LearnOptions& learn) {
  KindChoice choice = choose_kind(table, rows, learn);
  auto policy = train_kind(table, rows, choice.kind, learn);
  return {std::move(policy), {}, {}, std::move(choice)};
}

TrainedPolicy train_single_with(const Table& table, Rows rows, const LearnOptions& learn,
                                const TrainArguments& arguments) {
  const std::string name = arguments.policy.substr(std::string_view("single:").size());
  const ModelIndex model = table.find(name);
  if (model == kNoModel) {
    std::string known;
    for (const auto& each : table.models) known += (known.empty() ? "" : ", ") + each.name;
    throw Error(ErrorCode::kUsage,
                fmt::format("--policy: no model '{}' in the profile, expected one of: {}", name, known));
  }
  return {train_single(table, rows, learn.criterion, model), {}, {}};
}

TrainedPolicy train(const Table& table, Rows rows, const TrainArguments& arguments, const Session& session) {
  const LearnOptions learn = learn_options(arguments, session);
  if (arguments.policy == "auto") return train_auto_with(table, rows, learn);
  if (arguments.policy == "adaptive") return train_adaptive_with(table, rows, learn, arguments);
  if (arguments.policy == "premodel") return train_premodel_with(table, rows, learn, arguments);
  if (arguments.policy == "forests") return train_forests_with(table, rows, learn, arguments);
  if (arguments.policy == "ladder") return train_ladder_with(table, rows, learn, arguments);
  if (arguments.policy == "cascade") return train_cascade_with(table, rows, learn, arguments);
  return train_single_with(table, rows, learn, arguments);
}

// What training itself can say of whether its policy pays. Not where a price says what score is worth, nor of
// networks that choose, which saw the inputs.
std::optional<InnerGain> inner_estimate(const Table& table, Rows rows, const TrainArguments& arguments,
                                        const TrainedPolicy& trained, const Session& session) {
  if (arguments.price || arguments.policy.starts_with("single:")) return std::nullopt;
  if (arguments.policy == "auto") return std::nullopt;  // it compares, and reports that
  if (arguments.policy == "adaptive") return adaptive_gain(*trained.policy);
  if (arguments.policy == "premodel" && arguments.premodel == "cnn") return std::nullopt;
  TrainArguments inner = arguments;
  if (inner.features == std::vector<std::string>{"auto"}) {
    inner.features.clear();  // as they were found; the search is what takes long
    for (const auto& feature : trained.policy->info().schema.features) inner.features.push_back(feature.name);
  }
  return inner_gain(table, rows, parse_criterion(arguments.criterion), arguments.seed,
                    [&](Rows part) { return train(table, part, inner, session).policy; });
}

// The model that a policy has to beat.
const std::string& best_model(const Table& table, Rows rows, const std::string& criterion) {
  const auto scores = mean_scores(table, rows, parse_criterion(criterion));
  return table.models[static_cast<std::size_t>(single_best(scores, mean_costs(table, rows)))].name;
}

void warn_if_it_does_not_pay(const TrainReport& report, const TrainArguments& arguments) {
  if (report.pays) return;
  const std::string& best = best_model(report.table, report.rows, arguments.criterion);
  const ScoreWords words(report.table.terms);
  const std::string gain = words.in_percent()
                               ? fmt::format("{:+.2f} points", 100 * report.estimate->score_gain)
                               : words.gain_phrase({report.estimate->score_gain, {}});
  warn(printable(
      fmt::format("by training's own estimate this {} policy does not pay: {} at {:.4g} times the {} of {} "
                  "alone; "
                  "'triage evaluate' says what does, and --policy single:{} makes that model's policy",
                  report.trained.policy->kind(), gain, report.estimate->cost_ratio,
                  words.saved(saved_cost(*report.trained.policy)), best, best)));
}

struct TrainingInputs {
  Table table;
  std::vector<std::uint32_t> rows;
};

std::vector<std::filesystem::path> profiles_with_copies(const TrainArguments& arguments) {
  std::vector<std::filesystem::path> paths(arguments.profiles.begin(), arguments.profiles.end());
  paths.insert(paths.end(), arguments.augment.begin(), arguments.augment.end());
  return paths;
}

// Behind the profiles' inputs the perturbed copies; those of the training inputs are trained on too.
void add_copies(const TrainArguments& arguments, TrainingInputs& inputs) {
  inputs.table = load_labelled_table(profiles_with_copies(arguments), arguments.labels);
  const auto copies = copies_of(inputs.table, inputs.rows);
  if (copies.empty()) {
    throw Error(ErrorCode::kUsage,
                fmt::format("--augment: {} with no perturbed copy of the {} training inputs, expected some; "
                            "make it with 'triage profile --perturb' of the same images",
                            fmt::join(arguments.augment, ", "), inputs.rows.size()));
  }
  inputs.rows.insert(inputs.rows.end(), copies.begin(), copies.end());
}

// Behind the profiles' inputs those without labels, which are drawn.
void add_unlabelled(const TrainArguments& arguments, const Session& session, TrainingInputs& inputs) {
  if (!inputs.table.labels_from.empty()) {
    throw Error(ErrorCode::kUsage,
                fmt::format("--unlabelled: given where labels are the answers of {}, expected labels of the "
                            "inputs' own; such inputs can be trained on as they are",
                            inputs.table.labels_from));
  }
  auto paths = profiles_with_copies(arguments);
  paths.insert(paths.end(), arguments.unlabelled.begin(), arguments.unlabelled.end());
  const std::size_t n_labelled = inputs.table.n_inputs();
  inputs.table = load_table(paths);
  const auto all = all_rows(inputs.table);
  const Rows unlabelled = Rows(all).subspan(n_labelled);
  draw_labels(inputs.table, inputs.rows, unlabelled, learn_options(arguments, session));
  inputs.rows.insert(inputs.rows.end(), unlabelled.begin(), unlabelled.end());
}

TrainingInputs load_training_inputs(const TrainArguments& arguments, const Session& session) {
  const std::vector<std::filesystem::path> profiles(arguments.profiles.begin(), arguments.profiles.end());
  TrainingInputs inputs{load_labelled_table(profiles, arguments.labels), {}};
  inputs.rows = training_rows(inputs.table, arguments);
  if (!arguments.augment.empty()) add_copies(arguments, inputs);
  if (!arguments.unlabelled.empty()) add_unlabelled(arguments, session, inputs);
  return inputs;
}

void run(const TrainArguments& arguments, const Session& session) {
  std::vector<std::string> read = arguments.profiles;
  read.insert(read.end(), arguments.augment.begin(), arguments.augment.end());
  read.insert(read.end(), arguments.unlabelled.begin(), arguments.unlabelled.end());
  check_outputs({&arguments.out, 1}, read);
  const auto [table, rows] = load_training_inputs(arguments, session);
  throw_if_stopped(session, "train");
  const TrainedPolicy trained = train(table, rows, arguments, session);
  const auto estimate = inner_estimate(table, rows, arguments, trained, session);
  throw_if_stopped(session, "train");
  save_policy(*trained.policy, arguments.out);
  const auto size = std::filesystem::file_size(arguments.out);
  for (const auto& warning : trained.warnings) warn(with_flags(warning, *session.app));
  const TrainReport report{
      .table = table,
      .rows = rows,
      .trained = trained,
      .out = arguments.out,
      .size = size,
      .estimate = estimate,
      .pays =
          !estimate || estimate->pays(std::max(kScoreTolerance, -arguments.margin_points.value_or(0) / 100)),
      .theta_points = arguments.theta_points,
      .all_settings = arguments.all_settings,
      .cost = parse_cost(arguments.cost)};
  warn_if_it_does_not_pay(report, arguments);
  if (arguments.json) {
    print_json(to_json(report));
  } else {
    print_report(report);
  }
}

// Options that only some kinds of policy have; given with another kind they are an error, not ignored.
struct KindOption {
  const CLI::Option* option;
  std::vector<std::string_view> kinds;
};

void check_kind(const TrainArguments& arguments, std::span<const KindOption> options) {
  const std::string_view policy = arguments.policy;
  constexpr std::array<std::string_view, 6> kKinds{"auto",    "adaptive", "premodel",
                                                   "cascade", "forests",  "ladder"};
  if (std::find(kKinds.begin(), kKinds.end(), policy) == kKinds.end() && !policy.starts_with("single:")) {
    throw Error(ErrorCode::kUsage,
                fmt::format("--policy: '{}', expected {} or single:MODEL", policy, fmt::join(kKinds, ", ")));
  }
  for (const auto& each : options) {
    const auto& kinds = each.kinds;
    if (each.option->count() == 0 || std::find(kinds.begin(), kinds.end(), policy) != kinds.end()) continue;
    throw Error(ErrorCode::kUsage,
                fmt::format("{}: given for --policy {}, expected only with --policy {}; leave it out",
                            each.option->get_name(), policy, fmt::join(kinds, " or ")));
  }
}

// The models that the premodel chooses among, and the features that it chooses by.
template <class Own>
void add_choice_options(CLI::App& command, TrainArguments& a, const Own& premodel) {
  premodel(command
               .add_option("--theta", a.theta_points,
                           "premodel: drop a model that covers no more than this many points more")
               ->capture_default_str()
               ->type_name("POINTS"));
  premodel(command
               .add_option("--features", a.features,
                           "premodel: features to use, default the paper's seven; auto: search for them")
               ->delimiter(',')
               ->type_name("A,B,..."));
  premodel(command.add_option("--k", a.k, "premodel: number of neighbours, odd")
               ->capture_default_str()
               ->type_name("N"));
  premodel(
      command
          .add_option("--fallback", a.fallback, "premodel: when no stage says yes: best, refuse or a model")
          ->capture_default_str()
          ->type_name("MODEL"));
  premodel(command.add_option("--max-models", a.max_models, "premodel: at most this many stages")
               ->check(not_negative())
               ->type_name("N"));
}

// The kind of premodel, and what it is trained on.
template <class Own>
void add_kind_options(CLI::App& command, TrainArguments& a, const Own& premodel) {
  premodel(
      command
          .add_option("--premodel", a.premodel,
                      "premodel: knn, dt, svm or cnn chooses one model; with dots between, a chain of stages")
          ->capture_default_str()
          ->type_name("KINDS"));
  premodel(command
               .add_option("--weights", a.weights,
                           "premodel with knn: votes of neighbours count alike (uniform) or by 1 / distance")
               ->capture_default_str()
               ->type_name("HOW"));
  premodel(command
               .add_option("--label", a.label,
                           "premodel: what a stage says yes to: its model is the optimum, or is correct")
               ->capture_default_str()
               ->type_name("LABEL"));
  premodel(command
               .add_option("--selector", a.selector,
                           "premodel cnn: which network of the profile; default: the only one")
               ->type_name("NAME"));
  premodel(command.add_flag("--full", a.full, "premodel: train an svm on all inputs, not at most 5,000"));
  premodel(command
               .add_option("--max-distance-quantile", a.max_distance_quantile,
                           "premodel: limit on the distance to the training inputs, as a quantile of theirs")
               ->type_name("Q"));
  premodel(command.add_option("--beyond", a.beyond, "premodel: beyond that limit: refuse or fallback")
               ->capture_default_str()
               ->type_name("WHAT"));
}

// What adaptive and cascade, which see the answers of models, aim for.
template <class Own>
void add_aim_options(CLI::App& command, TrainArguments& a, const Own& aiming, const Own& priced,
                     const Own& looking) {
  auto* margin =
      command
          .add_option(
              "--margin", a.margin_points,
              "auto, adaptive, cascade, forests: points of score to aim for above the best single model")
          ->capture_default_str()
          ->type_name("POINTS");
  aiming(margin);
  priced(command
             .add_option("--price", a.price,
                         "adaptive, cascade, forests: maximise score - PRICE * cost instead, score 0 to 1")
             ->excludes(margin)
             ->type_name("PRICE"));
  looking(command
              .add_option("--max-stages", a.max_stages,
                          "most models per input: adaptive 1 to 4 (4), cascade 1 to 3 (3)")
              ->type_name("N"));
}

void add_further_inputs(CLI::App& command, TrainArguments& a) {
  command
      .add_option("--augment", a.augment,
                  "Profiles of perturbed copies ('triage profile --perturb'): those of the training inputs "
                  "are trained on too, others are left out")
      ->type_name("Y.profile");
  command
      .add_option("--unlabelled", a.unlabelled,
                  "Profiles of further inputs, whose labels do not count: training draws them from what the "
                  "models say; for up to some thousand labelled inputs")
      ->type_name("Y.profile");
}

}  // namespace

void add_train(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("train", "Learn a policy from profiles");
  const auto arguments = std::make_shared<TrainArguments>();
  auto& a = *arguments;
  command->add_option("profiles", a.profiles, "Profiles of the same models (triage profile)")
      ->required()
      ->type_name("X.profile");
  command
      ->add_option(
          "--policy", a.policy,
          "auto (what inner cross-validation prefers), adaptive, premodel, cascade, ladder and forests "
          "(of imported tables) or single:MODEL")
      ->capture_default_str()
      ->type_name("KIND");
  command->add_option("-o,--out", a.out, "Policy file to write")->required()->type_name("OUT.triage");
  command->add_option("--criterion", a.criterion, "What counts as right: top1 or top5")
      ->capture_default_str()
      ->type_name("NAME");
  add_labels_option(*command, a.labels);
  add_further_inputs(*command, a);
  std::vector<KindOption> own;
  const auto of = [&own](const std::vector<std::string_view>& kinds) {
    return [&own, kinds](CLI::Option* option) { own.push_back({option, kinds}); };
  };
  const auto premodel = of({"premodel"});
  const auto looking = of({"adaptive", "cascade", "ladder"});
  command->add_option("--seed", a.seed, "Seed of inner folds, samples and --train-share")
      ->check(not_negative())
      ->capture_default_str()
      ->type_name("N");
  command
      ->add_option("--train-share", a.train_share,
                   "Train on this share of the inputs, drawn by --seed; use the others to calibrate")
      ->capture_default_str()
      ->type_name("SHARE");
  of({"auto", "adaptive", "cascade", "forests", "ladder", "premodel"})(
      command
          ->add_option("--cost", a.cost, "What to save: time, energy, or a sum of both such as \"ms + 40 j\"")
          ->capture_default_str()
          ->type_name("COST"));
  add_choice_options(*command, a, premodel);
  add_kind_options(*command, a, premodel);
  add_aim_options(*command, a, of({"auto", "adaptive", "cascade", "forests", "ladder"}),
                  of({"adaptive", "cascade", "forests", "ladder"}), looking);
  of({"forests"})(command
                      ->add_option("--learner", a.learner,
                                   "forests: what learns to choose: seven-forests, pairwise, knn, "
                                   "boosted-regression or boosted-classification")
                      ->capture_default_str()
                      ->type_name("NAME"));
  command->add_flag("--all-settings", a.all_settings,
                    "adaptive: show every setting, not the chosen one and a few around it");
  command->add_flag("--json", a.json, "One JSON document on stdout");
  command->callback([arguments, own, &session] {
    check_kind(*arguments, own);
    run(*arguments, session);
  });
}

}  // namespace triage::cli
