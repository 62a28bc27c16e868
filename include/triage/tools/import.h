// Tables that people have, as profiles: scores and costs of models on inputs, from CSV and JSON lines
// (docs/tables.md).
#pragma once

#include <cstddef>
#include <filesystem>
#include <iosfwd>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "triage/policy_info.h"
#include "triage/result.h"
#include "triage/terms.h"

namespace triage {

enum class TextForm { kCsv, kJsonLines };

// What a column is. Those of a model stand in the wide form once for each model; in the long form, where
// each line is of one input and one model, once.
enum class ColumnRole {
  kIgnore,
  kId,           // of the input; without one inputs are called by their lines
  kGroup,        // inputs that belong together
  kFold,         // of an official cross-validation, an integer
  kLabel,        // the right answer
  kFeature,      // a number; `of` is its group
  kFeatureCost,  // what a group of features costs; `of` is the group
  kText,         // of which features are made in training; one column at most
  kModel,        // long form: the model's name
  kScore,        // `of` is the model, in the wide form; so with the next three
  kCost,
  kSignal,  // what the model says of its own score
  kAnswer   // right where it is the label
};
[[nodiscard]] std::string_view to_string(ColumnRole role);  // "feature cost"

struct TableColumn {
  std::string name;
  ColumnRole role = ColumnRole::kIgnore;
  std::string of{};
};

inline constexpr char kFindSeparator = '\0';

// How a file is read.
struct TableColumns {
  TextForm form = TextForm::kCsv;
  char separator = kFindSeparator;  // CSV: that, or whichever of , ; and tab the first line has most of
  std::vector<TableColumn> columns;
  std::string score_name = "score";
  // What the worst and the best score are; the range that is seen, or 0 and 1 where scores lie in it.
  std::optional<double> worst, best;
  bool lower_is_better = false;  // where the range is that which is seen
  std::string cost_unit = "cost";
  // Costs are run times that end here: a model's score is PAR10, and its score column, if there is one, says
  // whether it solved the input (above 0). 0: they are not.
  double cutoff = 0;

  [[nodiscard]] bool is_long() const;
};

// What the file's column names and values suggest: `MODEL:score` and `MODEL:cost` (also `:usd`, `:ms`, `:s`,
// `:signal`, `:answer`), or `model`, `score` and `cost` in the long form; numbers are features, other texts
// are ignored. Of `known` columns the role is as given, by name; what they are of, their names say. Reads all
// of it. Throws kIo, kData, kInterrupted; kUsage for known columns that are not there.
[[nodiscard]] TableColumns guess_columns(const std::filesystem::path& file, TextForm form,
                                         char separator = kFindSeparator, const std::stop_token& stop = {},
                                         std::span<const TableColumn> known = {});
// A column of a table in memory, as a CSV would have it: a text for each line, empty where there is nothing.
struct TextColumn {
  std::string name;
  std::vector<std::string> cells;
};
// The same of such a table, whose columns are all of one length; messages count its lines from 1. Throws
// kData, kUsage.
[[nodiscard]] TableColumns guess_columns(std::span<const TextColumn> table,
                                         std::span<const TableColumn> known = {});
// As JSON with comments, to be changed by hand; and back. Throws kData, naming `owner`.
[[nodiscard]] std::string columns_json(const TableColumns& columns);
[[nodiscard]] TableColumns parse_columns_json(std::string_view text, const std::string& owner);

struct ImportSummary {
  std::size_t inputs = 0, models = 0, features = 0, answers = 0;
  std::size_t cells = 0;          // models on inputs
  std::size_t missing_cells = 0;  // of all inputs and models: that were not run
  std::size_t missing_features = 0;
  std::size_t texts = 0;             // inputs that have one
  std::vector<std::string> ignored;  // columns
  Terms terms;
};

// Reads the file twice and writes a profile: whole, or not at all. Throws kData with the line and the column
// of what is wrong, kUsage where `out` exists and for columns that do not fit the file, kIo, kInterrupted.
ImportSummary import_table(const std::filesystem::path& file, const TableColumns& columns,
                           const std::filesystem::path& out, const std::stop_token& stop = {});
// The same of a table in memory, which messages call `name`.
ImportSummary import_table(std::span<const TextColumn> table, std::string_view name,
                           const TableColumns& columns, const std::filesystem::path& out,
                           const std::stop_token& stop = {});

// A row to choose for, as text has it (`triage choose`).
struct FeatureRow {
  std::string id;
  std::vector<float> features;  // by the policy's schema; NaN where missing
  std::vector<Look> looks;      // what ran so far, in order
};

// Reads such rows as they come: CSV, whose first line names the columns, or JSON lines with the features, an
// `id` and, of what ran so far, `looks`: [{"model": ..., "answer": ..., "signal": ..., "cost": ...}].
class FeatureRows {
 public:
  // Both must outlive it.
  FeatureRows(std::istream& in, const PolicyInfo& policy, TextForm form);
  ~FeatureRows();
  // False at the end. Throws kData, naming the line, for a row that is not right; the next one may be.
  [[nodiscard]] bool next(FeatureRow& row);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace triage
