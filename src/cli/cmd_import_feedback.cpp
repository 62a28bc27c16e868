// `triage import feedback`: what a server explored and was told of, as a profile.
#include <fmt/format.h>

#include <array>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/cmd_import.h"
#include "triage/tools/import_feedback.h"

namespace triage::cli {
namespace {

struct FeedbackArguments {
  std::string store, out;
  FeedbackImportOptions options;
  bool json = false;
};

void print_summary(const FeedbackArguments& arguments, const FeedbackImport& summary) {
  if (arguments.json) {
    print_json({{"profile", arguments.out},
                {"inputs", summary.inputs},
                {"models", summary.models},
                {"versions", summary.versions},
                {"explore_share", summary.explore_share},
                {"thinned", summary.thinned},
                {"unlabelled", summary.unlabelled},
                {"other_models", summary.other_models},
                {"without_features", summary.without_features}});
    return;
  }
  fmt::print("{}: {} inputs, {} models, of {} version{} of the policy; explored at a share of {:.4g}\n",
             printable(arguments.out), summary.inputs, summary.models, summary.versions,
             summary.versions == 1 ? "" : "s", summary.explore_share);
  const auto left_out = [](std::size_t n, std::string_view why) {
    if (n > 0) fmt::print("{} explored inputs left out: {}\n", n, why);
  };
  left_out(summary.unlabelled, "nobody told their labels");
  left_out(summary.thinned, "the share was larger when they came");
  left_out(summary.other_models, "explored with other models or features");
  left_out(summary.without_features, "a feature is not finite");
}

}  // namespace

void add_import_feedback(CLI::App& import, Session& /*session*/) {
  auto arguments = std::make_shared<FeedbackArguments>();
  CLI::App* command =
      import.add_subcommand("feedback", "What 'triage serve' explored and was told the labels of");
  command->add_option("store", arguments->store, "Feedback store; may be in use")
      ->required()
      ->type_name("STORE");
  command->add_option("-o,--out", arguments->out, "Profile to make; must not exist")
      ->required()
      ->type_name("X.profile");
  command->add_flag("--unlabelled", arguments->options.unlabelled,
                    "Inputs without labels too, for labels from a model");
  command->add_flag("--json", arguments->json, "Print the result as JSON");
  command->callback([arguments] {
    check_outputs(std::array{arguments->out}, std::array{arguments->store});
    print_summary(*arguments, import_feedback(arguments->store, arguments->out, arguments->options));
  });
}

}  // namespace triage::cli
