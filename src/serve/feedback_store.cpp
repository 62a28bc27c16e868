#include "serve/feedback_store.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cstring>
#include <system_error>

#include "base/files.h"
#include "import/feedback_schema.h"
#include "profile/codec.h"
#include "triage/error.h"

namespace triage {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMostForgotten = 20'000;  // at once: as many as may come

// Whole, or not at all: it is made under another name.
void make_store(const fs::path& path) {
  const fs::path fresh = path.string() + ".new";
  std::error_code ignored;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), ignored);
  fs::remove(fresh, ignored);
  {
    const Database database(fresh, Database::Mode::kCreate);
    database.exec("BEGIN");
    database.exec(fmt::format("PRAGMA application_id = {}", kFeedbackId).c_str());
    database.exec(fmt::format("PRAGMA user_version = {}", kFeedbackVersion).c_str());
    database.exec(kFeedbackSchema);
    database.exec("COMMIT");
  }
  for (const char* suffix : {"-wal", "-shm", "-journal"}) fs::remove(path.string() + suffix, ignored);
  rename_path(fresh, path);
}

Database open_store(const fs::path& path) {
  if (!path_exists(path)) make_store(path);
  Database database = open_feedback(path, Database::Mode::kWrite);
  // What was committed survives the process; of a power cut the last moments may be missing, which is worth
  // not waiting for the disk.
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  return database;
}

void bind_top(Statement& statement, int residual, const TopK& top, std::vector<std::uint8_t>& bytes) {
  encode_top(top, bytes);
  statement.bind(residual, static_cast<double>(top.residual())).bind(residual + 1, bytes);
}

// Of what encode_top wrote.
std::vector<std::int32_t> classes_of(std::span<const std::uint8_t> bytes) {
  std::vector<std::int32_t> classes;
  for (std::size_t at = 0; at + kEntryBytes <= bytes.size(); at += kEntryBytes) {
    classes.push_back(bytes[at] | (bytes[at + 1] << 8));
  }
  return classes;
}

}  // namespace

struct FeedbackStore::State {
  explicit State(const fs::path& path) : lock(path), db(open_store(path)) {}

  StoredInput read(const Statement& row) const {
    StoredInput input;
    input.id = row.integer(0, 0, INT64_MAX);
    input.policy = row.integer(1, 0, INT64_MAX);
    input.answer = classes_of(row.blob(2));
    input.certified = row.integer(3, 0, 1) == 1;
    input.explored = row.integer(4, 0, 1) == 1;
    input.paired = row.integer(5, 0, 1) == 1;
    if (!row.is_null(6)) input.told.label = static_cast<Label>(row.integer(6, 0, kMaxClasses));
    if (!row.is_null(7)) input.told.score = row.real(7);
    return input;
  }

  WriterLock lock;
  Database db;
  std::vector<std::uint8_t> top, features;
  // The newest machine is the one that times are said to be of.
  Statement add_policy{
      db,
      "INSERT INTO policy (version, explores, about, figures) VALUES (?, ?, ?, '') ON CONFLICT "
      "(version, explores) DO UPDATE SET about = excluded.about"};
  Statement get_number{db, "SELECT policy FROM policy WHERE version = ? AND explores = ?"};
  Statement get_policy{db, "SELECT about, figures FROM policy WHERE policy = ?"};
  Statement set_figures{db, "UPDATE policy SET figures = ? WHERE policy = ?"};
  Statement add_input{db,
                      "INSERT INTO input VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, "
                      "NULL, NULL, NULL)"};
  Statement add_look{db, "INSERT INTO look VALUES (?, ?, ?, ?, ?, ?, ?)"};
  Statement add_explored{db, "INSERT OR IGNORE INTO explored VALUES (?, ?, ?, ?, ?, ?, ?, ?)"};
  Statement set_explored{db, "UPDATE input SET explored = 1 WHERE input = ?"};
  Statement set_paired{db, "UPDATE input SET paired = 1 WHERE input = ?"};
  Statement set_told{db, "UPDATE input SET label = ?, score = ?, told_ms = ? WHERE input = ?"};
  Statement by_request{
      db,
      "SELECT input, policy, top, certified, explored, paired, label, score FROM input WHERE "
      "request = ? AND position = ? ORDER BY input DESC LIMIT 1"};
  Statement by_id{
      db, "SELECT input, policy, top, certified, explored, paired, label, score FROM input WHERE input = ?"};
  Statement get_explored{db, "SELECT top FROM explored WHERE input = ? AND model = ?"};
  Statement oldest{db, "SELECT input, time_ms FROM input ORDER BY input LIMIT ?"};
  Statement forget_input{db, "DELETE FROM input WHERE input < ?"};
  Statement forget_look{db, "DELETE FROM look WHERE input < ?"};
  Statement forget_explored{db, "DELETE FROM explored WHERE input < ?"};
};

FeedbackStore::FeedbackStore(const fs::path& path) : state_(std::make_unique<State>(path)) {}

FeedbackStore::~FeedbackStore() = default;

std::int64_t FeedbackStore::newest() const {
  return state_->db.integer("SELECT coalesce(max(input), 0) FROM input");
}

std::size_t FeedbackStore::rows() const {
  return static_cast<std::size_t>(state_->db.integer("SELECT count(*) FROM input"));
}

void FeedbackStore::begin() { state_->db.exec("BEGIN IMMEDIATE"); }

void FeedbackStore::commit() { state_->db.exec("COMMIT"); }

void FeedbackStore::roll_back() noexcept {
  sqlite3_exec(state_->db.handle(), "ROLLBACK", nullptr, nullptr, nullptr);  // it may have been, already
}

std::int64_t FeedbackStore::add_policy(std::string_view version, std::string_view explores,
                                       std::string_view facts) {
  state_->add_policy.bind(0, version).bind(1, explores).bind(2, facts).run();
  Statement& row = state_->get_number.restart();
  row.bind(0, version).bind(1, explores).step();
  const std::int64_t number = row.integer(0, 0, INT64_MAX);
  row.restart();
  return number;
}

StoredPolicy FeedbackStore::policy(std::int64_t policy) {
  Statement& row = state_->get_policy.restart();
  if (!row.bind(0, policy).step()) state_->db.fail_damaged("an input is of no policy");
  StoredPolicy found{row.text(0), row.text(1)};
  row.restart();
  return found;
}

void FeedbackStore::save_figures(std::int64_t policy, std::string_view figures) {
  state_->set_figures.bind(0, figures).bind(1, policy).run();
}

void FeedbackStore::add(const KeptInput& input, std::int64_t policy) {
  State& s = *state_;
  Statement& row = s.add_input;
  row.bind(0, input.id).bind(1, std::string_view(input.request_id));
  row.bind(2, static_cast<std::int64_t>(input.position)).bind(3, input.time_ms).bind(4, policy);
  row.bind(5, std::int64_t{input.answer.best()}).bind(6, input.answer.confidence());
  row.bind(7, std::int64_t{input.model});
  bind_top(row, 8, input.answer, s.top);
  row.bind(10, input.total.ms).bind(11, input.total.j);
  encode_floats(input.features, s.features);
  row.bind(12, s.features).bind(13, to_string(input.limit)).bind(14, std::string_view(input.asked));
  row.bind(15, std::int64_t{input.is_default}).bind(16, std::int64_t{input.certified});
  row.bind(17, input.explore_share).run();
  for (std::size_t i = 0; i < input.looks.size(); ++i) {
    const Look& look = input.looks[i];
    s.add_look.bind(0, input.id).bind(1, static_cast<std::int64_t>(i)).bind(2, std::int64_t{look.model});
    s.add_look.bind(3, look.cost.ms).bind(4, look.cost.j);
    bind_top(s.add_look, 5, look.output, s.top);
    s.add_look.run();
  }
}

void FeedbackStore::add_explored(std::int64_t input, std::span<const ExploredLook> looks) {
  State& s = *state_;
  s.set_explored.bind(0, input).run();
  if (sqlite3_changes64(s.db.handle()) == 0) return;
  for (std::size_t m = 0; m < looks.size(); ++m) {
    const ExploredLook& look = looks[m];
    s.add_explored.bind(0, input).bind(1, static_cast<std::int64_t>(m)).bind(2, look.preprocess_ms);
    s.add_explored.bind(3, look.infer_ms).bind(4, look.features_ms);
    bind_top(s.add_explored, 5, look.output, s.top);
    encode_floats(look.features, s.features);
    s.add_explored.bind(7, s.features).run();
  }
}

void FeedbackStore::tell(std::int64_t input, const ToldScore& told, std::int64_t time_ms) {
  Statement& row = state_->set_told;
  told.label ? row.bind(0, std::int64_t{*told.label}) : row.bind_null(0);
  told.score ? row.bind(1, *told.score) : row.bind_null(1);
  row.bind(2, time_ms).bind(3, input).run();
}

void FeedbackStore::set_paired(std::int64_t input) { state_->set_paired.bind(0, input).run(); }

void FeedbackStore::forget(std::int64_t before_ms, std::size_t rows) {
  State& s = *state_;
  const std::int64_t keep_from = newest() - static_cast<std::int64_t>(rows) + 1;
  std::int64_t first_kept = 0;
  s.oldest.restart().bind(0, kMostForgotten);
  while (s.oldest.step()) {
    const std::int64_t id = s.oldest.integer(0, 0, INT64_MAX);
    if (id >= keep_from && s.oldest.integer(1, INT64_MIN, INT64_MAX) >= before_ms) break;
    first_kept = id + 1;
  }
  s.oldest.restart();
  if (first_kept == 0) return;
  for (Statement* statement : {&s.forget_input, &s.forget_look, &s.forget_explored}) {
    statement->bind(0, first_kept).run();
  }
}

std::optional<StoredInput> FeedbackStore::find(std::string_view request_id, std::size_t position) {
  Statement& row = state_->by_request.restart();
  row.bind(0, request_id).bind(1, static_cast<std::int64_t>(position));
  if (!row.step()) return std::nullopt;
  StoredInput found = state_->read(row);
  row.restart();
  return found;
}

std::optional<StoredInput> FeedbackStore::find(std::int64_t input) {
  Statement& row = state_->by_id.restart();
  if (!row.bind(0, input).step()) return std::nullopt;
  StoredInput found = state_->read(row);
  row.restart();
  return found;
}

std::vector<std::int32_t> FeedbackStore::explored_answer(std::int64_t input, std::size_t model) {
  Statement& row = state_->get_explored.restart();
  if (!row.bind(0, input).bind(1, static_cast<std::int64_t>(model)).step()) return {};
  std::vector<std::int32_t> classes = classes_of(row.blob(0));
  row.restart();
  return classes;
}

void FeedbackStore::read_evidence(std::int64_t policy,
                                  const std::function<void(const StoredEvidence&)>& take) {
  Statement rows(
      state_->db,
      "SELECT input, confidence, (SELECT count(*) FROM look WHERE look.input = input.input), "
      "features FROM input WHERE policy = ? AND is_default = 1 AND confidence IS NOT NULL ORDER BY "
      "input");
  rows.bind(0, policy);
  StoredEvidence evidence;
  while (rows.step()) {
    evidence.id = rows.integer(0, 0, INT64_MAX);
    evidence.confidence = rows.real(1);
    evidence.looks = static_cast<std::size_t>(rows.integer(2, 0, INT32_MAX));
    const auto bytes = rows.blob(3);
    evidence.features.resize(bytes.size() / sizeof(float));
    if (!evidence.features.empty()) {
      std::memcpy(evidence.features.data(), bytes.data(), evidence.features.size() * sizeof(float));
    }
    take(evidence);
  }
}

}  // namespace triage
