// triage merge: joins profiles into a new one.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "cli/cli.h"
#include "triage/error.h"
#include "triage/tools/profile.h"

namespace triage::cli {
namespace {

struct MergeArguments {
  std::vector<std::filesystem::path> inputs;
  std::filesystem::path times;
  std::filesystem::path out;
  std::string machines = "one";
  bool json = false;
};

void run_merge_times(const MergeArguments& arguments) {
  if (arguments.inputs.size() != 1) {
    throw Error(ErrorCode::kUsage,
                fmt::format("--times: {} profiles with scores, expected 1; merge those first",
                            arguments.inputs.size()));
  }
  if (arguments.machines != "one") {
    throw Error(ErrorCode::kUsage,
                "--machines apart: given with --times, expected without; the times are of one machine then");
  }
  const TimesSummary summary = merge_times(arguments.times, arguments.inputs.front(), arguments.out);
  if (arguments.json) {
    print_json({{"profile", arguments.out.string()},
                {"times", arguments.times.string()},
                {"inputs", summary.inputs},
                {"failed", summary.failed},
                {"timed_themselves", summary.own},
                {"times_of_another", summary.dealt}});
    return;
  }
  fmt::print("{}: {} inputs, {} failed; {} with their own times of {}, {} with another input's\n",
             printable(arguments.out.string()), summary.inputs, summary.failed, summary.own,
             printable(arguments.times.string()), summary.dealt);
}

void run_merge(const MergeArguments& arguments) {
  const MergeOptions options{.machines_apart = arguments.machines == "apart"};
  const MergeSummary summary = merge_profiles(arguments.inputs, arguments.out, options);
  const auto size = std::filesystem::file_size(arguments.out);
  if (arguments.json) {
    print_json({{"profile", arguments.out.string()},
                {"profiles", arguments.inputs.size()},
                {"inputs", summary.inputs},
                {"failed", summary.failed},
                {"machines", summary.machines},
                {"size_bytes", size}});
  } else {
    fmt::print("{}: {} inputs of {} profiles, {} failed, {}\n", printable(arguments.out.string()),
               summary.inputs, arguments.inputs.size(), summary.failed,
               format_bytes(static_cast<double>(size)));
    for (const std::string& machine : summary.machines) fmt::print("timed on {}\n", printable(machine));
    if (summary.machines.size() > 1) {
      fmt::print("times are kept as they are, each input's of the machine that measured it\n");
    }
  }
}

}  // namespace

void add_merge(CLI::App& app, Session& /*session*/) {
  auto arguments = std::make_shared<MergeArguments>();
  CLI::App* command = app.add_subcommand(
      "merge", "Join shards, or profiles of other inputs by the same models, into a new profile.");
  command->add_option("profiles", arguments->inputs, "Finished profiles")->required();
  command->add_option("-o,--out", arguments->out, "Profile to make; must not exist")->required();
  command->add_flag("--json", arguments->json, "Print the result as JSON");
  command->add_option("--times", arguments->times,
                      "Put the times of this profile, made on the target, over the scores of the other");
  command
      ->add_option(
          "--machines", arguments->machines,
          "one: refuse profiles of different machines; apart: join them all the same, times kept as they "
          "are")
      ->check(CLI::IsMember({"one", "apart"}))
      ->capture_default_str();
  command->callback(
      [arguments] { arguments->times.empty() ? run_merge(*arguments) : run_merge_times(*arguments); });
}

}  // namespace triage::cli
