#include "base/csv.h"

namespace triage {

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string field(1, '"');
  for (const char c : text) {
    if (c == '"') field += c;
    field += c;
  }
  field += '"';
  return field;
}

std::string csv_line(std::span<const std::string> texts) {
  std::string line;
  for (const std::string& text : texts) line += csv_field(text) + ',';
  if (!line.empty()) line.pop_back();
  return line + '\n';
}

std::optional<std::vector<std::string>> split_csv_line(std::string_view line, char separator) {
  std::vector<std::string> texts(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') {
      if (quoted && i + 1 < line.size() && line[i + 1] == '"') {
        texts.back() += line[i++];
      } else {
        quoted = !quoted;
      }
    } else if (line[i] == separator && !quoted) {
      texts.emplace_back();
    } else {
      std::size_t end = i + 1;
      while (end < line.size() && line[end] != '"' && line[end] != separator) ++end;
      texts.back().append(line.substr(i, end - i));
      i = end - 1;
    }
  }
  if (quoted) return std::nullopt;
  return texts;
}

}  // namespace triage
