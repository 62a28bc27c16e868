#include "import/aslib_file.h"

#include <fmt/format.h>

#include <cmath>

#include "base/files.h"
#include "import/arff_row.h"
#include "triage/error.h"

namespace triage {
std::filesystem::path scenario_file(const std::filesystem::path& folder, std::string_view name) {
  const std::filesystem::path path = folder / name;
  if (path_exists(path)) return path;
  throw Error(
      ErrorCode::kIo,
      fmt::format("{}: is missing, expected it in the folder of a scenario of the Algorithm Selection "
                  "Library; name such a folder",
                  path.string()));
}

AslibFile::AslibFile(const std::filesystem::path& folder, std::string_view name)
    : name_((folder / name).string()), bad_(name_), reader_(scenario_file(folder, name), bad_) {
  instance_ = column("instance_id", "the names of instances");
  repetition_ = column("repetition", "the repetitions of an instance");
}

std::size_t AslibFile::column(std::string_view attribute, std::string_view why) const {
  const std::optional<std::size_t> found = reader_.find(attribute);
  if (found) return *found;
  throw Error(ErrorCode::kData,
              fmt::format("{}: no attribute {}, expected one with {}", name_, quoted_cell(attribute), why));
}

bool AslibFile::next() {
  while (reader_.next(row_)) {
    const bool has_instance = text(instance_).has_value();
    const std::optional<std::int64_t> repetition = count(repetition_);
    if (!has_instance || !repetition) continue;
    repetition_of_row_ = *repetition;
    return true;
  }
  return false;
}

std::optional<double> AslibFile::number(std::size_t column) {
  const ArffValue& value = row_[column];
  if (value.is_missing) return std::nullopt;
  if (!std::isnan(value.number)) return value.number;
  // Of an attribute that is no numeric one.
  const std::optional<double> number = arff_number(value.text);
  if (!number) refuse(column, "a number");
  return number;
}

std::optional<std::int64_t> AslibFile::count(std::size_t column) {
  constexpr double kMost = 1'000'000'000;
  if (!is_missing(column)) {
    const std::optional<double> number = this->number(column);
    if (!number) return std::nullopt;
    if (*number >= 0 && *number <= kMost && *number == std::floor(*number)) {
      return static_cast<std::int64_t>(*number);
    }
  }
  refuse(column, "an integer of 0 or more");
  return std::nullopt;
}

std::optional<std::string> AslibFile::text(std::size_t column) {
  const ArffValue& value = row_[column];
  if (!value.is_missing && !value.text.empty()) return value.text;
  refuse(column, "a name");
  return std::nullopt;
}

void AslibFile::refuse(std::size_t column, std::string_view expected) {
  const ArffValue& value = row_[column];
  bad_.add_at(
      reader_.line(), value.column,
      fmt::format("{} for {}, expected {}", value.is_missing ? "a missing value" : quoted_cell(value.text),
                  quoted_cell(attributes()[column].name), expected));
}

void AslibFile::refuse_row(const std::string& what) { bad_.add_at(reader_.line(), 1, what); }

}  // namespace triage
