#include "profile/writer.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/files.h"
#include "profile/codec.h"
#include "triage/error.h"

namespace triage {
namespace {

void remove_side_files(const std::filesystem::path& path) {
  std::error_code ignored;
  for (const char* suffix : {"-wal", "-shm", "-journal"}) {
    std::filesystem::remove(path.string() + suffix, ignored);
  }
}

void make_parent(const std::filesystem::path& path) {
  if (!path.has_parent_path()) return;
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) {
    throw Error(ErrorCode::kIo, fmt::format("{}: folder cannot be made ({}), expected a writable place",
                                            path.parent_path().string(), error.message()));
  }
}

}  // namespace

struct ProfileWriter::Statements {
  explicit Statements(const Database& db)
      : input(db, "INSERT INTO input VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
        features(db, "INSERT INTO input_features VALUES (?, ?)"),
        output(db, "INSERT INTO output VALUES (?, ?, ?, ?, ?)"),
        input_cost(db, "INSERT INTO input_cost VALUES (?, ?, ?, ?, ?, ?)"),
        preprocess_cost(db, "INSERT INTO preprocess_cost VALUES (?, ?, ?, ?, ?, ?)"),
        infer_cost(db, "INSERT INTO infer_cost VALUES (?, ?, ?, ?, ?)"),
        forget_failure(db, "DELETE FROM input WHERE input = ? AND status = 'failed'") {}
  Statement input, features, output, input_cost, preprocess_cost, infer_cost, forget_failure;
};

ProfileWriter::ProfileWriter(const std::filesystem::path& path, const ProfileHeader& header)
    : lock_((make_parent(path), path)), header_(header) {
  const bool fresh = !path_exists(path);
  if (fresh) {
    create(path, header);
  } else {
    check_sqlite_file(path);
    // Read-only until it has proved to be ours.
    const Database found(path, Database::Mode::kRead);
    const ProfileHeader there = read_header(found);
    auto difference = model_difference(there, header);
    if (!difference) difference = data_difference(there, header);
    if (difference) {
      throw Error(ErrorCode::kProfile,
                  fmt::format("{}: holds another profile: {}; write another file, or remove this "
                              "one",
                              path.string(), *difference));
    }
  }
  database_.emplace(path, Database::Mode::kWrite);
  upgrade_schema(*database_);
  // FULL: the log is flushed at every commit, so that what is committed survives a power cut too.
  database_->exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  statements_ = std::make_unique<Statements>(*database_);
  read_done();
}

ProfileWriter::~ProfileWriter() = default;

// Under another name until it is complete, so that a kill leaves no half-made profile.
void ProfileWriter::create(const std::filesystem::path& path, const ProfileHeader& header) {
  const std::filesystem::path fresh = path.string() + ".new";
  std::error_code error;
  const auto remove_fresh = [&] {
    std::filesystem::remove(fresh, error);
    remove_side_files(fresh);
  };
  remove_fresh();
  try {
    create_schema(Database(fresh, Database::Mode::kCreate), header);
  } catch (...) {
    remove_fresh();
    throw;
  }
  // The log of a file that somebody removed would be replayed into the new one.
  remove_side_files(path);
  std::filesystem::rename(fresh, path, error);
  if (error) {
    const std::string reason = error.message();
    remove_fresh();
    throw Error(ErrorCode::kIo,
                fmt::format("{}: cannot be made ({}), expected a writable folder", path.string(), reason));
  }
}

void ProfileWriter::read_done() {
  const std::int64_t n = [&] {
    std::int64_t end = 0;
    for (const ProfilePart& part : header_.parts) end = std::max(end, part.first + part.n_data);
    return end;
  }();
  n_capped_ = static_cast<std::size_t>(database_->integer("SELECT coalesce(sum(capped), 0) FROM input_cost"));
  Statement rows(*database_, "SELECT input, status = 'ok' FROM input");
  while (rows.step()) {
    const bool ok = rows.integer(1, 0, 1) == 1;
    (ok ? done_ : to_retry_).insert(rows.integer(0, 0, n - 1));
    if (ok) ++n_done_;
  }
}

std::int64_t ProfileWriter::size_bytes() const {
  return database_->integer("PRAGMA page_count") * database_->integer("PRAGMA page_size");
}

void ProfileWriter::begin() {
  if (in_transaction_) return;
  database_->exec("BEGIN IMMEDIATE");
  in_transaction_ = true;
}

std::int32_t ProfileWriter::machine(std::string_view description) {
  begin();
  return add_machine(*database_, header_, description);
}

void ProfileWriter::add(const InputRecord& record) {
  TRIAGE_CHECK(record.input >= 0 && !has(record.input));
  begin();
  TRIAGE_CHECK(record.infer_spread.size() == record.infer_ms.size() &&
               record.preprocess_spread.size() == record.preprocess_ms.size());
  const bool ok = record.error.empty();
  // A row that failed has nothing in the other tables.
  if (to_retry_.erase(record.input) > 0) statements_->forget_failure.bind(0, record.input).run();
  Statement& input = statements_->input;
  input.bind(0, record.input).bind(1, std::string_view(record.id)).bind(2, std::int64_t{record.label});
  input.bind(3, std::string_view(ok ? "ok" : "failed"));
  if (ok) {
    input.bind_null(4);
  } else {
    input.bind(4, std::string_view(record.error));
  }
  input.bind(5, std::int64_t{record.width}).bind(6, std::int64_t{record.height});
  input.bind(7, std::int64_t{record.channels});
  record.pixel_hash ? input.bind(8, *record.pixel_hash) : input.bind_null(8);
  record.group.empty() ? input.bind_null(9) : input.bind(9, std::string_view(record.group));
  input.run();
  if (ok && !header_.times_only) add_outputs(record);
  if (ok) add_costs(record);
  done_.insert(record.input);
  ++n_done_;
  if (!ok) ++n_failed_;
}

void ProfileWriter::set_energy(std::int32_t machine, const ProfileEnergy& energy) {
  begin();
  write_energy(*database_, machine, energy);
}

void ProfileWriter::add_outputs(const InputRecord& record) {
  encode_floats(record.features, bytes_);
  statements_->features.bind(0, record.input).bind(1, bytes_).run();
  for (std::size_t m = 0; m < record.outputs.size(); ++m) {
    encode_top(record.outputs[m], bytes_);
    Statement& output = statements_->output;
    output.bind(0, record.input).bind(1, static_cast<std::int64_t>(m)).bind(2, std::int64_t{record.ranks[m]});
    output.bind(3, static_cast<double>(record.outputs[m].residual())).bind(4, bytes_).run();
  }
}

void ProfileWriter::add_costs(const InputRecord& record) {
  encode_floats(record.node_ms, bytes_);
  Statement& input_cost = statements_->input_cost;
  input_cost.bind(0, record.input).bind(1, std::int64_t{record.machine}).bind(2, record.decode_ms);
  input_cost.bind(3, bytes_)
      .bind(4, std::int64_t{record.feature_runs})
      .bind(5, std::int64_t{record.capped})
      .run();
  n_capped_ += static_cast<std::size_t>(record.capped);
  for (std::size_t r = 0; r < record.preprocess_ms.size(); ++r) {
    Statement& cost = statements_->preprocess_cost;
    cost.bind(0, record.input).bind(1, static_cast<std::int64_t>(r)).bind(2, std::int64_t{record.machine});
    const Spread& spread = record.preprocess_spread[r];
    cost.bind(3, std::int64_t{spread.runs}).bind(4, record.preprocess_ms[r]).bind(5, spread.m2).run();
  }
  for (std::size_t m = 0; m < record.infer_ms.size(); ++m) {
    Statement& cost = statements_->infer_cost;
    cost.bind(0, record.input)
        .bind(1, execution_of(header_, record.machine, m))
        .bind(2, std::int64_t{record.infer_spread[m].runs})
        .bind(3, record.infer_ms[m])
        .bind(4, record.infer_spread[m].m2)
        .run();
  }
}

void ProfileWriter::set_part_sizes(const std::vector<std::int64_t>& n_inputs) {
  begin();
  Statement statement(*database_, "UPDATE part SET n_inputs = ? WHERE part = ?");
  for (std::size_t i = 0; i < n_inputs.size(); ++i) {
    statement.bind(0, n_inputs[i]).bind(1, static_cast<std::int64_t>(i)).run();
  }
}

void ProfileWriter::commit() {
  if (!in_transaction_) return;
  database_->exec("COMMIT");
  in_transaction_ = false;
}

void ProfileWriter::finish() {
  commit();
  statements_.reset();
  try {
    database_->exec("PRAGMA journal_mode = DELETE");
  } catch (const Error& error) {
    // A reader that is at work keeps the log open; the profile is complete nevertheless.
    if (error.code() != ErrorCode::kProfile) throw;
  }
}

}  // namespace triage
