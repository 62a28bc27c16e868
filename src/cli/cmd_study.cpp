// triage study paper: every figure and table of the paper, from a profile; triage study guarantee: whether
// the promise of calibrate holds. triage study learning is in cmd_study_learning.cpp.
#include "cli/cmd_study.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/flags.h"
#include "cli/label_options.h"
#include "triage/error.h"
#include "triage/tools/profile.h"
#include "triage/tools/report.h"
#include "triage/tools/study.h"
#include "triage/zoo.h"

namespace triage::cli {
namespace {

namespace fs = std::filesystem;

struct StudyArguments {
  StudyFiles files;
  std::string other;
  std::string exhaustive;
  std::vector<std::string> other_features;
  std::string zoo;
  std::vector<std::string> data;
  StudyOptions options;
  double theta_points = 0.5;
};

std::string command_line(const StudyArguments& arguments) {
  std::string out = study_command("paper", arguments.files);
  if (!arguments.zoo.empty()) out += " --zoo " + fs::path(arguments.zoo).filename().string();
  if (!arguments.other.empty()) out += " --other " + fs::path(arguments.other).filename().string();
  if (!arguments.exhaustive.empty())
    out += " --exhaustive " + fs::path(arguments.exhaustive).filename().string();
  for (const auto& path : arguments.other_features)
    out += " --other-features " + fs::path(path).filename().string();
  for (const auto& path : arguments.data) out += " --data " + fs::path(path).filename().string();
  return out + fmt::format(" --criterion {} --cv {} --seed {} --theta {:g} --slice {}{}",
                           arguments.files.criterion, arguments.options.folds, arguments.options.seed,
                           arguments.theta_points, arguments.options.slice,
                           arguments.options.full_svm ? " --full" : "");
}

// Of the models that were profiled, which a zoo of the same names need not have.
std::map<std::string, std::uint64_t> file_sizes(const Zoo& zoo, const Table& table) {
  std::map<std::string, std::uint64_t> bytes;
  for (ModelSpec model : zoo.models) {
    const ModelIndex profiled = table.find(model.name);
    if (profiled == kNoModel) continue;
    const auto& [name, wanted, precision] =
        static_cast<const ModelId&>(table.models[static_cast<std::size_t>(profiled)]);
    if (model.precision == Precision::kAuto) model.precision = precision;
    if (!wanted.empty() && wanted != model.fingerprint()) {
      throw Error(
          ErrorCode::kProfile,
          fmt::format("zoo '{}': model '{}' has fingerprint {}, expected {} as in the profile; give the "
                      "zoo that was profiled",
                      zoo.name, model.name, model.fingerprint(), wanted));
    }
    for (const ModelFile& file : model.files) bytes[model.name] += model_bytes(zoo.resolve(file));
  }
  return bytes;
}

void run(StudyArguments& arguments, const Session& session) {
  StagedFolder out(arguments.files.out);
  StudyOptions& options = arguments.options;
  options.criterion = parse_criterion(arguments.files.criterion);
  options.theta = arguments.theta_points / 100;
  options.stop = session.stop_source.get_token();
  options.on_step = [](std::string_view step) { say("study: {} ...\n", step); };
  const Table table = load_study_table(arguments.files);
  Table other;
  if (!arguments.other.empty()) {
    other = load_table(std::vector<fs::path>{arguments.other});
    options.other = &other;
    options.other_name = fs::path(arguments.other).stem().string();
  }
  Table exhaustive;
  if (!arguments.exhaustive.empty()) {
    exhaustive = load_table(std::vector<fs::path>{arguments.exhaustive});
    options.exhaustive = &exhaustive;
  }
  std::vector<Table> other_features;
  for (const auto& path : arguments.other_features)
    other_features.push_back(load_table(std::vector<fs::path>{path}));
  for (const Table& each : other_features) options.other_features.push_back(&each);
  std::unique_ptr<Dataset> data;
  if (!arguments.data.empty()) {
    DatasetOptions dataset;
    dataset.data.assign(arguments.data.begin(), arguments.data.end());
    dataset.require_labels = false;
    data = open_dataset(dataset);
    options.data = data.get();
  }
  if (!arguments.zoo.empty()) options.model_bytes = file_sizes(load_zoo(arguments.zoo), table);
  const Study study = study_paper(table, options);
  write_study(study, report_info(command_line(arguments), arguments.files.profiles), out);
  print_study(study, arguments.files.out, session);
}

struct GuaranteeArguments {
  StudyFiles files;
  std::string policy;
  GuaranteeOptions options;
};

PolicyKind priced_kind(std::string_view text) {
  for (const PolicyKind kind : {PolicyKind::kAdaptive, PolicyKind::kForests, PolicyKind::kLadder}) {
    if (text == to_string(kind)) return kind;
  }
  throw Error(ErrorCode::kUsage, fmt::format("--policy: '{}', expected adaptive, forests or ladder", text));
}

std::string command_line(const GuaranteeArguments& arguments) {
  const GuaranteeOptions& options = arguments.options;
  return study_command("guarantee", arguments.files) +
         fmt::format(
             " --criterion {} --max-loss {} --inputs {} --delta {} --resamples {} --retrainings {} --seed {}",
             arguments.files.criterion, fmt::join(options.max_losses, ","), fmt::join(options.inputs, ","),
             options.delta, options.resamples, options.retrainings, options.seed) +
         (arguments.policy.empty() ? "" : " --policy " + arguments.policy);
}

void run_guarantee(GuaranteeArguments& arguments, const Session& session) {
  StagedFolder out(arguments.files.out);
  GuaranteeOptions& options = arguments.options;
  options.criterion = parse_criterion(arguments.files.criterion);
  if (!arguments.policy.empty()) options.kind = priced_kind(arguments.policy);
  options.stop = session.stop_source.get_token();
  options.on_step = [](std::string_view step) { say("study: {} ...\n", step); };
  const Table table = load_study_table(arguments.files);
  const Study study = study_guarantee(table, options);
  write_study(study, report_info(command_line(arguments), arguments.files.profiles), out);
  print_study(study, arguments.files.out, session);
}

void add_guarantee(CLI::App& study, Session& session) {
  auto* command = study.add_subcommand(
      "guarantee", "How often 'triage calibrate' promises too much, and how much speed its promise costs");
  const auto arguments = std::make_shared<GuaranteeArguments>();
  GuaranteeOptions& options = arguments->options;
  add_study_files(*command, arguments->files);
  command
      ->add_option("--policy", arguments->policy,
                   "adaptive, forests or ladder; default: adaptive, of imported tables a ladder where models "
                   "have answers or signals, else forests")
      ->type_name("KIND");
  command->add_option("--max-loss", options.max_losses, "bounds on the loss of mean score, shares")
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--inputs", options.inputs, "inputs of a calibration")
      ->check(not_negative())
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--delta", options.delta, "probability of promising too much")->capture_default_str();
  command->add_option("--resamples", options.resamples, "calibrations for each bound and number of inputs")
      ->capture_default_str();
  command->add_option("--retrainings", options.retrainings, "how often everything is retrained")
      ->capture_default_str();
  command->add_option("--seed", options.seed, "seed of halves and resamples")
      ->check(not_negative())
      ->capture_default_str();
  command->callback([arguments, &session] { run_guarantee(*arguments, session); });
}

}  // namespace

void add_study_files(CLI::App& command, StudyFiles& files) {
  command.add_option("--profile", files.profiles, "profiles (*.profile) of the same models")->required();
  command.add_option("-o,--out", files.out, "folder for study.html, study.md and csv/")->required();
  add_labels_option(command, files.labels);
  command.add_option("--criterion", files.criterion, "when an answer is right: top1 or top5")
      ->capture_default_str();
}

std::string study_command(std::string_view name, const StudyFiles& files) {
  std::string command = fmt::format("triage study {}", name);
  for (const auto& path : files.profiles) command += " --profile " + fs::path(path).filename().string();
  if (!files.labels.empty()) command += " --labels " + files.labels;
  return command;
}

Table load_study_table(const StudyFiles& files) {
  return load_labelled_table(std::vector<fs::path>(files.profiles.begin(), files.profiles.end()),
                             files.labels);
}

void write_study(const Study& study, const ReportInfo& info, StagedFolder& out) {
  for (const Exhibit& exhibit : study.exhibits)
    write_report(out.path() / "csv" / (exhibit.id + ".csv"), table_csv(exhibit.data));
  write_report(out.path() / "study.md", study_markdown(study, info));
  write_report(out.path() / "study.html", study_html(study, info));
  out.publish();
}

ReportInfo report_info(std::string command, const std::vector<std::string>& profiles) {
  ReportInfo info;
  info.version = TRIAGE_VERSION;
  info.command = std::move(command);
  for (const auto& path : profiles) info.sources.push_back(fs::path(path).filename().string());
  info.date = fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::time(nullptr)));
  return info;
}

void print_study(const Study& study, const std::string& out, const Session& session) {
  for (const std::string& warning : evaluation_warnings(study.evaluation)) {
    warn(with_flags(warning, *session.app));
  }
  fmt::print("{}\n\n", study.verdict);
  for (const Exhibit& exhibit : study.exhibits)
    fmt::print("{}\n  {} {}\n", exhibit.title, exhibit.ours, exhibit.verdict);
  if (!study.evaluation.machine.empty()) fmt::print("\nTimed on {}", printable(study.evaluation.machine));
  fmt::print("\n{}/study.html, study.md and a CSV file for each of {} exhibits\n", printable(out),
             study.exhibits.size());
}

void add_study(CLI::App& app, Session& session) {
  auto* study = app.add_subcommand(
      "study", "Reproduce a published study, or test what we promise ourselves, on a profile");
  study->require_subcommand(1);
  add_guarantee(*study, session);
  add_study_learning(*study, session);
  auto* command = study->add_subcommand(
      "paper", "Every figure and table of Taylor et al. (LCTES 2018), beside the paper's values");
  const auto arguments = std::make_shared<StudyArguments>();
  StudyOptions& options = arguments->options;
  add_study_files(*command, arguments->files);
  command->add_option("--other", arguments->other,
                      "the same models measured under another setting: are relative times stable?");
  command->add_option("--exhaustive", arguments->exhaustive,
                      "the same models on some of the inputs, profiled with --exhaustive: does it matter?");
  command->add_option("--other-features", arguments->other_features,
                      "the same inputs profiled with another --working-size; may be repeated");
  command->add_option("--zoo", arguments->zoo, "the models' manifest, for the sizes of their files");
  command->add_option("--data", arguments->data,
                      "the images of the profile, for the pictures of Figure 1; may be repeated");
  command->add_option("--cv", options.folds, "folds; everything is trained anew in each")
      ->check(CLI::Range(2, 1000))
      ->capture_default_str();
  command->add_option("--seed", options.seed, "seed of folds, bootstrap and random choice")
      ->check(not_negative())
      ->capture_default_str();
  command
      ->add_option("--theta", arguments->theta_points,
                   "Algorithm 1 continues while coverage grows by more points than this")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
  command->add_option("--bootstrap", options.resamples, "resamples for the 95 % intervals")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str();
  command->add_option("--slice", options.slice, "training inputs on which features are searched; 0: all")
      ->check(not_negative())
      ->capture_default_str();
  command->add_flag("--full", options.full_svm, "train the SVMs on all inputs of a fold: hours");
  command->callback([arguments, &session] { run(*arguments, session); });
}

}  // namespace triage::cli
