#include "cli/label_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/cli.h"
#include "triage/error.h"
#include "triage/tools/profile.h"
#include "triage/tools/rows.h"

namespace triage::cli {
namespace {

constexpr std::string_view kFrom = "from:";

void expect_labels(const Table& table, const std::filesystem::path& profile) {
  const auto missing = std::count(table.labels.begin(), table.labels.end(), kNoLabel);
  if (missing == 0 || !table.scores.empty()) return;
  throw Error(ErrorCode::kProfile,
              fmt::format("{}: {} of {} inputs have no label, expected one each; take a model's answers for "
                          "labels with --labels from:MODEL",
                          profile.string(), missing, table.n_inputs()));
}

// Models are compared on the same inputs.
Table complete_part(Table table, const std::filesystem::path& profile) {
  const auto rows = complete_rows(table);
  if (rows.size() == table.n_inputs()) return table;
  if (rows.empty()) {
    throw Error(ErrorCode::kProfile,
                fmt::format("{}: on each of its {} inputs some model was not run, expected inputs on which "
                            "every model was; import fewer of the models",
                            profile.string(), table.n_inputs()));
  }
  warn(printable(fmt::format("{}: {} of {} inputs are left out: some model was not run on them",
                             profile.string(), table.n_inputs() - rows.size(), table.n_inputs())));
  return select_table_inputs(table, rows);
}

}  // namespace

std::string labels_model(std::string_view text) {
  if (!text.starts_with(kFrom)) return {};
  text.remove_prefix(kFrom.size());
  if (text.empty()) {
    throw Error(ErrorCode::kUsage,
                "--labels: 'from:' without a name, expected from:MODEL; see the names in "
                "'triage zoo list'");
  }
  return std::string(text);
}

void add_labels_option(CLI::App& command, std::string& labels) {
  command
      .add_option("--labels", labels,
                  "from:MODEL takes that model's answers for labels: agreement with it instead of accuracy")
      ->type_name("from:MODEL");
}

Table load_labelled_table(std::span<const std::filesystem::path> profiles, const std::string& labels) {
  const std::string model = labels_model(labels);
  if (!labels.empty() && model.empty()) {
    throw Error(ErrorCode::kUsage, fmt::format("--labels: '{}', expected from:MODEL; labels of a file are "
                                               "given to 'triage profile'",
                                               labels));
  }
  Table table = load_table(profiles);
  if (!model.empty()) label_by_model(table, model);
  expect_labels(table, profiles.front());
  return complete_part(std::move(table), profiles.front());
}

}  // namespace triage::cli
