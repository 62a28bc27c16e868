// triage study learning: learning curves of what training chooses by itself, and of its rivals.
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/cmd_study.h"
#include "cli/flags.h"
#include "triage/tools/study.h"

namespace triage::cli {
namespace {

struct LearningArguments {
  StudyFiles files;
  bool json = false;
  LearningOptions options;
};

std::string command_line(const LearningArguments& arguments) {
  const LearningOptions& options = arguments.options;
  return study_command("learning", arguments.files) +
         fmt::format(" --criterion {} --draws {} --most {} --judging {} --unlabelled {} --seed {}",
                     arguments.files.criterion, options.draws, options.most_inputs, options.most_judging,
                     options.unlabelled, options.seed);
}

void run_learning(LearningArguments& arguments, const Session& session) {
  StagedFolder out(arguments.files.out);
  LearningOptions& options = arguments.options;
  options.criterion = parse_criterion(arguments.files.criterion);
  options.stop = session.stop_source.get_token();
  std::optional<Progress> progress;
  options.on_progress = [&](std::size_t done, std::size_t total) {
    if (!progress) progress.emplace("learning from training set", total);
    progress->update(done);
  };
  const Table table = load_study_table(arguments.files);
  const Study study = study_learning(table, options);
  progress.reset();
  const ReportInfo info = report_info(command_line(arguments), arguments.files.profiles);
  write_study(study, info, out);
  if (arguments.json) {
    fmt::print("{}", study_json(study, info));
  } else {
    print_study(study, arguments.files.out, session);
  }
}

}  // namespace

void add_study_learning(CLI::App& study, Session& session) {
  auto* command = study.add_subcommand(
      "learning", "How good is what 'triage train' chooses, by the number of inputs that it learns from?");
  const auto arguments = std::make_shared<LearningArguments>();
  LearningOptions& options = arguments->options;
  add_study_files(*command, arguments->files);
  command->add_option("--draws", options.draws, "training sets of each size")->capture_default_str();
  command
      ->add_option("--most", options.most_inputs,
                   "inputs of the largest training set; a fifth or 200 are left")
      ->check(not_negative())
      ->capture_default_str();
  command->add_option("--judging", options.most_judging, "other inputs that judge a training set, at most")
      ->check(not_negative())
      ->capture_default_str();
  command
      ->add_option("--unlabelled", options.unlabelled,
                   "other inputs, without their labels, with which training is tried too")
      ->check(not_negative())
      ->capture_default_str();
  command->add_option("--seed", options.seed, "seed of the training sets")
      ->check(not_negative())
      ->capture_default_str();
  command->add_option("--threads", options.threads, "default: one per core; the figures do not depend on it")
      ->check(not_negative());
  command->add_flag("--json", arguments->json, "print one JSON document instead of sentences");
  command->callback([arguments, &session] { run_learning(*arguments, session); });
}

}  // namespace triage::cli
