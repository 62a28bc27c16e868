// From files of outcomes to tables. Files may come from anywhere: every value is checked.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "profile/header.h"
#include "profile/outcome_schema.h"
#include "profile/outcomes.h"
#include "profile/sqlite.h"
#include "triage/error.h"

namespace triage {
namespace {

constexpr std::int64_t kMostNames = 1 << 20;  // models, features, answers

std::string read_meta(const Database& database, std::string_view key) {
  Statement statement(database, "SELECT value FROM meta WHERE key = ?");
  if (!statement.bind(0, key).step()) database.fail_damaged(fmt::format("meta '{}' is missing", key));
  return statement.text(0);
}

double read_meta_number(const Database& database, std::string_view key) {
  const std::string text = read_meta(database, key);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    database.fail_damaged(fmt::format("meta '{}' is '{}', expected a finite number", key, text));
  }
  return value;
}

// Rows numbered 0, 1, 2, ... in their first column.
template <class Read>
void read_in_order(const Database& database, std::string_view sql, std::int64_t most, const Read& read) {
  Statement statement(database, sql);
  for (std::int64_t row = 0; statement.step(); ++row) {
    if (row >= most) database.fail_damaged(fmt::format("'{}' gives more than {} rows", sql, most));
    (void)statement.integer(0, row, row);
    read(statement);
  }
}

std::vector<std::string> read_all(const Database& database, std::string_view sql) {
  std::vector<std::string> names;
  read_in_order(database, sql, kMostNames, [&](const Statement& row) { names.push_back(row.text(1)); });
  return names;
}

Terms read_terms(const Database& database) {
  Terms terms;
  terms.score = read_meta(database, "score");
  terms.worst = read_meta_number(database, "worst");
  terms.best = read_meta_number(database, "best");
  terms.score_unit = read_meta(database, "score_unit");
  terms.cost_unit = read_meta(database, "cost_unit");
  terms.cutoff = read_meta_number(database, "cutoff");
  return terms;
}

Database open_outcomes(const std::filesystem::path& profile) {
  check_sqlite_file(profile);
  Database database(profile, Database::Mode::kRead);
  const std::int64_t version = database.integer("PRAGMA user_version");
  if (version < 1 || version > kOutcomesVersion) {
    throw Error(
        ErrorCode::kProfile,
        fmt::format("{}: has format version {} of outcomes, expected 1 to {}; import again with this build",
                    database.name(), version, kOutcomesVersion));
  }
  return database;
}

OutcomeHeader header_of(const Database& database) {
  OutcomeHeader header;
  header.source = read_meta(database, "source");
  header.terms = read_terms(database);
  const bool may_have_texts = database.integer("PRAGMA user_version") > 1;
  if (may_have_texts) header.text_name = read_meta(database, "text");
  header.has_folds = read_meta(database, "has_folds") == "1";
  header.has_signals = read_meta(database, "has_signals") == "1";
  header.models = read_all(database, "SELECT model, name FROM model ORDER BY model");
  if (header.models.empty()) database.fail_damaged("it has no models");
  header.answers = read_all(database, "SELECT answer, name FROM answer ORDER BY answer");
  if (std::ssize(header.answers) > kMaxClasses) database.fail_damaged("it has too many answers");
  header.schema.groups =
      read_all(database, "SELECT feature_group, name FROM feature_group ORDER BY feature_group");
  const std::int64_t last_group = std::ssize(header.schema.groups) - 1;
  read_in_order(database, "SELECT feature, name, feature_group FROM feature ORDER BY feature", kMostNames,
                [&](const Statement& row) {
                  header.schema.features.push_back(
                      {row.text(1), 0, static_cast<std::size_t>(row.integer(2, 0, last_group))});
                });
  return header;
}

// Appends `n` floats, or as many zeros for no bytes.
void append_floats(const Database& database, std::span<const std::uint8_t> bytes, std::size_t n,
                   bool may_be_empty, std::vector<float>& values) {
  static_assert(std::endian::native == std::endian::little);
  const std::size_t before = values.size();
  values.resize(before + n);
  if (bytes.empty() && may_be_empty) return;
  if (bytes.size() != n * sizeof(float)) {
    database.fail_damaged(fmt::format("it has {} bytes of features or their costs, expected {}", bytes.size(),
                                      n * sizeof(float)));
  }
  if (n > 0) std::memcpy(values.data() + before, bytes.data(), bytes.size());
}

// An answer with all certainty; all alike where a model said nothing.
TopK answer_of(Label answer, std::int32_t n_answers) {
  std::vector<ClassProbability> entries;
  const int listed = std::min(n_answers, kTopK);
  if (answer == kNoLabel) {
    for (int c = 0; c < listed; ++c) entries.push_back({c, 1.0F / static_cast<float>(n_answers)});
    return TopK::from_parts(entries, 1.0F - static_cast<float>(listed) / static_cast<float>(n_answers),
                            n_answers);
  }
  entries.push_back({answer, 1.0F});
  return TopK::from_parts(entries, 0.0F, n_answers);
}

void read_inputs(const Database& database, const OutcomeHeader& header, Table& table) {
  const std::int64_t last_answer = std::ssize(header.answers) - 1;
  read_in_order(database,
                "SELECT input, id, input_group, fold, label, vals, group_costs FROM input ORDER BY input",
                UINT32_MAX, [&](const Statement& row) {
                  table.ids.push_back(row.text(1));
                  table.groups.push_back(row.text(2));
                  table.given_folds.push_back(static_cast<std::int32_t>(row.integer(3, 0, INT32_MAX)));
                  table.labels.push_back(static_cast<Label>(row.integer(4, kNoLabel, last_answer)));
                  append_floats(database, row.blob(5), header.schema.size(), false, table.features);
                  append_floats(database, row.blob(6), header.schema.groups.size(), true, table.node_ms);
                });
}

void read_texts(const Database& database, const OutcomeHeader& header, Table& table) {
  if (header.text_name.empty()) return;
  table.text_name = header.text_name;
  table.texts.resize(table.n_inputs());
  Statement row(database, "SELECT input, content FROM input_text");
  while (row.step()) {
    table.texts[static_cast<std::size_t>(row.integer(0, 0, std::ssize(table.ids) - 1))] = row.text(1);
  }
}

void read_cells(const Database& database, const OutcomeHeader& header, Table& table) {
  const std::size_t cells = table.n_inputs() * table.n_models();
  constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
  table.scores.assign(cells, kNone);
  table.infer_ms.assign(cells, kNone);
  if (header.has_signals) table.signals.assign(cells, kNone);
  const bool has_answers = !header.answers.empty();
  const auto n_answers = static_cast<std::int32_t>(header.answers.size());
  if (has_answers) {
    table.outputs.assign(cells, answer_of(kNoLabel, n_answers));
    table.ranks.assign(cells, 0);
  }
  const std::int64_t last_input = std::ssize(table.ids) - 1, last_model = std::ssize(table.models) - 1;
  Statement row(database, "SELECT input, model, score, cost, signal, answer FROM cell");
  while (row.step()) {
    const auto input = static_cast<std::size_t>(row.integer(0, 0, last_input));
    const std::size_t at = table.at(input, static_cast<ModelIndex>(row.integer(1, 0, last_model)));
    table.scores[at] = static_cast<float>(row.real(2));
    table.infer_ms[at] = static_cast<float>(row.time_ms(3));
    if (header.has_signals && !row.is_null(4)) table.signals[at] = static_cast<float>(row.real(4));
    const auto answer = static_cast<Label>(row.integer(5, kNoLabel, n_answers - 1));
    if (!has_answers || answer == kNoLabel) continue;
    table.outputs[at] = answer_of(answer, n_answers);
    table.ranks[at] = answer == table.labels[input] ? 1 : std::min(2, n_answers);
  }
}

void drop_what_is_not_there(const OutcomeHeader& header, Table& table) {
  if (!header.has_folds) table.given_folds.clear();
  if (std::all_of(table.groups.begin(), table.groups.end(),
                  [](const auto& group) { return group.empty(); })) {
    table.groups.clear();
  }
}

}  // namespace

bool holds_outcomes(const std::filesystem::path& profile) {
  check_sqlite_file(profile);
  return Database(profile, Database::Mode::kRead).integer("PRAGMA application_id") == kOutcomesId;
}

OutcomeHeader read_outcome_header(const std::filesystem::path& profile) {
  return header_of(open_outcomes(profile));
}

Table load_outcomes(const std::filesystem::path& profile) {
  const Database database = open_outcomes(profile);
  const OutcomeHeader header = header_of(database);
  Table table;
  for (const std::string& name : header.models) table.models.push_back({ModelId(name, ""), "", "", 0});
  table.terms = header.terms;
  table.schema = header.schema;
  table.n_classes = static_cast<std::int32_t>(header.answers.size());
  table.label_names = header.answers;
  table.machine = header.source;
  read_inputs(database, header, table);
  if (table.ids.empty()) database.fail_damaged("it has no inputs");
  read_texts(database, header, table);
  read_cells(database, header, table);
  drop_what_is_not_there(header, table);
  // Costs are of one model alone: there is nothing that models share.
  table.recipe_of.assign(table.n_models(), 0);
  table.preprocess_ms.assign(table.n_inputs(), 0);
  table.decode_ms.assign(table.n_inputs(), 0);
  table.energy.note = "not measured: the table was imported";
  try {
    check_table(table);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: {}", profile.string(), error.what()));
  }
  return table;
}

}  // namespace triage
