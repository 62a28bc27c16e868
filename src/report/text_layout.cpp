#include "report/text_layout.h"

#include <fmt/format.h>

#include <algorithm>

namespace triage {
namespace {

constexpr std::size_t kWidth = 110;

}  // namespace

std::string align(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      line += c == 0 ? fmt::format("{:<{}}", row[c], widths[c]) : fmt::format("  {:>{}}", row[c], widths[c]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

std::string comma(std::string_view unit) { return unit.empty() ? "" : fmt::format(", {}", unit); }

std::string wrap(std::string_view plain, std::string_view first, std::string_view next) {
  std::string out(first);
  std::size_t column = first.size();
  bool at_start = true;
  while (!plain.empty()) {
    const std::string_view word = plain.substr(0, plain.find(' '));
    plain.remove_prefix(std::min(plain.size(), word.size() + 1));
    if (!at_start && column + 1 + word.size() > kWidth) {
      out += "\n";
      out += next;
      column = next.size();
      at_start = true;
    }
    if (!at_start) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    at_start = false;
  }
  return out + "\n";
}

}  // namespace triage
