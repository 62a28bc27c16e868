// A thin layer over SQLite: owners for connection and statement, typed columns, and one place where SQLite's
// result codes become Triage's errors.
#pragma once

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace triage {

class Database;

// A prepared statement; it must not outlive its database. Columns and parameters count from 0.
class Statement {
 public:
  Statement(const Database& database, std::string_view sql);

  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, double value);
  // Texts and blobs are not copied: they must live until the statement has run.
  Statement& bind(int index, std::string_view value);
  Statement& bind(int index, std::span<const std::uint8_t> value);
  Statement& bind_null(int index);

  // Whether there is another row.
  bool step();
  // For statements without rows: executes and makes ready for the next use.
  void run();
  // Makes one with rows ready for the next use.
  Statement& restart();

  // Values of the current row. A column of another type, or an integer outside [min, max], throws kProfile.
  [[nodiscard]] std::int64_t integer(int column, std::int64_t min, std::int64_t max) const;
  [[nodiscard]] double real(int column) const;
  // Finite and not negative.
  [[nodiscard]] double time_ms(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] bool is_null(int column) const;
  // Valid until the next step.
  [[nodiscard]] std::span<const std::uint8_t> blob(int column) const;

 private:
  void check(int result) const;
  void expect_type(int column, int type, std::string_view name) const;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  const Database* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// One connection. Not thread-safe.
class Database {
 public:
  enum class Mode { kRead, kWrite, kCreate };
  Database(const std::filesystem::path& path, Mode mode);

  void exec(const char* sql) const;
  // The only value of the only row.
  [[nodiscard]] std::int64_t integer(const char* sql) const;
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] sqlite3* handle() const { return handle_.get(); }

  // Throws the error that stands for a result code.
  [[noreturn]] void fail(int result) const;
  // Throws kProfile: the file's content is not what Triage writes.
  [[noreturn]] void fail_damaged(std::string_view what) const;

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  std::string name_;
  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace triage
