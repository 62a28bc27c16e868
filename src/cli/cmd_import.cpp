// `triage import`: from tables that people have to profiles.
#include "cli/cmd_import.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "triage/error.h"
#include "triage/tools/import.h"
#include "triage/tools/report.h"

namespace triage::cli {
namespace {

// What is said of columns on the command line, over what the file suggests or a description says.
struct ColumnOptions {
  std::string id, group, fold, label, text, model;
  std::vector<std::string> features, ignored;
  std::string scores, costs, signals, answers;  // "{model}:usd", or in the long form a column
};

struct ImportArguments {
  std::string file, out, description;
  TextForm form = TextForm::kCsv;
  std::string separator;
  ColumnOptions columns;
  std::optional<std::string> score_name, cost_unit;
  std::vector<double> range;
  bool lower_is_better = false;
  std::optional<double> cutoff;
  bool json = false;
};

constexpr std::string_view kModelSlot = "{model}";

char separator_of(const std::string& text) {
  if (text.empty()) return kFindSeparator;
  if (text == "\\t" || text == "tab") return '\t';
  if (text.size() == 1) return text.front();
  throw Error(ErrorCode::kUsage, fmt::format("--separator: '{}', expected one character, or tab", text));
}

TableColumn& column_named(TableColumns& columns, const std::string& name, std::string_view option) {
  const auto found = std::find_if(columns.columns.begin(), columns.columns.end(),
                                  [&](const TableColumn& column) { return column.name == name; });
  if (found != columns.columns.end()) return *found;
  std::vector<std::string_view> known;
  for (const TableColumn& column : columns.columns) known.push_back(column.name);
  constexpr std::size_t kShown = 20;
  const std::size_t more = known.size() - std::min(known.size(), kShown);
  known.resize(known.size() - more);
  throw Error(ErrorCode::kUsage, fmt::format("{}: no column '{}' in the file, expected one of {}{}", option,
                                             name, fmt::join(known, ", "), more > 0 ? ", ..." : ""));
}

// Another column that was thought to be that is not.
void give_role(TableColumns& columns, const std::string& name, ColumnRole role, std::string_view option) {
  if (name.empty()) return;
  TableColumn& column = column_named(columns, name, option);
  for (TableColumn& other : columns.columns) {
    if (other.role == role && other.of.empty()) other.role = ColumnRole::kIgnore;
  }
  column.role = role;
  column.of.clear();
}

void give_model_roles(TableColumns& columns, const std::string& pattern, ColumnRole role,
                      std::string_view option) {
  if (pattern.empty()) return;
  const std::size_t slot = pattern.find(kModelSlot);
  if (slot == pattern.npos) return give_role(columns, pattern, role, option);
  const std::string_view before = std::string_view(pattern).substr(0, slot);
  const std::string_view behind = std::string_view(pattern).substr(slot + kModelSlot.size());
  for (TableColumn& other : columns.columns) {
    if (other.role == role) other.role = ColumnRole::kIgnore;
  }
  std::size_t n = 0;
  for (TableColumn& column : columns.columns) {
    const std::string_view name = column.name;
    if (name.size() <= before.size() + behind.size()) continue;
    if (!name.starts_with(before) || !name.ends_with(behind)) continue;
    column.role = role;
    column.of = name.substr(before.size(), name.size() - before.size() - behind.size());
    ++n;
  }
  if (n == 0) {
    throw Error(
        ErrorCode::kUsage,
        fmt::format("{}: no column is called like '{}', expected one for each model", option, pattern));
  }
}

void apply_columns(const ColumnOptions& options, TableColumns& columns) {
  for (const std::string& name : options.features) {
    TableColumn& column = column_named(columns, name, "--features");
    column.role = ColumnRole::kFeature;
    column.of = "features";
  }
  for (const std::string& name : options.ignored) {
    column_named(columns, name, "--ignore").role = ColumnRole::kIgnore;
  }
  give_role(columns, options.id, ColumnRole::kId, "--id");
  give_role(columns, options.group, ColumnRole::kGroup, "--group");
  give_role(columns, options.fold, ColumnRole::kFold, "--fold");
  give_role(columns, options.label, ColumnRole::kLabel, "--label");
  give_role(columns, options.text, ColumnRole::kText, "--text");
  give_role(columns, options.model, ColumnRole::kModel, "--model");
  give_model_roles(columns, options.scores, ColumnRole::kScore, "--scores");
  give_model_roles(columns, options.costs, ColumnRole::kCost, "--costs");
  give_model_roles(columns, options.signals, ColumnRole::kSignal, "--signals");
  give_model_roles(columns, options.answers, ColumnRole::kAnswer, "--answers");
}

std::string read_description(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Error(ErrorCode::kIo, fmt::format("{}: cannot be opened, expected a readable file", path));
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

TableColumns columns_of(const ImportArguments& arguments, const std::stop_token& stop) {
  TableColumns columns =
      arguments.description.empty()
          ? guess_columns(arguments.file, arguments.form, separator_of(arguments.separator), stop)
          : parse_columns_json(read_description(arguments.description), arguments.description);
  apply_columns(arguments.columns, columns);
  if (arguments.score_name) columns.score_name = *arguments.score_name;
  if (arguments.cost_unit) columns.cost_unit = *arguments.cost_unit;
  if (arguments.cutoff) columns.cutoff = *arguments.cutoff;
  if (arguments.lower_is_better) columns.lower_is_better = true;
  if (!arguments.range.empty()) {
    columns.worst = arguments.range[0];
    columns.best = arguments.range[1];
  }
  return columns;
}

void print_summary(const ImportArguments& arguments, const ImportSummary& summary) {
  if (arguments.json) {
    print_json({{"inputs", summary.inputs},
                {"models", summary.models},
                {"features", summary.features},
                {"answers", summary.answers},
                {"cells", summary.cells},
                {"missing_cells", summary.missing_cells},
                {"missing_features", summary.missing_features},
                {"texts", summary.texts},
                {"ignored", summary.ignored},
                {"score", summary.terms.score},
                {"cost_unit", summary.terms.cost_unit},
                {"out", arguments.out}});
    return;
  }
  fmt::print("{} inputs, {} models, {} features; scores: {} from {:g} (worst) to {:g}, costs in {}\n",
             summary.inputs, summary.models, summary.features, printable(summary.terms.score),
             summary.terms.worst, summary.terms.best, printable(summary.terms.cost_unit));
  if (summary.answers > 0) fmt::print("{} different answers\n", summary.answers);
  if (summary.missing_cells > 0) {
    fmt::print("{} of {} cells are missing: the model was not run\n", summary.missing_cells,
               summary.cells + summary.missing_cells);
  }
  if (summary.missing_features > 0)
    fmt::print("{} values of features are missing\n", summary.missing_features);
  if (summary.texts > 0) fmt::print("{} texts, of which training makes features\n", summary.texts);
  if (!summary.ignored.empty()) {
    constexpr std::size_t kShown = 10;
    const std::size_t n = std::min(kShown, summary.ignored.size());
    fmt::print(
        "Ignored: {}{}\n",
        printable(
            fmt::format("{}", fmt::join(summary.ignored.begin(),
                                        summary.ignored.begin() + static_cast<std::ptrdiff_t>(n), ", "))),
        n < summary.ignored.size() ? fmt::format(" and {} more columns", summary.ignored.size() - n) : "");
  }
  fmt::print("Wrote {}\n", printable(arguments.out));
}

void run_import(const ImportArguments& arguments, const Session& session) {
  std::vector<std::string> read;
  if (arguments.file != "-") read.push_back(arguments.file);
  if (!arguments.description.empty()) read.push_back(arguments.description);
  check_outputs({&arguments.out, 1}, read);
  const std::stop_token stop = session.stop_source.get_token();
  const TableColumns columns = columns_of(arguments, stop);
  throw_if_stopped(session, "import");
  const auto summary = import_table(arguments.file, columns, arguments.out, stop);
  print_summary(arguments, summary);
}

void add_column_options(CLI::App& command, ColumnOptions& a) {
  command.add_option("--id", a.id, "Column of the inputs' ids")->type_name("COLUMN");
  command.add_option("--group", a.group, "Column of groups: inputs that belong together")
      ->type_name("COLUMN");
  command.add_option("--fold", a.fold, "Column of official folds")->type_name("COLUMN");
  command.add_option("--label", a.label, "Column of the right answers")->type_name("COLUMN");
  command.add_option("--text", a.text, "Column of texts, such as prompts, of which training makes features")
      ->type_name("COLUMN");
  command.add_option("--model", a.model, "Long form, a line for each input and model: column of the models")
      ->type_name("COLUMN");
  command.add_option("--features", a.features, "Columns of features; others that hold numbers are too")
      ->delimiter(',')
      ->type_name("A,B,...");
  command.add_option("--ignore", a.ignored, "Columns to leave out")->delimiter(',')->type_name("A,B,...");
  command.add_option("--scores", a.scores, "Columns of the scores, by a pattern such as '{model}:score'")
      ->type_name("PATTERN");
  command.add_option("--costs", a.costs, "Columns of the costs, such as '{model}:usd'")->type_name("PATTERN");
  command.add_option("--signals", a.signals, "Columns of what models say of their own scores")
      ->type_name("PATTERN");
  command.add_option("--answers", a.answers, "Columns of answers; right where they are the label")
      ->type_name("PATTERN");
}

void add_form(CLI::App& import, Session& session, TextForm form) {
  const bool is_csv = form == TextForm::kCsv;
  auto* command = import.add_subcommand(
      is_csv ? "csv" : "jsonl", is_csv ? "Comma-separated values, also gzipped" : "JSON lines, also gzipped");
  const auto arguments = std::make_shared<ImportArguments>();
  auto& a = *arguments;
  a.form = form;
  command->add_option("file", a.file, "The table; - is standard input")->required()->type_name("FILE");
  command->add_option("-o,--out", a.out, "Profile to write")->required()->type_name("X.profile");
  command->add_option("--columns", a.description, "Description of the columns ('triage import describe')")
      ->type_name("COLUMNS.json");
  if (is_csv) {
    command->add_option("--separator", a.separator, "Between fields: one character, or tab; default: found");
  }
  add_column_options(*command, a.columns);
  command->add_option("--score-name", a.score_name, "What the score is called in reports");
  command
      ->add_option("--score-range", a.range, "What the worst and the best score are: other scores are errors")
      ->delimiter(',')
      ->expected(2)
      ->type_name("WORST,BEST");
  command->add_flag("--lower-is-better", a.lower_is_better,
                    "Of scores whose range is found, the lowest is best");
  command->add_option("--cost-unit", a.cost_unit, "What costs count in: ms, s, usd, tokens, ...");
  command->add_option("--cutoff", a.cutoff, "Costs are run times that end here: the score is PAR10")
      ->check(CLI::PositiveNumber);
  command->add_flag("--json", a.json, "One JSON document on stdout");
  command->callback([arguments, &session] { run_import(*arguments, session); });
}

TextForm form_of(const std::string& file) {
  const std::string name = file.ends_with(".gz") ? file.substr(0, file.size() - 3) : file;
  const bool is_json = name.ends_with(".jsonl") || name.ends_with(".ndjson") || name.ends_with(".json");
  return is_json ? TextForm::kJsonLines : TextForm::kCsv;
}

void add_describe(CLI::App& import, const Session& session) {
  auto* command =
      import.add_subcommand("describe", "What a table's columns seem to be, as a file to be changed");
  struct Arguments {
    std::string file, out, separator;
  };
  const auto a = std::make_shared<Arguments>();
  command->add_option("file", a->file, "CSV or JSON lines (.jsonl)")->required()->type_name("FILE");
  command->add_option("-o,--out", a->out, "File to write; default: stdout")->type_name("COLUMNS.json");
  command->add_option("--separator", a->separator, "Between fields of CSV: one character, or tab");
  command->callback([a, &session] {
    const auto text = columns_json(guess_columns(a->file, form_of(a->file), separator_of(a->separator),
                                                 session.stop_source.get_token()));
    if (a->out.empty()) {
      fmt::print("{}", text);
      return;
    }
    check_outputs({&a->out, 1}, std::array{a->file});
    write_report(a->out, text);
  });
}

}  // namespace

void add_import(CLI::App& app, Session& session) {
  auto* import = app.add_subcommand("import", "Make a profile of a table of scores and costs");
  import->require_subcommand(1);
  add_form(*import, session, TextForm::kCsv);
  add_form(*import, session, TextForm::kJsonLines);
  add_import_aslib(*import, session);
  add_import_feedback(*import, session);
  add_describe(*import, session);
}

}  // namespace triage::cli
