#include "data/label_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/csv.h"
#include "base/files.h"
#include "triage/error.h"

namespace triage {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxCsvBytes = std::uint64_t{1} << 30;

struct CsvLine {
  const fs::path* csv;
  std::size_t number;  // 1-based
  [[nodiscard]] Error error(std::string_view found, std::string_view expected) const {
    return {ErrorCode::kData,
            fmt::format("{}:{}: {}, expected {}; correct the line", csv->string(), number, found, expected)};
  }
};

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string> split(std::string_view text, const CsvLine& line) {
  auto fields = split_csv_line(text);
  if (!fields) throw line.error("a quote is not closed", "file,label");
  for (std::string& field : *fields) field = std::string(trim(field));
  return std::move(*fields);
}

bool starts_like_number(std::string_view text) {
  return !text.empty() && (text[0] == '-' || text[0] == '+' || (text[0] >= '0' && text[0] <= '9'));
}

Label parse_label(std::string_view text, bool require_labels, const CsvLine& line) {
  if (text.empty() && !require_labels) return kNoLabel;
  Label label = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), label);
  if (error != std::errc() || end != text.data() + text.size() || label < 0) {
    throw line.error(fmt::format("label '{}'", text),
                     fmt::format("a class id from 0 to {}", std::numeric_limits<Label>::max()));
  }
  return label;
}

std::string parse_file(const std::string& text, const CsvLine& line) {
  if (text.empty()) throw line.error("the file name is empty", "file,label");
  if (text.find('\0') != std::string::npos) throw line.error("the file name holds a zero byte", "file,label");
  const fs::path path(text);
  if (path.is_absolute())
    throw line.error(fmt::format("file '{}' is absolute", text), "a path in the data folder");
  return path.lexically_normal().generic_string();
}

}  // namespace

std::vector<CsvRow> read_label_csv(const fs::path& path, bool require_labels) {
  const std::string text = read_text(path, kMaxCsvBytes);
  std::string_view rest = text;
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
  std::vector<CsvRow> rows;
  std::unordered_map<std::string, std::size_t> line_of;
  for (CsvLine line{&path, 1}; !rest.empty(); ++line.number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view content = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (content.ends_with('\r')) content.remove_suffix(1);
    if (trim(content).empty()) continue;
    const std::vector<std::string> fields = split(content, line);
    if (fields.size() != 2) throw line.error(fmt::format("{} fields", fields.size()), "2 (file,label)");
    if (line.number == 1 && fields[0] == "file" && !starts_like_number(fields[1])) continue;
    CsvRow row{parse_file(fields[0], line), parse_label(fields[1], require_labels, line)};
    const auto [seen, is_new] = line_of.emplace(row.file, line.number);
    if (!is_new)
      throw line.error(fmt::format("file '{}' again", row.file),
                       fmt::format("it once (line {})", seen->second));
    rows.push_back(std::move(row));
  }
  if (rows.empty()) {
    throw Error(ErrorCode::kData,
                fmt::format("{}: no rows, expected lines file,label; fill it in", path.string()));
  }
  return rows;
}

}  // namespace triage
