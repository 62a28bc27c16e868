// triage merge: joins profiles into a new one.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "cli/cli.h"
#include "triage/profile.h"

namespace triage::cli {
namespace {

struct Arguments {
  std::vector<std::filesystem::path> inputs;
  std::filesystem::path out;
  bool json = false;
};

void run_merge(const Arguments& arguments) {
  const MergeSummary summary = merge_profiles(arguments.inputs, arguments.out);
  const auto size = std::filesystem::file_size(arguments.out);
  if (arguments.json) {
    print_json({{"profile", arguments.out.string()},
                {"profiles", arguments.inputs.size()},
                {"inputs", summary.inputs},
                {"failed", summary.failed},
                {"size_bytes", size}});
  } else {
    fmt::print("{}: {} inputs of {} profiles, {} failed, {}\n", printable(arguments.out.string()),
               summary.inputs, arguments.inputs.size(), summary.failed,
               format_bytes(static_cast<double>(size)));
  }
}

}  // namespace

void add_merge(CLI::App& app, Session& /*session*/) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand(
      "merge", "Join shards, or profiles of other inputs by the same models, into a new profile.");
  command->add_option("profiles", arguments->inputs, "Finished profiles")->required();
  command->add_option("-o,--out", arguments->out, "Profile to make; must not exist")->required();
  command->add_flag("--json", arguments->json, "Print the result as JSON");
  command->callback([arguments] { run_merge(*arguments); });
}

}  // namespace triage::cli
