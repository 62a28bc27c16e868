// The study as Markdown, for a repository: every table, no pictures.
#include <fmt/format.h>

#include "report/study_page.h"

namespace triage {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '<' || c == '*' || c == '_' || c == '`') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string markdown_table(const DataTable& table) {
  std::string out = "|", rule = "|";
  for (const Column& column : table.columns) {
    out += fmt::format(" {} |", escaped(column.name));
    rule += "---|";
  }
  out += "\n" + rule + "\n";
  for (const auto& row : table.rows) {
    out += "|";
    for (std::size_t c = 0; c < row.size(); ++c)
      out += fmt::format(" {} |", escaped(cell_text(row[c], table.columns[c])));
    out += "\n";
  }
  return out + "\n";
}

std::string list_of(const std::vector<std::string>& sentences) {
  std::string out;
  for (const std::string& sentence : sentences) out += fmt::format("- {}\n", escaped(sentence));
  return out + "\n";
}

}  // namespace

std::string study_markdown(const Study& study, const ReportInfo& info) {
  std::string out =
      fmt::format("# {}\n\n{}\n\nMade by `{}`, triage {}, on {}.\n\n", study.title, escaped(study.verdict),
                  info.command, info.version, escaped(study.evaluation.machine));
  out += "## What was found\n\n" + list_of(study.findings);
  for (const Exhibit& exhibit : study.exhibits) {
    out += fmt::format("## {}\n\n", escaped(exhibit.title));
    if (!exhibit.about.empty()) out += escaped(exhibit.about) + "\n\n";
    if (!exhibit.paper.empty()) out += fmt::format("- Paper: {}\n", escaped(exhibit.paper));
    if (!exhibit.ours.empty()) out += fmt::format("- Here: {}\n", escaped(exhibit.ours));
    out += fmt::format("- Verdict: {}\n\n", escaped(exhibit.verdict));
    if (!exhibit.data.rows.empty()) out += markdown_table(exhibit.data);
  }
  if (!study.contradictions.empty()) {
    out += "## Where the paper disagrees with itself\n\n" + list_of(study.contradictions);
  }
  while (out.ends_with("\n\n")) out.pop_back();
  return out;
}

}  // namespace triage
