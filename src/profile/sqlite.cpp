#include "profile/sqlite.h"

#include <fmt/format.h>

#include <cmath>
#include <new>

#include "triage/error.h"

namespace triage {
namespace {

// Longest text or blob that is read or written; what Triage stores is far shorter.
constexpr int kMaxValueBytes = 1 << 26;

}  // namespace

Database::Database(const std::filesystem::path& path, Mode mode) : name_(path.string()) {
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  flags |= mode == Mode::kRead ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  if (mode == Mode::kCreate) flags |= SQLITE_OPEN_CREATE;
  sqlite3* handle = nullptr;
  const int result = sqlite3_open_v2(name_.c_str(), &handle, flags, nullptr);
  handle_.reset(handle);
  if (handle == nullptr) throw std::bad_alloc();
  if (result != SQLITE_OK) fail(result);
  sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, kMaxValueBytes);
  // The file may come from anywhere: nothing that its schema defines may run, and cells are checked on use.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  exec("PRAGMA cell_size_check = ON");
}

void Database::exec(const char* sql) const {
  const int result = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) fail(result);
}

std::int64_t Database::integer(const char* sql) const {
  Statement statement(*this, sql);
  if (!statement.step()) fail_damaged(fmt::format("'{}' gave no row, expected one", sql));
  return statement.integer(0, INT64_MIN, INT64_MAX);
}

void Database::fail(int result) const {
  const std::string reason = sqlite3_errmsg(handle_.get());
  const auto error = [&](ErrorCode code, std::string_view what) {
    return Error(code, fmt::format("{}: {} ({})", name_, what, reason));
  };
  if (result == SQLITE_IOERR_SHORT_READ) fail_damaged(reason);
  switch (result & 0xFF) {
    case SQLITE_NOMEM:  // SQLite says so of some damaged schemas as well
      throw error(ErrorCode::kProfile,
                  "cannot be used, expected an undamaged profile and enough memory; free some memory and try "
                  "again, and profile again if that is of no use");
    case SQLITE_FULL:
      throw error(
          ErrorCode::kIo,
          "the disk is full, expected room for more rows; all that was committed is kept: free some space "
          "and run the same command again");
    case SQLITE_IOERR:
      throw error(
          ErrorCode::kIo,
          "reading or writing failed, expected a working disk with free space; all that was committed is "
          "kept: check disk and file-size limits and run the same command again");
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      throw error(ErrorCode::kIo, "cannot be opened, expected a file and folder with the needed permissions");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw error(ErrorCode::kProfile,
                  "is in use by another process, expected it to be free; wait for that process to end");
    case SQLITE_NOTADB:
      throw error(ErrorCode::kProfile, "is not a profile, expected an SQLite file made by 'triage profile'");
    case SQLITE_MISUSE:
      throw error(ErrorCode::kInternal, "bug in the use of SQLite; please report it");
    default:
      fail_damaged(reason);
  }
}

void Database::fail_damaged(std::string_view what) const {
  throw Error(
      ErrorCode::kProfile,
      fmt::format("{}: is damaged ({}), expected a profile as 'triage profile' writes it; remove it and "
                  "profile again",
                  name_, what));
}

Statement::Statement(const Database& database, std::string_view sql) : database_(&database) {
  sqlite3_stmt* statement = nullptr;
  check(sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &statement, nullptr));
  statement_.reset(statement);
}

void Statement::check(int result) const {
  if (result != SQLITE_OK) database_->fail(result);
}

Statement& Statement::bind(int index, std::int64_t value) {
  check(sqlite3_bind_int64(statement_.get(), index + 1, value));
  return *this;
}

Statement& Statement::bind(int index, double value) {
  check(sqlite3_bind_double(statement_.get(), index + 1, value));
  return *this;
}

Statement& Statement::bind(int index, std::string_view value) {
  check(sqlite3_bind_text64(statement_.get(), index + 1, value.data(), value.size(), SQLITE_STATIC,
                            SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind(int index, std::span<const std::uint8_t> value) {
  // A null pointer would bind NULL, also for a blob of no bytes.
  const void* data = value.empty() ? static_cast<const void*>("") : value.data();
  check(sqlite3_bind_blob64(statement_.get(), index + 1, data, value.size(), SQLITE_STATIC));
  return *this;
}

Statement& Statement::bind_null(int index) {
  check(sqlite3_bind_null(statement_.get(), index + 1));
  return *this;
}

bool Statement::step() {
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  sqlite3_reset(statement_.get());  // so that it may be used again, where the caller lives on
  database_->fail(result);
}

void Statement::run() {
  (void)step();
  check(sqlite3_reset(statement_.get()));
}

Statement& Statement::restart() {
  sqlite3_reset(statement_.get());  // repeats what the last step said, which was thrown then
  return *this;
}

void Statement::expect_type(int column, int type, std::string_view name) const {
  if (sqlite3_column_type(statement_.get(), column) == type) return;
  const char* found = sqlite3_column_name(statement_.get(), column);
  database_->fail_damaged(fmt::format("column '{}' has a value that is no {}", found ? found : "", name));
}

std::int64_t Statement::integer(int column, std::int64_t min, std::int64_t max) const {
  expect_type(column, SQLITE_INTEGER, "integer");
  const std::int64_t value = sqlite3_column_int64(statement_.get(), column);
  if (value < min || value > max) {
    database_->fail_damaged(fmt::format("column '{}' is {}, expected {} to {}",
                                        sqlite3_column_name(statement_.get(), column), value, min, max));
  }
  return value;
}

double Statement::real(int column) const {
  expect_type(column, SQLITE_FLOAT, "real number");
  return sqlite3_column_double(statement_.get(), column);
}

double Statement::time_ms(int column) const {
  const double value = real(column);
  if (!(value >= 0.0 && value <= 1e12)) {
    database_->fail_damaged(fmt::format("column '{}' is {:.4g}, expected a finite time of 0 or more",
                                        sqlite3_column_name(statement_.get(), column), value));
  }
  return value;
}

std::string Statement::text(int column) const {
  expect_type(column, SQLITE_TEXT, "text");
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (data == nullptr) throw std::bad_alloc();
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

std::span<const std::uint8_t> Statement::blob(int column) const {
  expect_type(column, SQLITE_BLOB, "blob");
  const void* data = sqlite3_column_blob(statement_.get(), column);
  return {static_cast<const std::uint8_t*>(data),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

}  // namespace triage
