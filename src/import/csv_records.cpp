// Comma-separated values as in RFC 4180, streamed: quoted fields may hold separators, quotes and line ends.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include "base/utf8.h"
#include "import/record_reader.h"
#include "import/text_file.h"
#include "triage/error.h"

namespace triage {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kNotUtf8 = "is no UTF-8, expected a file in it; convert it, as with iconv";
constexpr std::size_t kLongestField = std::size_t{16} << 20;  // an unclosed quote reads on to the end

// One character after the other, with its line.
class CsvRecordReader final : public RecordReader {
 public:
  CsvRecordReader(const std::filesystem::path& path, char separator, std::stop_token stop)
      : file_(path, std::move(stop)), separator_(separator) {
    begin();
    if (separator_ == kFindSeparator) {
      separator_ = found_separator();
      begin();
    }
    TextRecord head;
    if (!read(head)) fail(1, "is empty, expected a line of column names");
    columns_ = std::move(head.fields);
    for (std::string& column : columns_) {
      column = std::string(trimmed(column));
      if (!is_utf8(column)) fail(1, fmt::format("a name of a column {}", kNotUtf8));
    }
    check_columns(columns_, file_.name());
  }

  [[nodiscard]] const std::vector<std::string>& columns() const override { return columns_; }
  [[nodiscard]] const std::string& name() const override { return file_.name(); }

  bool next(TextRecord& record, BadCells& bad) override {
    while (read(record)) {
      const std::size_t found = record.fields.size();
      if (found == 1 && record.fields.front().empty() && columns_.size() > 1) continue;  // an empty line
      if (found == columns_.size()) return check_text(record, bad), true;
      bad.add(record.line,
              fmt::format("has {} fields, expected {}, as the line of column names", found, columns_.size()));
    }
    return false;
  }

  void rewind() override {
    begin();
    TextRecord head;
    (void)read(head);
  }

 private:
  static constexpr char kEnd = '\0';

  [[noreturn]] void fail(std::size_t line, const std::string& what) const {
    throw Error(ErrorCode::kData, fmt::format("{}: line {}: {}", file_.name(), line, what));
  }

  void check_text(const TextRecord& record, BadCells& bad) const {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (!is_utf8(record.fields[i])) bad.add(record.line, columns_[i], std::string(kNotUtf8));
    }
  }

  static std::string_view trimmed(std::string_view text) {
    const std::size_t from = text.find_first_not_of(" \t");
    return from == text.npos ? std::string_view()
                             : text.substr(from, text.find_last_not_of(" \t") - from + 1);
  }

  void begin() {
    file_.rewind();
    line_ = 1;
    block_ = file_.next();
    at_ = block_.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  }

  // kEnd at the end; a file of text holds no such character.
  char peek() {
    if (at_ == block_.size()) {
      block_ = file_.next();
      at_ = 0;
      if (block_.empty()) return kEnd;
    }
    if (block_[at_] == kEnd) fail(line_, "holds a zero byte, expected text");
    return block_[at_];
  }
  void advance() {
    if (block_[at_] == '\n') ++line_;
    ++at_;
  }

  // Whichever of these is most frequent in the line of names, outside quotes.
  char found_separator() {
    std::array<std::pair<char, std::size_t>, 3> counts{{{',', 0}, {';', 0}, {'\t', 0}}};
    bool is_quoted = false;
    for (char c = peek(); c != kEnd && (is_quoted || c != '\n'); c = peek()) {
      if (c == '"') is_quoted = !is_quoted;
      for (auto& [separator, count] : counts) count += c == separator && !is_quoted ? 1 : 0;
      advance();
    }
    return std::max_element(counts.begin(), counts.end(),
                            [](const auto& a, const auto& b) { return a.second < b.second; })
        ->first;
  }

  // The fields of the next record, a line or more; false at the end.
  bool read(TextRecord& record) {
    record.line = line_;
    record.fields.clear();
    if (peek() == kEnd) return false;
    while (true) {
      read_field(record.fields.emplace_back());
      const char c = peek();
      if (c == separator_) {
        advance();
        continue;
      }
      if (c == '\r') advance();
      if (peek() == '\n') advance();
      return true;
    }
  }

  void read_field(std::string& field) {
    const bool is_quoted = peek() == '"';
    if (is_quoted) read_quoted(field);
    for (char c = peek(); c != kEnd && c != separator_ && c != '\n'; c = peek()) {
      advance();
      if (c == '\r' && (peek() == '\n' || peek() == kEnd)) return;
      if (is_quoted && c == ' ') continue;
      if (is_quoted) fail(line_, "has text behind a closing quote, expected quotes inside a field doubled");
      field += c;
      expect_short(field, line_);
    }
  }

  void read_quoted(std::string& field) {
    const std::size_t first_line = line_;
    advance();
    while (true) {
      const char c = peek();
      if (c == kEnd) fail(first_line, "a quote is not closed, expected another before the end of the file");
      advance();
      if (c != '"') {
        field += c;
        expect_short(field, first_line);
      } else if (peek() == '"') {
        field += c;
        advance();
      } else {
        return;
      }
    }
  }

  void expect_short(const std::string& field, std::size_t line) const {
    if (field.size() < kLongestField) return;
    fail(line, fmt::format("a field is longer than {} MB, expected less; is a quote not closed?",
                           kLongestField >> 20));
  }

  TextFile file_;
  char separator_;
  std::vector<std::string> columns_;
  std::string_view block_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

}  // namespace

void check_columns(const std::vector<std::string>& columns, const std::string& file) {
  std::unordered_map<std::string_view, std::size_t> first;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].empty()) {
      throw Error(ErrorCode::kData, fmt::format("{}: line 1: column {} of {} has no name, expected one", file,
                                                i + 1, columns.size()));
    }
    const auto [known, is_new] = first.emplace(columns[i], i);
    if (is_new) continue;
    throw Error(ErrorCode::kData, fmt::format("{}: line 1: column {} is called {}, as is column {}, expected "
                                              "different names",
                                              file, i + 1, quoted_cell(columns[i]), known->second + 1));
  }
}

std::unique_ptr<RecordReader> open_csv(const std::filesystem::path& path, char separator,
                                       std::stop_token stop) {
  return std::make_unique<CsvRecordReader>(path, separator, std::move(stop));
}

std::unique_ptr<RecordReader> open_records(const std::filesystem::path& path, TextForm form, char separator,
                                           std::stop_token stop) {
  return form == TextForm::kCsv ? open_csv(path, separator, std::move(stop))
                                : open_json_lines(path, std::move(stop));
}

}  // namespace triage
