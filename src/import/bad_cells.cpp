#include "import/bad_cells.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "triage/error.h"

namespace triage {
namespace {

constexpr std::size_t kShown = 20;
constexpr std::size_t kLongest = 60;  // characters of a cell in a message

}  // namespace

std::string quoted_cell(std::string_view text) {
  std::string shown;
  for (const char c : text.substr(0, kLongest)) {
    shown += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  }
  return fmt::format("'{}'{}", shown, text.size() > kLongest ? "..." : "");
}

void BadCells::add(std::size_t line, std::string_view column, const std::string& what) {
  add_text(fmt::format("line {}, column {}: {}", line, quoted_cell(column), what));
}

void BadCells::add(std::size_t line, const std::string& what) {
  add_text(fmt::format("line {}: {}", line, what));
}

void BadCells::add_at(std::size_t line, std::size_t column, const std::string& what) {
  add_text(fmt::format("line {}, column {}: {}", line, column, what));
}

void BadCells::add_text(std::string text) {
  if (++count_ <= kShown) shown_.push_back(std::move(text));
}

void BadCells::throw_if_any() const {
  if (count_ == 0) return;
  const std::size_t more = count_ - shown_.size();
  throw Error(ErrorCode::kData, fmt::format("{}: {}{}; nothing is imported", file_, fmt::join(shown_, "; "),
                                            more > 0 ? fmt::format("; and {} more", more) : ""));
}

}  // namespace triage
