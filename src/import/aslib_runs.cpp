#include "import/aslib_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <tuple>

#include "import/aslib_file.h"

namespace triage {
namespace {

bool is_run_status(const std::string& text) {
  constexpr std::array<std::string_view, 6> kStatuses{"ok",    "timeout", "memout", "not_applicable",
                                                      "crash", "other"};
  return std::find(kStatuses.begin(), kStatuses.end(), text) != kStatuses.end();
}

// The attributes that are read.
struct RunColumns {
  std::size_t algorithm = 0, status = 0, value = 0;
  std::optional<std::size_t> time;
};

RunColumns run_columns(const AslibFile& file, const AslibDescription& description,
                       const AslibMeasure& measure) {
  RunColumns columns;
  columns.algorithm = file.column("algorithm", "the names of algorithms");
  columns.status = file.column("runstatus", "how runs ended");
  columns.value = file.column(measure.name, "a performance measure of description.txt");
  for (const AslibMeasure& other : description.measures) {
    if (!other.is_runtime || columns.time) continue;
    columns.time = file.column(other.name, "a performance measure of description.txt");
  }
  if (measure.is_runtime) columns.time = columns.value;
  return columns;
}

std::optional<double> seconds_of(AslibFile& file, std::size_t column) {
  const std::optional<double> seconds = file.number(column);
  if (!seconds) return std::nullopt;
  if (!(*seconds >= 0)) file.refuse(column, "seconds, 0 or more");
  return std::isinf(*seconds) ? std::nullopt : seconds;  // some write that of runs without an end
}

// Notes what is wrong; the run is of no use then.
AslibRun read_run(AslibFile& file, const RunColumns& columns, AslibRuns& runs) {
  AslibRun run;
  run.instance = runs.instances.add(file.instance());
  run.algorithm = runs.algorithms.add(file.text(columns.algorithm).value_or(""));
  const std::optional<std::string> status = file.text(columns.status);
  if (status && !is_run_status(*status)) {
    file.refuse(columns.status, "ok, timeout, memout, not_applicable, crash or other");
  }
  run.is_ok = status == "ok";
  if (columns.time) run.time = seconds_of(file, *columns.time);
  if (columns.time == columns.value) {
    run.value = run.time;
    return run;
  }
  run.value = file.number(columns.value);
  if (run.is_ok && run.value && std::isinf(*run.value)) file.refuse(columns.value, "a finite number");
  return run;
}

}  // namespace

AslibRuns read_aslib_runs(const std::filesystem::path& folder, const AslibDescription& description,
                          const AslibMeasure& measure) {
  AslibFile file(folder, "algorithm_runs.arff");
  const RunColumns columns = run_columns(file, description, measure);
  AslibRuns runs;
  runs.has_time = columns.time.has_value();
  std::set<std::tuple<std::size_t, std::size_t, std::int64_t>> seen;
  while (file.next()) {
    const AslibRun run = read_run(file, columns, runs);
    if (!seen.emplace(run.instance, run.algorithm, file.repetition()).second) {
      file.refuse_row(
          fmt::format("instance {}, algorithm {}, repetition {} for the second time, expected once",
                      quoted_cell(file.instance()), quoted_cell(runs.algorithms.names()[run.algorithm]),
                      file.repetition()));
    }
    runs.runs.push_back(run);
  }
  file.finish();
  return runs;
}

}  // namespace triage
