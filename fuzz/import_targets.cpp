// Tables that others measured.
#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz_target.h"
#include "import/arff.h"
#include "triage/error.h"
#include "triage/tools/export.h"
#include "triage/tools/import_aslib.h"
#include "triage/tools/profile.h"

namespace triage::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTinyDescription =
    "performance_measures: runtime\nperformance_type: runtime\nalgorithm_cutoff_time: 9\n"
    "feature_steps: {all: {provides: size}}\n";

std::string tiny_file(std::string_view attributes, std::string_view row) {
  return "@attribute instance_id string\n@attribute repetition numeric\n" + std::string(attributes) +
         "@data\n" + std::string(row);
}

fs::path as_scenario_file(const std::string& name, std::string_view text) {
  return as_file("scenario/" + name, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

// A scenario in which one file has these bytes, imported.
void import_with(const std::string& name, std::span<const std::uint8_t> bytes) {
  as_scenario_file("description.txt", kTinyDescription);
  as_scenario_file(
      "algorithm_runs.arff",
      tiny_file("@attribute algorithm string\n@attribute runtime real\n@attribute runstatus string\n",
                "a,1,x,3,ok\nb,1,x,4,ok\n"));
  as_scenario_file("feature_values.arff", tiny_file("@attribute size real\n", "a,1,1\nb,1,2\n"));
  as_scenario_file("feature_runstatus.arff", tiny_file("@attribute all string\n", "a,1,ok\n"));
  as_scenario_file("feature_costs.arff", tiny_file("@attribute all real\n", "a,1,1\n"));
  as_scenario_file("cv.arff", tiny_file("@attribute fold real\n", "a,1,1\nb,1,2\n"));
  const fs::path folder = as_file("scenario/" + name, bytes).parent_path();
  const fs::path out = folder.parent_path() / "scenario.profile";
  std::error_code ignored;
  fs::remove(out, ignored);
  (void)import_aslib(folder, {.feature_costs = true}, out);
}

Table import_anew(const fs::path& file, const TableColumns& columns) {
  const fs::path out = file.parent_path() / "table.profile";
  std::error_code ignored;
  fs::remove(out, ignored);
  (void)import_table(file, columns, out);
  return load_table(std::array{out});
}

// What was imported can be exported, and that imported.
void import_there_and_back(const fs::path& file) {
  const Table table = import_anew(file, guess_columns(file, TextForm::kCsv));
  for (const TableForm form : {TableForm::kLong, TableForm::kWide}) {
    try {
      const fs::path again = file.parent_path() / "again.csv";
      (void)import_anew(again, export_table(table, form, again));
    } catch (const Error& error) {
      throw Error(ErrorCode::kInternal, error.what());
    }
  }
}

}  // namespace

void read_table_csv(std::span<const std::uint8_t> bytes) {
  import_there_and_back(as_file("table.csv", bytes));
}

void read_table_json(std::span<const std::uint8_t> bytes) {
  const fs::path file = as_file("table.jsonl", bytes);
  (void)import_anew(file, guess_columns(file, TextForm::kJsonLines));
}

// As the description of a small table.
void read_columns(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kTable = "id,a,b,c\n1,1,2,3\n2,0,5,x\n";
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const TableColumns columns = parse_columns_json(text, "columns.json");
  (void)columns_json(columns);
  (void)import_anew(
      as_file("small.csv", {reinterpret_cast<const std::uint8_t*>(kTable.data()), kTable.size()}), columns);
}

// By itself, and as the runs of a scenario.
void read_arff(std::span<const std::uint8_t> bytes) {
  (void)outcome_of([](std::span<const std::uint8_t> runs) { import_with("algorithm_runs.arff", runs); },
                   bytes);
  BadCells bad("any.arff");
  ArffReader reader(as_file("any.arff", bytes), bad);
  std::vector<ArffValue> row;
  while (reader.next(row)) {
  }
  bad.throw_if_any();
}

// As the description of a scenario.
void read_aslib(std::span<const std::uint8_t> bytes) { import_with("description.txt", bytes); }

}  // namespace triage::fuzz
