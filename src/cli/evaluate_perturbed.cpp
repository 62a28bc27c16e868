#include "cli/evaluate_perturbed.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "cli/data_labels.h"
#include "cli/decode_options.h"
#include "cli/inputs.h"
#include "cli/remark_warnings.h"
#include "triage/error.h"
#include "triage/tools/report.h"

namespace triage::cli {
namespace {

std::unique_ptr<Dataset> open_images(const PerturbArguments& arguments, const PerturbRun& run,
                                     const Zoo& zoo) {
  DatasetOptions options;
  options.data = arguments.data;
  options.labels.assign(run.labels.begin(), run.labels.end());
  options.classes = classes_of(zoo);
  options.first_label = arguments.first_label;
  if (!arguments.range.empty()) options.range = parse_range(arguments.range);
  return open_at_most(std::move(options), arguments.limit);
}

PerturbOptions perturb_options(const PerturbArguments& arguments, const PerturbRun& run,
                               const Session& session) {
  PerturbOptions options;
  options.perturbations = parse_perturbations(arguments.list);
  options.criterion = run.criterion;
  options.versus = arguments.versus;
  options.request = run.request;
  options.decode = arguments.decode;
  options.resamples = run.resamples;
  options.seed = run.seed;
  options.stop = session.stop_source.get_token();
  return options;
}

}  // namespace

CLI::Option* add_perturb_options(CLI::App& command, PerturbArguments& a) {
  auto* perturb =
      command
          .add_option(
              "--perturb", a.list,
              "run the policy on images as they are and perturbed: jpeg:QUALITY, crop:PIXELS (or left:, "
              "top:, right:, bottom:), brightness:FACTOR, resample:NAME or resample:all, separated by "
              "commas; alone, all of these")
          ->expected(0, 1)
          ->type_name("LIST");
  const auto add = [&](CLI::Option* option) {
    option->needs(perturb)->group("With --perturb");
    return option;
  };
  add(command.add_option("--zoo", a.zoo, "Manifest of the models; zoo.json beside the policy when left out"));
  add(command.add_option("--data", a.data, "Folder of images, or IDX (.gz) file; may be repeated"))
      ->allow_extra_args(false);
  add(command.add_option("--range", a.range, "Part first:last (last excluded) of the inputs"));
  add(command.add_option("--limit", a.limit, "At most this many inputs"))->check(CLI::PositiveNumber);
  add(command.add_option("--versus", a.versus,
                         "The single model beside the policy; left out, the best one of its training"));
  add(command.add_option("--cache", a.cache, "Folder for compiled models; empty for none"))
      ->capture_default_str();
  add_first_label_option(command, a.first_label);
  add_decode_options(command, a.decode);
  for (const char* name : {"--first-label", "--max-pixels", "--max-bytes", "--max-work"}) {
    add(command.get_option(name));
  }
  return perturb;
}

void evaluate_perturbed(const PerturbArguments& arguments, const PerturbRun& run, Session& session) {
  PerturbOptions options = perturb_options(arguments, run, session);
  if (arguments.data.empty()) {
    throw Error(ErrorCode::kUsage, "--perturb: without --data, expected images that the policy runs on");
  }
  RuntimeOptions runtime_options;
  runtime_options.cache_dir = arguments.cache;
  runtime_options.observer = std::make_shared<RemarkWarnings>();
  const auto runtime = Runtime::load(zoo_of_policy(run.policy, arguments.zoo, "evaluate"), runtime_options);
  const std::shared_ptr<const Policy> policy = load_policy(run.policy);
  const auto data = open_images(arguments, run, runtime->zoo());
  warn_of_labels(data->label_mapping());
  PerturbationStudy study;
  {
    std::unique_ptr<Progress> progress;
    options.on_image = [&](std::size_t done, std::size_t total) {
      if (!progress) progress = std::make_unique<Progress>("perturbing", total);
      progress->update(done);
    };
    study = study_perturbations(policy, runtime, *data, options);
  }
  fmt::print("{}", run.json ? perturbation_json(study) : perturbation_text(study));
  if (study.n_failed > 0) session.exit_code = kExitSomeFailed;
}

}  // namespace triage::cli
