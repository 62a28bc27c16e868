// Six cursors over tables that are all ordered by input walk in step: no join, no index look-up, one pass.
#include "profile/reader.h"

#include <fmt/format.h>

#include "profile/codec.h"
#include "triage/error.h"

namespace triage {
namespace {

Database open_checked(const std::filesystem::path& path) {
  check_sqlite_file(path);
  Database database(path, Database::Mode::kRead);
  // A writer that is just closing its log locks readers out for a moment.
  sqlite3_busy_timeout(database.handle(), 2000);
  database.exec("BEGIN");
  return database;
}

}  // namespace

struct ProfileReader::Cursors {
  // Older formats lack some columns; constants stand in for them.
  Cursors(const Database& db, std::int64_t format)
      : input(db,
              fmt::format("SELECT input, id, label, status, message, width, height, channels, {}, {} FROM "
                          "input ORDER BY input",
                          format < 2 ? "NULL" : "pixel_hash", format < 3 ? "NULL" : "input_group")),
        features(db, "SELECT input, vals FROM input_features ORDER BY input"),
        output(db, "SELECT input, model, rank, residual, top FROM output ORDER BY input, model"),
        input_cost(db, fmt::format("SELECT input, machine, decode_ms, node_ms, {} FROM input_cost ORDER BY "
                                   "input, machine",
                                   format < 2 ? "1, 0" : "runs, capped")),
        preprocess_cost(db,
                        "SELECT input, recipe, machine, mean_ms, n, m2 FROM preprocess_cost ORDER BY input, "
                        "recipe, machine"),
        infer_cost(db, "SELECT input, execution, mean_ms, n, m2 FROM infer_cost ORDER BY input, execution") {}
  Statement input, features, output, input_cost, preprocess_cost, infer_cost;
};

ProfileReader::ProfileReader(const std::filesystem::path& path) : database_(open_checked(path)) {
  header_ = read_header(database_);
  machines_ = read_machines(database_);
  n_done_ = database_.integer("SELECT count(*) FROM input");
  if (n_done_ > header_.n_inputs()) {
    database_.fail_damaged(fmt::format("it has {} inputs, expected at most {}", n_done_, header_.n_inputs()));
  }
  cursors_ = std::make_unique<Cursors>(database_, database_.integer("PRAGMA user_version"));
}

ProfileReader::~ProfileReader() = default;

std::uint64_t ProfileReader::size_bytes() const {
  return static_cast<std::uint64_t>(database_.integer("PRAGMA page_count")) *
         static_cast<std::uint64_t>(database_.integer("PRAGMA page_size"));
}

void ProfileReader::fail(const InputRecord& record, std::string_view what) const {
  database_.fail_damaged(fmt::format("input {} ('{}'): {}", record.input, record.id, what));
}

void ProfileReader::expect_end(Statement& statement, std::string_view table) const {
  if (statement.step()) database_.fail_damaged(fmt::format("table '{}' has rows of no input", table));
}

bool ProfileReader::next(InputRecord& record) {
  Cursors& at = *cursors_;
  if (!at.input.step()) {
    expect_end(at.features, "input_features");
    expect_end(at.output, "output");
    expect_end(at.input_cost, "input_cost");
    expect_end(at.preprocess_cost, "preprocess_cost");
    expect_end(at.infer_cost, "infer_cost");
    return false;
  }
  record.input = at.input.integer(0, 0, INT64_MAX);
  record.id = at.input.text(1);
  record.label = static_cast<Label>(at.input.integer(2, kNoLabel, header_.n_classes - 1));
  const std::string status = at.input.text(3);
  if (status != "ok" && status != "failed")
    fail(record, fmt::format("status '{}', expected ok or failed", status));
  record.error = status == "ok" ? "" : at.input.text(4);
  if (status == "failed" && record.error.empty()) fail(record, "failed without a message");
  record.width = static_cast<int>(at.input.integer(5, 0, INT32_MAX));
  record.height = static_cast<int>(at.input.integer(6, 0, INT32_MAX));
  record.channels = static_cast<int>(at.input.integer(7, 0, 4));
  record.pixel_hash.reset();
  if (!at.input.is_null(8)) record.pixel_hash = at.input.integer(8, INT64_MIN, INT64_MAX);
  record.group = at.input.is_null(9) ? std::string() : at.input.text(9);
  if (record.error.empty() && !header_.times_only) read_outputs(record);
  if (record.error.empty()) read_costs(record);
  return true;
}

void ProfileReader::read_outputs(InputRecord& record) {
  Cursors& at = *cursors_;
  const std::int64_t input = record.input;
  record.features.resize(header_.schema.size());
  if (!at.features.step() || at.features.integer(0, 0, INT64_MAX) != input)
    fail(record, "its features are missing");
  if (!decode_floats(at.features.blob(1), record.features)) {
    fail(record, fmt::format("its features are not {} finite numbers", header_.schema.size()));
  }
  const std::size_t m = header_.models.size();
  record.ranks.resize(m);
  record.outputs.resize(m);
  for (std::size_t model = 0; model < m; ++model) {
    const auto number = static_cast<std::int64_t>(model);
    if (!at.output.step() || at.output.integer(0, 0, INT64_MAX) != input ||
        at.output.integer(1, 0, INT64_MAX) != number) {
      fail(record, fmt::format("the output of '{}' is missing", header_.models[model].name));
    }
    record.ranks[model] = static_cast<std::int32_t>(at.output.integer(2, 0, header_.n_classes));
    const bool unranked = record.label == kNoLabel || header_.models[model].is_selector();
    if ((record.ranks[model] == 0) != unranked) fail(record, "rank and label do not fit together");
    const auto top = decode_top(at.output.blob(4), at.output.real(3), header_.classes_of(model));
    if (!top)
      fail(record, fmt::format("the output of '{}' is no list of classes", header_.models[model].name));
    record.outputs[model] = *top;
  }
}

void ProfileReader::read_costs(InputRecord& record) {
  Cursors& at = *cursors_;
  const std::int64_t input = record.input;
  const std::int64_t last_machine = static_cast<std::int64_t>(machines_.size()) - 1;
  if (!at.input_cost.step() || at.input_cost.integer(0, 0, INT64_MAX) != input)
    fail(record, "its cost is missing");
  record.machine = static_cast<std::int32_t>(at.input_cost.integer(1, 0, last_machine));
  record.decode_ms = at.input_cost.time_ms(2);
  record.node_ms.resize(header_.nodes.size());
  if (!decode_floats(at.input_cost.blob(3), record.node_ms)) {
    fail(record, fmt::format("its feature costs are not {} finite numbers", header_.nodes.size()));
  }
  record.feature_runs = static_cast<int>(at.input_cost.integer(4, 1, INT32_MAX));
  record.capped = static_cast<int>(at.input_cost.integer(5, 0, static_cast<std::int64_t>(header_.n_cells())));
  record.preprocess_spread.resize(header_.recipes.size());
  record.preprocess_ms.resize(header_.recipes.size());
  for (std::size_t r = 0; r < record.preprocess_ms.size(); ++r) {
    Statement& cost = at.preprocess_cost;
    if (!cost.step() || cost.integer(0, 0, INT64_MAX) != input ||
        cost.integer(1, 0, INT64_MAX) != static_cast<std::int64_t>(r) ||
        cost.integer(2, 0, INT64_MAX) != record.machine) {
      fail(record, "a preprocessing cost is missing");
    }
    record.preprocess_ms[r] = cost.time_ms(3);
    record.preprocess_spread[r] = {static_cast<int>(cost.integer(4, 1, INT32_MAX)), cost.time_ms(5)};
  }
  record.infer_spread.resize(header_.models.size());
  record.infer_ms.resize(header_.models.size());
  for (std::size_t m = 0; m < record.infer_ms.size(); ++m) {
    Statement& cost = at.infer_cost;
    if (!cost.step() || cost.integer(0, 0, INT64_MAX) != input ||
        cost.integer(1, 0, INT64_MAX) != execution_of(header_, record.machine, m)) {
      fail(record, fmt::format("the cost of '{}' is missing", header_.models[m].name));
    }
    record.infer_ms[m] = cost.time_ms(2);
    record.infer_spread[m] = {static_cast<int>(cost.integer(3, 1, INT32_MAX)), cost.time_ms(4)};
  }
}

std::vector<FailedInput> failed_inputs(const std::filesystem::path& profile) {
  const Database database = open_checked(profile);
  (void)read_header(database);
  Statement rows(database, "SELECT id, message FROM input WHERE status = 'failed' ORDER BY input");
  std::vector<FailedInput> failed;
  while (rows.step()) failed.push_back({rows.text(0), rows.text(1)});
  return failed;
}

}  // namespace triage
