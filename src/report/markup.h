// A small builder for HTML and SVG. Text becomes Markup only through text() and attributes through element(),
// which escape it, so that no name from a profile can break out of the page.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace triage {

// A well-formed piece of a page.
struct Markup {
  std::string html;
  Markup& operator+=(const Markup& other) {
    html += other.html;
    return *this;
  }
  friend Markup operator+(Markup a, const Markup& b) { return a += b; }
  [[nodiscard]] bool empty() const { return html.empty(); }
};

using Attributes = std::vector<std::pair<std::string_view, std::string>>;

// Escapes & < > " '; control characters other than tab and line feed become U+FFFD.
[[nodiscard]] Markup text(std::string_view plain);
// <name attributes>inner</name>, or <name attributes/> for SVG shapes and void elements without content.
[[nodiscard]] Markup element(std::string_view name, const Attributes& attributes, const Markup& inner);
[[nodiscard]] Markup element(std::string_view name, const Attributes& attributes = {});
// With plain text inside.
[[nodiscard]] Markup element_text(std::string_view name, const Attributes& attributes,
                                  std::string_view plain);

// A coordinate, with at most two decimals.
[[nodiscard]] std::string number(double value);

// A table; cells are plain text. The first column is a row header; others are right-aligned figures unless
// they are listed in `text_columns`.
struct TableSpec {
  std::string caption;
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::size_t> text_columns;
  std::vector<std::size_t> strong_rows;
  bool wrap_names = false;  // break long row headers
};
[[nodiscard]] Markup html_table(const TableSpec& table);

}  // namespace triage
