#include "import/arff.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "import/arff_cursor.h"
#include "import/arff_row.h"
#include "triage/error.h"

namespace triage {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

void read_nominal_values(ArffCursor& cursor, ArffAttribute& attribute) {
  attribute.kind = ArffAttribute::Kind::kNominal;
  do {
    const ArffWord value = cursor.value(",}");
    if (attribute.values.empty()) attribute.first_value = value.text;
    if (!attribute.values.insert(value.text).second) {
      throw ArffFault{value.column, fmt::format("the value {} for the second time, expected it once",
                                                quoted_cell(value.text))};
    }
  } while (cursor.take(','));
  if (!cursor.take('}')) throw ArffFault{cursor.column(), "no } here, expected it behind the last value"};
  cursor.expect_end();
}

void read_type(ArffCursor& cursor, ArffAttribute& attribute) {
  if (cursor.take('{')) return read_nominal_values(cursor, attribute);
  constexpr std::string_view kTypes = "numeric, integer, real, string, date or values in { }";
  const ArffWord type = cursor.word("", kTypes);
  if (same_word(type.text, "numeric") || same_word(type.text, "real") || same_word(type.text, "integer")) {
    attribute.kind = ArffAttribute::Kind::kNumeric;
  } else if (same_word(type.text, "string")) {
    attribute.kind = ArffAttribute::Kind::kString;
  } else if (same_word(type.text, "date")) {
    attribute.kind = ArffAttribute::Kind::kDate;
    if (!cursor.at_end()) (void)cursor.word("", "a format of dates");
  } else {
    throw ArffFault{type.column, fmt::format("the type {}, expected {}", quoted_cell(type.text), kTypes)};
  }
  cursor.expect_end();
}

}  // namespace

ArffReader::ArffReader(const std::filesystem::path& path, BadCells& bad) : name_(path.string()), bad_(bad) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    throw Error(ErrorCode::kIo, fmt::format("{}: is a folder, expected a file", name_));
  }
  file_.open(path, std::ios::binary);
  if (!file_) {
    throw Error(ErrorCode::kIo, fmt::format("{}: cannot be opened ({}), expected a readable file", name_,
                                            std::strerror(errno)));
  }
  read_head();
}

std::optional<std::size_t> ArffReader::find(std::string_view attribute) const {
  const auto found = positions_.find(attribute);
  return found == positions_.end() ? std::nullopt : std::optional(found->second);
}

bool ArffReader::next_line() {
  if (!std::getline(file_, line_)) {
    if (!file_.bad()) return false;
    throw Error(ErrorCode::kIo, fmt::format("{}: reading failed, expected a readable file", name_));
  }
  ++line_number_;
  if (line_number_ == 1 && line_.starts_with(kByteOrderMark)) line_.erase(0, kByteOrderMark.size());
  if (line_.ends_with('\r')) line_.pop_back();
  return true;
}

void ArffReader::add_attribute(ArffAttribute attribute, std::size_t column) {
  if (!positions_.emplace(attribute.name, attributes_.size()).second) {
    throw ArffFault{column, fmt::format("the attribute {} for the second time, expected it once; rename one",
                                        quoted_cell(attribute.name))};
  }
  attributes_.push_back(std::move(attribute));
}

bool ArffReader::read_declaration() {
  constexpr std::string_view kKeywords = "@relation, @attribute or @data";
  ArffCursor cursor(line_);
  const ArffWord keyword = cursor.word("", kKeywords);
  if (same_word(keyword.text, "@relation")) return false;  // its name says nothing that is needed
  if (same_word(keyword.text, "@attribute")) {
    const ArffWord name = cursor.word("{", "the attribute's name");
    ArffAttribute attribute{.name = name.text};
    read_type(cursor, attribute);
    add_attribute(std::move(attribute), name.column);
    return false;
  }
  if (!same_word(keyword.text, "@data")) {
    throw ArffFault{keyword.column, fmt::format("{}, expected {}", quoted_cell(keyword.text), kKeywords)};
  }
  if (attributes_.empty()) throw ArffFault{keyword.column, "@data, expected @attribute lines before it"};
  return true;
}

void ArffReader::read_head() {
  while (next_line()) {
    try {
      if (!ArffCursor(line_).at_end() && read_declaration()) return;
    } catch (const ArffFault& fault) {
      throw Error(ErrorCode::kData, fmt::format("{}: line {}, column {}: {}; nothing is imported", name_,
                                                line_number_, fault.column, fault.what));
    }
  }
  throw Error(
      ErrorCode::kData,
      fmt::format("{}: ends after line {}, expected a line @data; get the whole file", name_, line_number_));
}

bool ArffReader::next(std::vector<ArffValue>& row) {
  while (next_line()) {
    if (ArffCursor(line_).at_end()) continue;
    const std::vector<ArffFault> faults = read_arff_row(line_, attributes_, row);
    if (faults.empty()) return true;
    const std::string_view hint = file_.eof() ? " (the last line; is the file cut short?)" : "";
    for (const ArffFault& fault : faults) {
      bad_.add_at(line_number_, fault.column, fmt::format("{}{}", fault.what, hint));
    }
  }
  return false;
}

}  // namespace triage
