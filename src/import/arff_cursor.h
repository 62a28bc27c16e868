// One line of ARFF, from its beginning to its end: blanks, words, quoted words.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace triage {

// What is wrong in a line, and where.
struct ArffFault {
  std::size_t column = 0;  // from 1
  std::string what;        // "'x', expected a number"
};

struct ArffWord {
  std::string text;        // without quotes and escapes
  std::size_t column = 0;  // where it begins, from 1
  bool is_quoted = false;
};

class ArffCursor {
 public:
  explicit ArffCursor(std::string_view line) : line_(line) {}

  [[nodiscard]] std::size_t column() const { return at_ + 1; }
  // Past blanks, the end included, which a comment is too.
  [[nodiscard]] bool at_end();
  // Past blanks; whether this stands there, which is passed too.
  [[nodiscard]] bool take(char c);
  // A word up to a blank or one of `ends`, or a quoted one. Throws ArffFault where there is none, for a quote
  // that is not closed and for an escape that is none.
  [[nodiscard]] ArffWord word(std::string_view ends, std::string_view expected);
  // A value of a dense row, which may hold blanks without quotes, as others write it.
  [[nodiscard]] ArffWord value(std::string_view ends);
  // Throws ArffFault where something else is left.
  void expect_end();

 private:
  void skip_blanks();
  [[nodiscard]] ArffWord quoted();
  [[nodiscard]] char escaped();

  std::string_view line_;
  std::size_t at_ = 0;
};

// Whether two words are the same but for the case of letters.
[[nodiscard]] bool same_word(std::string_view a, std::string_view lower);

}  // namespace triage
