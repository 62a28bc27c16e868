// triage reuse: learns how much frames of a video may differ for one answer to do for all of them.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "cli/data_labels.h"
#include "cli/decode_options.h"
#include "cli/inputs.h"
#include "cli/label_options.h"
#include "cli/remark_warnings.h"
#include "triage/tools/reuse.h"

namespace triage::cli {
namespace {

using Json = nlohmann::json;

struct ReuseArguments {
  std::string policy, zoo, out;
  std::vector<std::string> data;
  std::string labels;  // a CSV, or from:MODEL
  std::optional<Label> first_label;
  std::string cache = default_cache_dir().string();
  ReuseOptions options;
  bool json = false;
};

void print_text(const ReuseArguments& arguments, const ReuseStudy& study) {
  fmt::print("{} sequences, {} frames{}; the policy is right on {:.2f} % of them\n\n", study.sequences,
             study.frames,
             study.n_failed > 0 ? fmt::format(" ({} more could not be read)", study.n_failed) : "",
             100 * study.score);
  fmt::print(
      "Limits, each of which passes if it and all before it keep the loss (in points, with 95 % interval)\n");
  fmt::print("  {:>8} {:>22} {:>24}\n", "limit", "ran a network, %", "loss");
  for (const ReuseStep& step : study.steps) {
    fmt::print("  {:>8.4g} {:>22.1f} {:>24}  {}\n", step.limit, 100 * step.ran_share,
               format_points(step.loss), step.passed ? "passed" : "failed");
  }
  if (study.policy == nullptr) {
    fmt::print(
        "\nNo limit keeps the loss within {:.2f} points for sure. More sequences, or a larger loss, may.\n",
        100 * study.max_loss);
    return;
  }
  const LearnedReuse& learned = *study.policy->info().reuse;
  fmt::print("\nLimit {:.4g}, at most {} frames in a row.\n", learned.rule.limit, learned.rule.max_age);
  fmt::print(
      "On sequences that it was not learned on: {:.1f} % of the frames ran a network, loss {} points.\n",
      100 * study.left_out_ran_share, format_points(study.left_out_loss));
  fmt::print("{} written\n", printable(arguments.out));
}

Json loss_json(const Estimate& loss) {
  return {{"value", loss.value}, {"low", loss.interval.low}, {"high", loss.interval.high}};
}

Json to_json(const ReuseArguments& arguments, const ReuseStudy& study) {
  Json steps = Json::array();
  for (const ReuseStep& step : study.steps) {
    steps.push_back({{"limit", step.limit},
                     {"ran_share", step.ran_share},
                     {"loss", loss_json(step.loss)},
                     {"passed", step.passed}});
  }
  Json document{
      {"achieved", study.policy != nullptr},
      {"file", nullptr},
      {"limit", nullptr},
      {"max_age", study.max_age},
      {"max_loss", study.max_loss},
      {"labels_from", arguments.options.labels_from},
      {"sequences", study.sequences},
      {"frames", study.frames},
      {"failed", study.n_failed},
      {"score", study.score},
      {"steps", steps},
      {"left_out", {{"ran_share", study.left_out_ran_share}, {"loss", loss_json(study.left_out_loss)}}}};
  if (study.policy != nullptr) {
    document["file"] = arguments.out;
    document["limit"] = study.policy->info().reuse->rule.limit;
  }
  return document;
}

// With the answers of a model for labels, folders are no classes.
std::unique_ptr<Dataset> open_sequences(const ReuseArguments& arguments, const Zoo& zoo) {
  DatasetOptions options;
  options.data.assign(arguments.data.begin(), arguments.data.end());
  if (arguments.options.labels_from.empty()) {
    if (!arguments.labels.empty()) options.labels = {arguments.labels};
    options.classes = classes_of(zoo);
    options.first_label = arguments.first_label;
  } else {
    options.require_labels = false;
  }
  return open_dataset(options);
}

ReuseStudy study_with_progress(const std::shared_ptr<const Policy>& policy,
                               const std::shared_ptr<Runtime>& runtime, const Dataset& data,
                               ReuseOptions& options) {
  std::unique_ptr<Progress> progress;
  options.on_frame = [&](std::size_t done, std::size_t total) {
    if (!progress) progress = std::make_unique<Progress>("classifying", total);
    progress->update(done);
  };
  return study_reuse(policy, runtime, data, options);
}

void reuse(ReuseArguments& arguments, Session& session) {
  check_outputs({&arguments.out, 1}, std::vector<std::string>{arguments.labels});
  arguments.options.labels_from = labels_model(arguments.labels);
  arguments.options.stop = session.stop_source.get_token();
  RuntimeOptions runtime_options;
  runtime_options.cache_dir = arguments.cache;
  runtime_options.observer = std::make_shared<RemarkWarnings>();
  const auto runtime =
      Runtime::load(zoo_of_policy(arguments.policy, arguments.zoo, "reuse"), runtime_options);
  const std::shared_ptr<const Policy> policy = load_policy(arguments.policy);
  const auto data = open_sequences(arguments, runtime->zoo());
  if (arguments.options.labels_from.empty()) warn_of_labels(data->label_mapping());
  const ReuseStudy study = study_with_progress(policy, runtime, *data, arguments.options);
  if (study.policy != nullptr) save_policy(*study.policy, arguments.out);
  if (arguments.json) {
    print_json(to_json(arguments, study));
  } else {
    print_text(arguments, study);
  }
  if (study.policy == nullptr || study.n_failed > 0) session.exit_code = kExitSomeFailed;
}

}  // namespace

void add_reuse(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand(
      "reuse", "Learn which frames of a video may take the answer of an earlier one (classify --stream)");
  const auto arguments = std::make_shared<ReuseArguments>();
  auto& a = *arguments;
  command
      ->add_option("data", a.data,
                   "Folder with one folder for each sequence, its frames in the order of their names")
      ->required()
      ->expected(1)
      ->type_name("FOLDER");
  command->add_option("--policy,-p", a.policy, "Policy that answers")->required()->type_name("IN.triage");
  command->add_option("--zoo,-z", a.zoo, "Zoo manifest; zoo.json beside the policy when left out");
  command
      ->add_option("--labels", a.labels,
                   "CSV of files and labels; from:MODEL takes that model's answers for labels. Left out, a "
                   "sequence's folder names its class")
      ->type_name("CSV|from:MODEL");
  add_first_label_option(*command, a.first_label);
  command
      ->add_option("-o,--out", a.out,
                   "The same policy with the limit, to write; left alone where no limit keeps the loss")
      ->required()
      ->type_name("OUT.triage");
  command
      ->add_option("--max-loss", a.options.max_loss,
                   "Bound on the loss of mean score, a share: 0.01 is one point")
      ->capture_default_str()
      ->type_name("SHARE");
  command->add_option("--max-age", a.options.max_age, "Most frames in a row that take one answer")
      ->capture_default_str()
      ->type_name("N");
  command->add_option("--cache", a.cache, "Folder for compiled models; empty for none")
      ->capture_default_str();
  add_decode_options(*command, a.options.decode);
  command->add_flag("--json", a.json, "One JSON document on stdout");
  command->callback([arguments, &session] { reuse(*arguments, session); });
}

}  // namespace triage::cli
