// Tables in memory, column by column.
#include <fmt/format.h>

#include "base/stop.h"
#include "import/record_reader.h"
#include "triage/error.h"

namespace triage {
namespace {

class TableInMemory final : public RecordReader {
 public:
  TableInMemory(std::span<const TextColumn> table, std::string name, std::stop_token stop)
      : table_(table), name_(std::move(name)), stop_(std::move(stop)) {
    for (const TextColumn& column : table) columns_.push_back(column.name);
    check_columns(columns_, name_);
    for (const TextColumn& column : table) {
      if (column.cells.size() == n_lines()) continue;
      throw Error(ErrorCode::kData,
                  fmt::format("{}: column '{}' has {} lines, expected {}, as column '{}' has", name_,
                              column.name, column.cells.size(), n_lines(), columns_.front()));
    }
  }

  [[nodiscard]] const std::vector<std::string>& columns() const override { return columns_; }
  [[nodiscard]] const std::string& name() const override { return name_; }

  bool next(TextRecord& record, BadCells&) override {
    throw_if_stopped(stop_, name_);
    if (line_ == n_lines()) return false;
    record.fields.resize(columns_.size());
    for (std::size_t i = 0; i < table_.size(); ++i) record.fields[i] = table_[i].cells[line_];
    record.line = ++line_;
    return true;
  }

  void rewind() override { line_ = 0; }

 private:
  [[nodiscard]] std::size_t n_lines() const { return table_.empty() ? 0 : table_.front().cells.size(); }

  std::span<const TextColumn> table_;
  std::string name_;
  std::stop_token stop_;
  std::vector<std::string> columns_;
  std::size_t line_ = 0;  // the next one
};

}  // namespace

std::unique_ptr<RecordReader> open_columns(std::span<const TextColumn> table, std::string name,
                                           std::stop_token stop) {
  return std::make_unique<TableInMemory>(table, std::move(name), std::move(stop));
}

}  // namespace triage
