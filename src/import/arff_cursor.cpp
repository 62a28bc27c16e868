#include "import/arff_cursor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "import/bad_cells.h"

namespace triage {
namespace {

constexpr std::string_view kArffBlanks = " \t";

}  // namespace

bool same_word(std::string_view a, std::string_view lower) {
  return std::equal(a.begin(), a.end(), lower.begin(), lower.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == y; });
}

void ArffCursor::skip_blanks() { at_ = std::min(line_.find_first_not_of(kArffBlanks, at_), line_.size()); }

bool ArffCursor::at_end() {
  skip_blanks();
  return at_ == line_.size() || line_[at_] == '%';
}

bool ArffCursor::take(char c) {
  if (at_end() || line_[at_] != c) return false;
  ++at_;
  return true;
}

ArffWord ArffCursor::word(std::string_view ends, std::string_view expected) {
  if (at_end() || ends.find(line_[at_]) != ends.npos) {
    const std::string found = at_end() ? "the line ends" : fmt::format("'{}'", line_[at_]);
    throw ArffFault{column(), fmt::format("{}, expected {}", found, expected)};
  }
  if (line_[at_] == '\'' || line_[at_] == '"') return quoted();
  const std::size_t from = at_;
  while (at_ < line_.size() && ends.find(line_[at_]) == ends.npos &&
         kArffBlanks.find(line_[at_]) == kArffBlanks.npos) {
    ++at_;
  }
  return {std::string(line_.substr(from, at_ - from)), from + 1, false};
}

ArffWord ArffCursor::value(std::string_view ends) {
  ArffWord word = this->word(ends, "a value, or ? where it is missing");
  if (word.is_quoted) return word;
  const std::size_t end = std::min(line_.find_first_of(ends, at_), line_.size());
  const std::string_view all = line_.substr(word.column - 1, end - (word.column - 1));
  // A comment behind the last value is none of it.
  const std::string_view text = all.substr(0, std::min(all.find(" %"), all.size()));
  at_ = word.column - 1 + text.size();
  word.text = text.substr(0, text.find_last_not_of(kArffBlanks) + 1);
  return word;
}

ArffWord ArffCursor::quoted() {
  ArffWord word{{}, column(), true};
  const char quote = line_[at_++];
  while (at_ < line_.size() && line_[at_] != quote) {
    const char c = line_[at_++];
    word.text += c == '\\' ? escaped() : c;
  }
  if (at_ == line_.size()) {
    throw ArffFault{word.column,
                    fmt::format("a quote that is not closed, expected {} before the line ends", quote)};
  }
  ++at_;
  return word;
}

char ArffCursor::escaped() {
  if (at_ == line_.size()) throw ArffFault{at_, "the line ends in an escape, expected a character behind it"};
  const char c = line_[at_++];
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;  // itself: quotes, the backslash, % and what else is escaped without need
  }
}

void ArffCursor::expect_end() {
  if (at_end()) return;
  throw ArffFault{column(), fmt::format("{}, expected the line to end", quoted_cell(line_.substr(at_)))};
}

}  // namespace triage
