// Class names of a labels file.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/files.h"
#include "triage/error.h"
#include "triage/zoo.h"

namespace triage {
namespace {

constexpr std::uint64_t kMaxLabelsBytes = std::uint64_t{16} << 20;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Length of a leading "n01440764" with a blank or tab behind it, 0 when there is none.
std::size_t wordnet_prefix(std::string_view line) {
  constexpr std::size_t kDigits = 8;
  if (line.size() < kDigits + 3 || line[0] != 'n' || (line[kDigits + 1] != ' ' && line[kDigits + 1] != '\t'))
    return 0;
  return std::all_of(line.begin() + 1, line.begin() + 1 + kDigits, is_digit) ? kDigits + 1 : 0;
}

}  // namespace

LabelNames read_label_names(const std::filesystem::path& path) {
  const std::string text = read_text(path, kMaxLabelsBytes);
  LabelNames labels;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    const std::size_t n = wordnet_prefix(line);
    labels.ids.emplace_back(line.substr(0, n));
    line.remove_prefix(n == 0 ? 0 : n + 1);
    labels.names.emplace_back(line);
  }
  auto& names = labels.names;
  while (!names.empty() && names.back().empty()) names.pop_back();
  const auto empty = std::find(names.begin(), names.end(), "");
  if (names.empty() || empty != names.end()) {
    throw Error(ErrorCode::kManifest,
                fmt::format("{}: line {} is empty, expected one class name a line; correct the labels file",
                            path.string(), empty - names.begin() + 1));
  }
  labels.ids.resize(names.size());
  const bool any =
      std::any_of(labels.ids.begin(), labels.ids.end(), [](const std::string& id) { return !id.empty(); });
  if (!any) labels.ids.clear();
  return labels;
}

}  // namespace triage
