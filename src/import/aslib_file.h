// The ARFF files of a scenario of the Algorithm Selection Library: rows of one instance and one repetition.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "import/arff.h"
#include "import/bad_cells.h"

namespace triage {

// The path of this file. Throws kIo where it is missing.
[[nodiscard]] std::filesystem::path scenario_file(const std::filesystem::path& folder, std::string_view name);

class AslibFile {
 public:
  // Throws kIo, also where it is missing; kData for a head that is not right.
  AslibFile(const std::filesystem::path& folder, std::string_view name);
  AslibFile(const AslibFile&) = delete;
  AslibFile& operator=(const AslibFile&) = delete;

  [[nodiscard]] const std::vector<ArffAttribute>& attributes() const { return reader_.attributes(); }
  // Throws kData where there is no such attribute; `why` says what it is for.
  [[nodiscard]] std::size_t column(std::string_view attribute, std::string_view why) const;
  // Whether it is a value, and no key.
  [[nodiscard]] bool is_key(std::size_t column) const { return column == instance_ || column == repetition_; }

  // The next row that is right and has an instance and a repetition; false at the end.
  [[nodiscard]] bool next();
  [[nodiscard]] const std::string& instance() const { return row_[instance_].text; }
  [[nodiscard]] std::int64_t repetition() const { return repetition_of_row_; }
  // None where it is missing. What is no number is noted too.
  [[nodiscard]] std::optional<double> number(std::size_t column);
  // An integer of at least 0; none, and noted, for anything else.
  [[nodiscard]] std::optional<std::int64_t> count(std::size_t column);
  // Not missing and not empty; none, and noted, otherwise.
  [[nodiscard]] std::optional<std::string> text(std::size_t column);
  [[nodiscard]] bool is_missing(std::size_t column) const { return row_[column].is_missing; }
  // Notes what is wrong with a value of this row: "'x', expected ...".
  void refuse(std::size_t column, std::string_view expected);
  // Notes that the row is there twice; `what` says with which keys.
  void refuse_row(const std::string& what);

  // Throws kData where anything was noted. To be called at the end.
  void finish() const { bad_.throw_if_any(); }

 private:
  std::string name_;
  BadCells bad_;
  ArffReader reader_;
  std::size_t instance_ = 0, repetition_ = 0;
  std::vector<ArffValue> row_;
  std::int64_t repetition_of_row_ = 0;
};

}  // namespace triage
