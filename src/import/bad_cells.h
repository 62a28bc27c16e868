// What is wrong in a file, each with its place: collected, and thrown together.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace triage {

class BadCells {
 public:
  explicit BadCells(std::string file) : file_(std::move(file)) {}

  // "line 7, column 'gpt-4:score': 'x', expected a number".
  void add(std::size_t line, std::string_view column, const std::string& what);
  void add(std::size_t line, const std::string& what);
  // By the number of the character at which it begins, from 1.
  void add_at(std::size_t line, std::size_t column, const std::string& what);
  // Throws kData, naming the first of them, where there are any.
  void throw_if_any() const;

 private:
  void add_text(std::string text);

  std::string file_;
  std::vector<std::string> shown_;
  std::size_t count_ = 0;
};

// A text in a message: quoted, and cut where it is long.
[[nodiscard]] std::string quoted_cell(std::string_view text);

}  // namespace triage
