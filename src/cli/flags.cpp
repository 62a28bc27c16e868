#include "cli/flags.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace triage::cli {
namespace {

// Fields and functions whose flags have other names.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kOtherNames{
    {{"label_by_model", "--labels from:MODEL"}, {"label_names", "--names"}}};

bool any_has(const CLI::App& app, const std::string& flag) {
  if (app.get_option_no_throw(flag) != nullptr) return true;
  const auto commands = app.get_subcommands([](const CLI::App*) { return true; });
  return std::any_of(commands.begin(), commands.end(),
                     [&](const CLI::App* command) { return any_has(*command, flag); });
}

// Empty when there is none.
std::string flag_of(std::string_view field, const CLI::App& app) {
  for (const auto& [name, flag] : kOtherNames) {
    if (name == field) return std::string(flag);
  }
  std::string flag = "--" + std::string(field);
  std::replace(flag.begin(), flag.end(), '_', '-');
  return any_has(app, flag) ? flag : std::string();
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Whether text[start, end) stands alone: not quoted, no part of a path, a flag or a file name.
bool stands_alone(std::string_view text, std::size_t start, std::size_t end) {
  constexpr std::string_view kJoins = "/\\.-'\"";
  if (start > 0 && kJoins.find(text[start - 1]) != std::string_view::npos) return false;
  if (end == text.size() || kJoins.find(text[end]) == std::string_view::npos) return true;
  return text[end] == '.' && (end + 1 == text.size() || text[end + 1] == ' ');
}

std::size_t end_of_word(std::string_view text, std::size_t at) {
  while (at < text.size() && is_word(text[at])) ++at;
  return at;
}

}  // namespace

std::string with_flags(std::string_view message, const CLI::App& app) {
  std::string out;
  for (std::size_t at = 0; at < message.size();) {
    const bool quoted = message[at] == '`';
    const std::size_t start = quoted ? at + 1 : at;
    const std::size_t end = end_of_word(message, start);
    const std::string_view word = message.substr(start, end - start);
    const bool is_field = quoted ? end < message.size() && message[end] == '`'
                                 : word.find('_') != std::string_view::npos && stands_alone(message, at, end);
    const std::string flag = is_field && !word.empty() ? flag_of(word, app) : std::string();
    const std::size_t next = quoted && is_field ? end + 1 : std::max(end, at + 1);
    out += flag.empty() ? std::string(message.substr(at, next - at)) : flag;
    at = next;
  }
  return out;
}

}  // namespace triage::cli
