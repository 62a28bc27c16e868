// A table of texts, record by record: what CSV and JSON lines have in common.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "import/bad_cells.h"
#include "triage/tools/import.h"

namespace triage {

// One record; reused from call to call.
struct TextRecord {
  std::size_t line = 0;             // on which it begins, from 1
  std::vector<std::string> fields;  // by column; empty where there is nothing
};

class RecordReader {
 public:
  virtual ~RecordReader() = default;
  // In the order of the file; of JSON lines, as they are first met in the whole file.
  [[nodiscard]] virtual const std::vector<std::string>& columns() const = 0;
  // The next record; false at the end. What is no record goes to `bad` and is left out. Throws kIo, kData.
  virtual bool next(TextRecord& record, BadCells& bad) = 0;
  virtual void rewind() = 0;
  // Of the file, for messages.
  [[nodiscard]] virtual const std::string& name() const = 0;
};

// Throws kIo, kData for a file without columns, with a column twice, and for what is no text. Opening and
// reading end with kInterrupted once `stop` is requested.
[[nodiscard]] std::unique_ptr<RecordReader> open_csv(const std::filesystem::path& path, char separator,
                                                     std::stop_token stop = {});
[[nodiscard]] std::unique_ptr<RecordReader> open_json_lines(const std::filesystem::path& path,
                                                            std::stop_token stop = {});
// Of a table in memory, which has to outlive it. Throws kData also for columns of different lengths.
[[nodiscard]] std::unique_ptr<RecordReader> open_columns(std::span<const TextColumn> table, std::string name,
                                                         std::stop_token stop = {});
// One of the first two, as the columns say.
[[nodiscard]] std::unique_ptr<RecordReader> open_records(const std::filesystem::path& path, TextForm form,
                                                         char separator, std::stop_token stop);

// Throws kData for a column without a name, and for one that is there twice.
void check_columns(const std::vector<std::string>& columns, const std::string& file);

}  // namespace triage
