#include "profile/outcomes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/files.h"
#include "profile/codec.h"
#include "profile/new_profile.h"
#include "profile/outcome_schema.h"
#include "profile/sqlite.h"
#include "triage/error.h"
#include "triage/tools/lock.h"

namespace triage {
namespace {

constexpr const char* kOutcomesSchema = R"sql(
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE model (model INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
CREATE TABLE feature_group (feature_group INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
CREATE TABLE feature (feature INTEGER PRIMARY KEY, name TEXT NOT NULL,
  feature_group INTEGER NOT NULL REFERENCES feature_group) STRICT;
CREATE TABLE answer (answer INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
CREATE TABLE input (input INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, input_group TEXT NOT NULL,
  fold INTEGER NOT NULL, label INTEGER NOT NULL, vals BLOB NOT NULL, group_costs BLOB NOT NULL) STRICT;
CREATE TABLE input_text (input INTEGER PRIMARY KEY REFERENCES input, content TEXT NOT NULL) STRICT;
CREATE TABLE cell (input INTEGER NOT NULL REFERENCES input, model INTEGER NOT NULL REFERENCES model,
  score REAL NOT NULL, cost REAL NOT NULL, signal REAL, answer INTEGER NOT NULL, PRIMARY KEY (input, model))
  STRICT, WITHOUT ROWID;
)sql";

[[noreturn]] void fail_data(const std::string& message) { throw Error(ErrorCode::kData, message); }

[[noreturn]] void fail_header(const std::string& message) {
  throw Error(ErrorCode::kUsage, "table: " + message);
}

void expect_names(std::string_view what, std::vector<std::string> names) {
  for (const std::string& name : names) {
    if (name.empty()) fail_header(fmt::format("one of its {} has no name, expected one for each", what));
  }
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) {
    fail_header(fmt::format("has '{}' twice among its {}, expected it once; rename one", *twice, what));
  }
}

void check_header(const OutcomeHeader& header) {
  if (header.models.empty()) fail_header("has no models, expected 1 or more");
  expect_names("models", header.models);
  expect_names("answers", header.answers);
  expect_names("groups of features", header.schema.groups);
  std::vector<std::string> names;
  for (const FeatureRef& feature : header.schema.features) names.push_back(feature.name);
  expect_names("features", std::move(names));
  if (std::ssize(header.answers) > kMaxClasses) {
    fail_header(fmt::format("has {} different answers, expected at most {}; leave the answers out",
                            header.answers.size(), kMaxClasses));
  }
  // What training makes of a text is a group too.
  const std::size_t most_groups = header.text_name.empty() ? 64 : 63;
  if (header.schema.groups.size() > most_groups) {
    fail_header(fmt::format("has {} groups of features, expected at most {}; join some",
                            header.schema.groups.size(), most_groups));
  }
  for (const FeatureRef& feature : header.schema.features) {
    if (feature.group >= header.schema.groups.size()) {
      fail_header(fmt::format("feature '{}' is in group {}, expected one of its {}", feature.name,
                              feature.group, header.schema.groups.size()));
    }
  }
  const Terms& terms = header.terms;
  if (!std::isfinite(terms.worst) || !std::isfinite(terms.best) || terms.worst == terms.best) {
    fail_header(fmt::format("scores go from {} to {}, expected two finite values that differ", terms.worst,
                            terms.best));
  }
  if (!(terms.cutoff >= 0) || std::isinf(terms.cutoff)) {
    fail_header(fmt::format("the cutoff is {}, expected 0 or more", terms.cutoff));
  }
}

void write_names(const Database& database, const char* sql, const std::vector<std::string>& names) {
  Statement statement(database, sql);
  for (std::size_t i = 0; i < names.size(); ++i) {
    statement.bind(0, static_cast<std::int64_t>(i)).bind(1, std::string_view(names[i])).run();
  }
}

void write_meta(const Database& database, const OutcomeHeader& header) {
  Statement statement(database, "INSERT INTO meta VALUES (?, ?)");
  const auto put = [&](std::string_view key, const std::string& value) {
    statement.bind(0, key).bind(1, std::string_view(value)).run();
  };
  const Terms& terms = header.terms;
  put("source", header.source);
  put("score", terms.score);
  put("worst", fmt::format("{}", terms.worst));
  put("best", fmt::format("{}", terms.best));
  put("score_unit", terms.score_unit);
  put("cost_unit", terms.cost_unit);
  put("cutoff", fmt::format("{}", terms.cutoff));
  put("text", header.text_name);
  put("has_folds", header.has_folds ? "1" : "0");
  put("has_signals", header.has_signals ? "1" : "0");
}

void create_outcomes(const Database& database, const OutcomeHeader& header) {
  // Nobody sees the file before it is whole, so a crash in between needs no journal.
  database.exec("PRAGMA journal_mode = OFF");
  database.exec("BEGIN");
  database.exec(fmt::format("PRAGMA application_id = {}", kOutcomesId).c_str());
  database.exec(fmt::format("PRAGMA user_version = {}", kOutcomesVersion).c_str());
  database.exec(kOutcomesSchema);
  write_meta(database, header);
  write_names(database, "INSERT INTO model VALUES (?, ?)", header.models);
  write_names(database, "INSERT INTO feature_group VALUES (?, ?)", header.schema.groups);
  write_names(database, "INSERT INTO answer VALUES (?, ?)", header.answers);
  Statement feature(database, "INSERT INTO feature VALUES (?, ?, ?)");
  for (std::size_t i = 0; i < header.schema.size(); ++i) {
    const FeatureRef& ref = header.schema.features[i];
    feature.bind(0, static_cast<std::int64_t>(i)).bind(1, std::string_view(ref.name));
    feature.bind(2, static_cast<std::int64_t>(ref.group)).run();
  }
}

void check_cell(const OutcomeHeader& header, const std::string& input, const std::string& model,
                const OutcomeCell& cell) {
  const auto fail = [&](std::string_view what, double found, std::string_view expected) {
    fail_data(
        fmt::format("input '{}', model '{}': {} is {}, expected {}", input, model, what, found, expected));
  };
  if (!(cell.score >= 0 && cell.score <= 1)) {
    fail("score", static_cast<double>(cell.score), "a share from 0 to 1");
  }
  if (!(cell.cost >= 0) || std::isinf(cell.cost)) {
    fail("cost", static_cast<double>(cell.cost), "a finite one of 0 or more");
  }
  if (std::isinf(cell.signal)) fail("signal", static_cast<double>(cell.signal), "a finite one, or none");
  if (cell.answer != kNoLabel && (cell.answer < 0 || cell.answer >= std::ssize(header.answers))) {
    fail("answer", cell.answer, fmt::format("0 to {}", std::ssize(header.answers) - 1));
  }
}

}  // namespace

struct OutcomeWriter::Impl {
  Impl(const std::filesystem::path& place, OutcomeHeader table)
      : lock(place), out(place), temporary(place.string() + ".importing"), header(std::move(table)) {
    remove_profile(temporary);
    database.emplace(temporary, Database::Mode::kCreate);
    create_outcomes(*database, header);
    input.emplace(*database, "INSERT OR IGNORE INTO input VALUES (?, ?, ?, ?, ?, ?, ?)");
    text.emplace(*database, "INSERT INTO input_text VALUES (?, ?)");
    cell.emplace(*database, "INSERT OR IGNORE INTO cell VALUES (?, ?, ?, ?, ?, ?)");
  }
  // Without a connection there is a file to remove, but where it is in place.
  ~Impl() {
    close();
    remove_profile(temporary);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void close() {
    cell.reset();
    text.reset();
    input.reset();
    database.reset();
  }
  [[nodiscard]] bool inserted() const { return sqlite3_changes64(database->handle()) == 1; }

  WriterLock lock;
  std::filesystem::path out, temporary;
  OutcomeHeader header;
  std::vector<std::string> ids;
  std::vector<std::uint8_t> features, feature_costs;  // of one input
  std::optional<Database> database;
  std::optional<Statement> input, text, cell;
};

OutcomeWriter::OutcomeWriter(const std::filesystem::path& out, const OutcomeHeader& header) {
  check_header(header);
  expect_new(out);
  impl_ = std::make_unique<Impl>(out, header);
}

OutcomeWriter::~OutcomeWriter() = default;

std::int64_t OutcomeWriter::add_input(const OutcomeInput& input) {
  const OutcomeHeader& header = impl_->header;
  const auto fail = [&](const std::string& what) {
    fail_data(fmt::format("input '{}': {}", input.id, what));
  };
  if (input.id.empty()) fail("has no id, expected one");
  if (input.features.size() != header.schema.size()) {
    fail(fmt::format("has {} features, expected {}", input.features.size(), header.schema.size()));
  }
  if (std::any_of(input.features.begin(), input.features.end(), [](float v) { return std::isinf(v); })) {
    fail("has an infinite feature, expected finite ones, or none");
  }
  if (!input.feature_costs.empty() && input.feature_costs.size() != header.schema.groups.size()) {
    fail(fmt::format("has costs of {} groups of features, expected {}", input.feature_costs.size(),
                     header.schema.groups.size()));
  }
  for (const float cost : input.feature_costs) {
    if (!(cost >= 0) || std::isinf(cost))
      fail(fmt::format("has features at a cost of {}, expected 0 or more", cost));
  }
  if (input.fold < 0) fail(fmt::format("is in fold {}, expected 0 or more", input.fold));
  if (input.label != kNoLabel && (input.label < 0 || input.label >= std::ssize(header.answers))) {
    fail(fmt::format("has the label {}, expected 0 to {}", input.label, std::ssize(header.answers) - 1));
  }
  const auto position = std::ssize(impl_->ids);
  Statement& statement = *impl_->input;
  statement.bind(0, position).bind(1, std::string_view(input.id)).bind(2, std::string_view(input.group));
  statement.bind(3, std::int64_t{input.fold}).bind(4, std::int64_t{input.label});
  encode_floats(input.features, impl_->features);
  encode_floats(input.feature_costs, impl_->feature_costs);
  statement.bind(5, impl_->features).bind(6, impl_->feature_costs).run();
  if (!impl_->inserted()) fail("occurs twice, expected each input once");
  impl_->ids.push_back(input.id);
  if (!header.text_name.empty() && !input.text.empty()) {
    impl_->text->bind(0, position).bind(1, std::string_view(input.text)).run();
  }
  return position;
}

void OutcomeWriter::add_cell(std::int64_t input, ModelIndex model, const OutcomeCell& cell) {
  const std::string& id = impl_->ids.at(static_cast<std::size_t>(input));
  const std::string& name = impl_->header.models.at(static_cast<std::size_t>(model));
  check_cell(impl_->header, id, name, cell);
  Statement& statement = *impl_->cell;
  statement.bind(0, input).bind(1, std::int64_t{model});
  statement.bind(2, static_cast<double>(cell.score)).bind(3, static_cast<double>(cell.cost));
  std::isnan(cell.signal) ? statement.bind_null(4) : statement.bind(4, static_cast<double>(cell.signal));
  statement.bind(5, std::int64_t{cell.answer}).run();
  if (!impl_->inserted()) {
    fail_data(fmt::format("input '{}', model '{}': occur twice together, expected once", id, name));
  }
}

void OutcomeWriter::finish() {
  if (impl_->ids.empty()) fail_data("table: no inputs, expected 1 or more");
  impl_->database->exec("COMMIT");
  impl_->close();
  remove_profile(impl_->out);  // side files of one that somebody removed
  rename_path(impl_->temporary, impl_->out);
}

}  // namespace triage
