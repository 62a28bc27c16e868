// `triage zoo`: what can be done with zoo manifests.
#include "cli/cmd_zoo.h"

#include <fmt/format.h>

#include <algorithm>

namespace triage::cli {

void add_zoo(CLI::App& app, Session& session) {
  CLI::App* zoo = app.add_subcommand("zoo", "Lists, checks, builds and extends zoos of models");
  zoo->require_subcommand(1);
  add_zoo_list(*zoo, session);
  add_zoo_verify(*zoo, session);
  add_zoo_add(*zoo, session);
  add_zoo_build(*zoo, session);
  add_zoo_variants(*zoo, session);
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text;
  for (const std::int64_t dimension : shape) {
    if (!text.empty()) text += 'x';
    text += dimension < 0 ? "?" : fmt::to_string(dimension);
  }
  return text;
}

void TextTable::print() const {
  std::vector<std::size_t> widths(rows_.front().size());
  for (const auto& row : rows_) {
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
  }
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      line += c == 0 ? fmt::format("{:<{}}", row[c], widths[c]) : fmt::format("  {:>{}}", row[c], widths[c]);
    }
    fmt::print("{}\n", line);
  }
}

}  // namespace triage::cli
